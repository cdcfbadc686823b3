package owner

// tcpStates are the words of netstat for the states of include/net/tcp_states.h.
var tcpStates = [...]string{
	1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECEIVED", 4: "FIN_WAIT_1", 5: "FIN_WAIT_2", 6: "TIME_WAIT",
	7: "CLOSED", 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTENING", 11: "CLOSING", 12: "SYN_RECEIVED", 13: "CLOSED",
}

// stateWord is "" for a transport without states.
func stateWord(transport string, state uint8) string {
	if transport != "tcp" || int(state) >= len(tcpStates) {
		return ""
	}
	return tcpStates[state]
}
