package correlate

// Kind is the kind of a verdict.
type Kind string

// The verdicts.
const (
	// None: nobody says that the port serves, and nothing shows that it does.
	None Kind = ""
	// Confirmed: what was observed is what the registry, the claim or the user
	// names for the port.
	Confirmed Kind = "confirmed"
	// Mismatch: something else was observed.
	Mismatch Kind = "mismatch"
	// Unregistered: observed, and nobody names this port.
	Unregistered Kind = "unregistered"
	// Phantom: claimed or listed as listening, but it refused a connection, or
	// all its traffic is that of the local end of outgoing connections.
	Phantom Kind = "phantom"
	// ClientEnd: nobody says it listens; it is the local end of outgoing
	// connections.
	ClientEnd Kind = "client"
	// Silent: it listens, and no payload was seen.
	Silent Kind = "silent"
	// Unidentified: payload was seen, and no signature matched.
	Unidentified Kind = "unidentified"
)

// Answer is what became of an expectation.
type Answer string

// The answers.
const (
	NotAsked Answer = ""
	Met      Answer = "met"    // the expected protocol was seen
	Unmet    Answer = "unmet"  // payload was seen, and it is not the expected protocol
	Unseen   Answer = "unseen" // no payload was seen
)

// Fact is one piece of a verdict's evidence.
type Fact struct {
	// Source is who says it: "wire", "claim", "registry", "owner", "expect".
	Source string `json:"source"`
	// Text says it in words.
	Text string `json:"text"`
	// Protocol, Signature and Packets are set where the wire says it; Packets
	// are numbers of the capture.
	Protocol  string   `json:"protocol,omitempty"`
	Signature string   `json:"signature,omitempty"`
	Packets   []uint64 `json:"packets,omitempty"`
	// File and Line point into the listing where a claim says it.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Verdict is the answer about one port.
type Verdict struct {
	Kind     Kind   `json:"verdict,omitempty"`
	Role     Role   `json:"role,omitempty"`
	Why      string `json:"why"` // one sentence, or two, that a person understands
	Evidence []Fact `json:"evidence"`
	// Findings are what is odd besides.
	Findings []Finding `json:"findings,omitempty"`
	// Suspected says that only the listing, not the wire, shows the phantom.
	Suspected bool `json:"suspected,omitempty"`
	// Expect is what became of the user's expectation.
	Expect Answer `json:"expect,omitempty"`
}

// Contradicted reports whether the verdict contradicts what was declared: the
// exit status of a question about the port depends on it.
func (v *Verdict) Contradicted() bool { return v.Kind == Mismatch || v.Kind == Phantom }
