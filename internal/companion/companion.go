// Package companion starts this program a second time, for what the process that
// parses packets has no privileges for. The two talk through a socket pair, and the
// companion ends when the one that started it does, at whatever moment.
package companion
