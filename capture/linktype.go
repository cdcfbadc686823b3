package capture

// LinkType is a link-layer header type as numbered in capture files
// (https://www.tcpdump.org/linktypes.html). It has 16 bits: values above 255
// exist (SLL2).
type LinkType uint16

// The link types that the header decoder opens.
const (
	LinkNull      LinkType = 0   // BSD loopback, host byte order
	LinkEthernet  LinkType = 1   // IEEE 802.3
	LinkPPP       LinkType = 9   // PPP, HDLC framing or not
	LinkPPPHDLC   LinkType = 50  // PPP in HDLC-like framing, RFC 1662
	LinkPPPoE     LinkType = 51  // PPPoE session
	LinkRawDLT    LinkType = 12  // raw IP as DLT_RAW on most systems
	LinkRawBSD    LinkType = 14  // raw IP as DLT_RAW on OpenBSD
	LinkRaw       LinkType = 101 // raw IP, version nibble decides
	LinkCHDLC     LinkType = 104 // Cisco HDLC
	Link80211     LinkType = 105 // IEEE 802.11
	LinkLoop      LinkType = 108 // OpenBSD loopback, network byte order
	LinkSLL       LinkType = 113 // Linux cooked capture v1
	LinkRadiotap  LinkType = 127 // radiotap, then IEEE 802.11
	LinkIPv4      LinkType = 228 // raw IPv4
	LinkIPv6      LinkType = 229 // raw IPv6
	LinkPKTAP     LinkType = 258 // Apple PKTAP (LINKTYPE_PKTAP; DLT_USER2 = 149 on older macOS)
	LinkPKTAPUser LinkType = 149
	LinkSLL2      LinkType = 276 // Linux cooked capture v2
)
