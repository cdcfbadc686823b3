// Package livetest proves sniffid live: real servers on odd ports, a real
// client's first exchange, and the real binary in between, which has one second
// to name protocol and process.
//
// Everything happens in two network namespaces of the test's own, joined by a
// cable. See README.md for what the test needs and how it is started.
package livetest
