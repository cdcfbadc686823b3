package correlate

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect/flow"
)

// sessions names what a stack makes, by its lowest layer, where the field has a
// word for it.
var sessions = map[string]string{"nbss": "NetBIOS session"}

// name is how the sentences call the port.
func (s *scene) name() string { return fmt.Sprintf("%d/%s", s.port.Key.Port, s.port.Key.Transport) }

func (s *scene) whyPhantom() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is no service. ", s.name())
	refusal := s.refusal()
	if len(s.outgoing) == 0 {
		fmt.Fprintf(&b, "The %s%s is a phantom: %s.", s.row(), heldBy(&s.port.Owner), refusal)
		return b.String()
	}
	fmt.Fprintf(&b, "It is the local end of %s%s; the %s is a phantom", s.connections(), openedBy(&s.port.Owner), s.row())
	if refusal != "" {
		fmt.Fprintf(&b, ", and %s", refusal)
	}
	b.WriteByte('.')
	return b.String()
}

func (s *scene) whySuspected() string {
	server := s.registry.Names(s.port.Key.Transport, s.established.Remote.Port())[0]
	return fmt.Sprintf("%s is probably no service. It is listed as LISTENING%s and also as the local end of a connection to %s, %s%s%s; a capture would prove it.",
		s.name(), lineOf(s.listening), s.established.Remote, server, lineOf(s.established), openedBy(&s.port.Owner))
}

// lineOf points to a row of a listing; rows of a live table have no line.
func lineOf(c *claims.Claim) string {
	if c.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", c.Line)
}

func (s *scene) whyClient() string {
	said := "nobody says that it listens"
	if s.listening != nil { // a datagram socket: bound, and used to ask only
		said = "it is bound, and was only seen to ask"
	} else if refusal := s.refusal(); refusal != "" {
		said += ", and " + refusal
	}
	return fmt.Sprintf("%s is the local end of %s%s; %s.", s.name(), s.connections(), openedBy(&s.port.Owner), said)
}

func (s *scene) whySilent() string {
	switch {
	case len(s.served) > 0:
		return fmt.Sprintf("%s accepts connections%s, and no payload was seen.", s.name(), heldBy(&s.port.Owner))
	case len(s.port.Observations) > 0:
		return fmt.Sprintf("%s is listed (%s)%s, but nothing was answered, and no payload was seen.", s.name(), s.row(), heldBy(&s.port.Owner))
	default:
		return fmt.Sprintf("%s is listed (%s)%s, and no packet of it was seen.", s.name(), s.row(), heldBy(&s.port.Owner))
	}
}

// whyMute: clients spoke, the server did not.
func (s *scene) whyMute(asked []*Observation) string {
	return fmt.Sprintf("%s accepts connections%s and said nothing; that clients spoke %s to it does not make it the port's protocol.",
		s.name(), heldBy(&s.port.Owner), stacks(asked))
}

func (s *scene) whyNone() string {
	if refusal := s.refusal(); refusal != "" {
		return fmt.Sprintf("Nobody says that %s listens, and %s.", s.name(), refusal)
	}
	return fmt.Sprintf("Nobody says that %s listens, and nothing answered there.", s.name())
}

func (s *scene) whyUnidentified() string {
	var sent uint64
	for _, o := range s.served {
		sent += o.payload()
	}
	return fmt.Sprintf("%s carried %d bytes of payload in %s%s, and no signature matched%s.",
		s.name(), sent, plural(s.opaque, "flow"), heldBy(&s.port.Owner), s.registeredAside())
}

func (s *scene) whyUnregistered() string {
	return fmt.Sprintf("%s speaks %s%s%s, and nobody names this port.",
		s.name(), stacks(s.identified), grade(s.identified), heldBy(&s.port.Owner))
}

func (s *scene) whyConfirmed(c comparison) string {
	said := ""
	switch {
	case s.port.Expect != "":
		said = fmt.Sprintf("as expected (%s)", s.port.Expect)
	case s.registryNames(c.agreeing[0].Protocols) != "":
		said = fmt.Sprintf("as registered (%s)", s.registryNames(c.agreeing[0].Protocols))
	default:
		said = "as the listing says"
	}
	rest := ""
	if n := flows(c.likely) + flows(c.clientOnly); n > 0 {
		rest += fmt.Sprintf("; %s looked like something else, without proof", plural(n, "flow"))
	}
	if s.opaque > 0 {
		rest += fmt.Sprintf("; %s matched no signature", plural(s.opaque, "flow"))
	}
	return fmt.Sprintf("%s speaks %s%s, %s%s%s.", s.name(), stacks(c.agreeing), grade(c.agreeing), said, heldBy(&s.port.Owner), rest)
}

func (s *scene) whyMismatch(others, agreeing []*Observation) string {
	also := ""
	if len(agreeing) > 0 {
		also = fmt.Sprintf("; %s did speak %s", plural(flows(agreeing), "flow"), stacks(agreeing))
	}
	return fmt.Sprintf("%s is %s, but it speaks %s%s%s%s%s.",
		s.name(), s.saidToBe(), stacks(others), grade(others), heldBy(&s.port.Owner), also, s.unmapped())
}

// saidToBe is what the port should have spoken, and by whose word.
func (s *scene) saidToBe() string {
	switch stack := s.claimedStack(); {
	case s.port.Expect != "":
		return "expected to speak " + s.port.Expect
	case len(s.port.Registered) == 0:
		return "listed as " + strings.Join(stack, ", ")
	case len(stack) > 0:
		return fmt.Sprintf("registered as %s and listed as %s", strings.Join(s.port.Registered, ", "), strings.Join(stack, ", "))
	default:
		return "registered as " + strings.Join(s.port.Registered, ", ")
	}
}

// unmapped admits that no registered name tells a protocol.
func (s *scene) unmapped() string {
	if s.port.Expect != "" || len(s.port.Registered) == 0 {
		return ""
	}
	for _, name := range s.port.Registered {
		if s.registry.Protocols(name) != nil {
			return ""
		}
	}
	return fmt.Sprintf(" (what %s speaks is not on record)", s.port.Registered[0])
}

func (s *scene) registeredAside() string {
	if len(s.port.Registered) == 0 {
		return ""
	}
	return fmt.Sprintf("; the port is registered as %s", strings.Join(s.port.Registered, ", "))
}

// registryNames are the registered names that stand for a stack.
func (s *scene) registryNames(stack []string) string {
	var names []string
	for _, name := range s.port.Registered {
		if s.registry.Carries(name, stack) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// row calls the row that has the port listening by its state.
func (s *scene) row() string {
	state := s.listening.State
	if state == "" {
		state = "socket"
	}
	return state + " row"
}

// refusal tells of refused connections; "" when there were none.
func (s *scene) refusal() string {
	n := flows(s.refused)
	if n == 0 {
		return ""
	}
	what := "a connection to it was refused"
	switch {
	case !s.stream() && n == 1:
		what = "a datagram to it was refused"
	case !s.stream():
		what = fmt.Sprintf("%d exchanges with it were refused", n)
	case n > 1:
		what = fmt.Sprintf("%d connections to it were refused", n)
	}
	return what + packets(s.refused[0].Refusals)
}

// packets lists packet numbers in parentheses.
func packets(numbers []uint64) string {
	if len(numbers) == 0 {
		return ""
	}
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = fmt.Sprint(n)
	}
	noun := "packets"
	if len(numbers) == 1 {
		noun = "packet"
	}
	return fmt.Sprintf(" (%s %s)", noun, enumerate(words))
}

// connections describes what the port opened: "a NetBIOS session (nbss, smb) to
// 192.168.0.54:139".
func (s *scene) connections() string {
	first := s.outgoing[0]
	noun := "connection"
	if !s.stream() {
		noun = "exchange"
	}
	label := ""
	if len(first.Protocols) > 0 {
		if word := sessions[first.Protocols[0]]; word != "" {
			noun = word
		}
		label = " (" + stacks(s.outgoing) + ")"
	}
	if n := flows(s.outgoing); n > 1 {
		noun = fmt.Sprintf("%d outgoing %ss", n, noun)
	} else {
		noun = article(noun) + " " + noun
	}
	return noun + label + " to " + peers(s.outgoing)
}

// peers lists the first other ends.
func peers(group []*Observation) string {
	var words []string
	seen := map[netip.AddrPort]bool{}
	for _, o := range group {
		for _, peer := range o.Peers {
			if !seen[peer] {
				seen[peer] = true
				words = append(words, peer.String())
			}
		}
	}
	if len(words) > maxPeers {
		words = append(words[:maxPeers], "others")
	}
	return enumerate(words)
}

// stacks lists the labels of a group: "nbss, smb" or "http; tls, http2".
func stacks(group []*Observation) string {
	var words []string
	seen := map[string]bool{}
	for _, o := range group {
		word := strings.Join(o.Protocols, ", ")
		if word != "" && !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return strings.Join(words, "; ")
}

// grade qualifies a label that is not certain.
func grade(group []*Observation) string {
	for _, o := range group {
		switch o.Confidence {
		case "certain":
			return ""
		case "declared", "expected":
			if !o.certain() {
				return " (" + o.Confidence + ", not proved)"
			}
			return ""
		}
	}
	if group[0].Payload[flow.FromServer] == 0 {
		return " (likely; only the clients' bytes were seen)"
	}
	return " (likely)"
}

func heldBy(o *owner.Owner) string   { return byOwner(o, ", held by ") }
func openedBy(o *owner.Owner) string { return byOwner(o, ", opened by ") }

// byOwner names the process behind the port after words; "" when not known.
func byOwner(o *owner.Owner, words string) string {
	if !o.Known() {
		return ""
	}
	var b strings.Builder
	b.WriteString(words)
	if o.PID != 0 {
		fmt.Fprintf(&b, "PID %d", o.PID)
		if o.Name != "" {
			b.WriteByte(' ')
		}
	}
	b.WriteString(o.Name)
	switch {
	case len(o.Services) > 0:
		fmt.Fprintf(&b, " (%s)", strings.Join(o.Services, ", "))
	case o.Unit != "":
		fmt.Fprintf(&b, " (%s)", o.Unit)
	case o.Container != "":
		fmt.Fprintf(&b, " (container %s)", o.Container)
	}
	return b.String()
}

func flows(group []*Observation) int {
	n := 0
	for _, o := range group {
		n += o.Flows
	}
	return n
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an"
	}
	return "a"
}

// enumerate joins words as in "a, b and c".
func enumerate(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
