// Package pipeline wires the stages of identification: packets from a source,
// header decoding, flow tracking, sessions of the engine, owners and verdicts.
package pipeline
