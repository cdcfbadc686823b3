package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"

	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	keyLen    = 16
	nonceLen  = 12
	tagLen    = 16
	sampleLen = 16
)

// keys protect the Initial packets of one direction in one version, RFC 9001 §5.
type keys struct {
	version uint32 // 0: not made yet
	payload cipher.Block
	sealed  cipher.AEAD
	nonce   []byte
	header  cipher.Block
}

// initialKeys derives a direction's keys from the connection id to which the
// client sent its first packet, RFC 9001 §5.2. Anyone who saw it can.
func (v *version) initialKeys(id []byte, from flow.Direction) (keys, error) {
	secret, err := hkdf.Extract(sha256.New, id, []byte(v.salt))
	if err != nil {
		return keys{}, err
	}
	label := "client in"
	if from == flow.FromServer {
		label = "server in"
	}
	if secret, err = expand(secret, label, sha256.Size); err != nil {
		return keys{}, err
	}
	k := keys{version: v.number}
	if k.payload, err = expandBlock(secret, v.label+"key"); err != nil {
		return keys{}, err
	}
	if k.header, err = expandBlock(secret, v.label+"hp"); err != nil {
		return keys{}, err
	}
	if k.nonce, err = expand(secret, v.label+"iv", nonceLen); err != nil {
		return keys{}, err
	}
	k.sealed, err = cipher.NewGCM(k.payload)
	return k, err
}

func expandBlock(secret []byte, label string) (cipher.Block, error) {
	key, err := expand(secret, label, keyLen)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(key)
}

// expand is HKDF-Expand-Label with an empty context, RFC 8446 §7.1.
func expand(secret []byte, label string, n int) ([]byte, error) {
	const prefix = "tls13 "
	info := make([]byte, 0, 4+len(prefix)+len(label))
	info = binary.BigEndian.AppendUint16(info, uint16(n))
	info = append(info, byte(len(prefix)+len(label)))
	info = append(append(info, prefix...), label...)
	info = append(info, 0)
	return hkdf.Expand(sha256.New, secret, string(info), n)
}

// open removes the protection of a packet whose packet number is at offset at.
// Packet numbers are taken as they stand: those of Initial packets are small.
// The packet is not changed.
func (k *keys) open(packet []byte, at int) (payload []byte, ok bool) {
	head, nonce, ok := k.unmask(packet, at)
	if !ok {
		return nil, false
	}
	payload, err := k.sealed.Open(nil, nonce, packet[len(head):], head)
	return payload, err == nil
}

// peek decrypts the head of a packet of which the rest, and with it the proof
// that the keys are right, was not captured.
func (k *keys) peek(packet []byte, at int) (payload []byte, ok bool) {
	head, nonce, ok := k.unmask(packet, at)
	if !ok {
		return nil, false
	}
	payload = make([]byte, len(packet)-len(head))
	// GCM encrypts with the counter from 2 on, NIST SP 800-38D §7.1.
	counter := append(nonce, 0, 0, 0, 2)
	cipher.NewCTR(k.payload, counter).XORKeyStream(payload, packet[len(head):])
	return payload, true
}

// unmask returns the header without its protection, RFC 9001 §5.4, and the
// nonce for the payload, RFC 9001 §5.3.
func (k *keys) unmask(packet []byte, at int) (head, nonce []byte, ok bool) {
	if len(packet) < at+4+sampleLen {
		return nil, nil, false
	}
	var mask [aes.BlockSize]byte
	k.header.Encrypt(mask[:], packet[at+4:at+4+sampleLen])
	first := packet[0] ^ mask[0]&0x0f
	n := int(first&3) + 1
	head = append([]byte(nil), packet[:at+n]...)
	head[0] = first
	nonce = append(make([]byte, 0, nonceLen+4), k.nonce...)
	for i := range n {
		head[at+i] ^= mask[1+i]
		nonce[nonceLen-n+i] ^= head[at+i]
	}
	return head, nonce, true
}

// retryTag checks the integrity tag of a Retry packet, RFC 9001 §5.8, against
// the connection id to which the client sent its first packet.
func (v *version) retryTag(id, packet []byte) bool {
	if len(packet) < tagLen {
		return false
	}
	block, err := aes.NewCipher([]byte(v.retryKey))
	if err != nil {
		return false
	}
	sealed, err := cipher.NewGCM(block)
	if err != nil {
		return false
	}
	body := packet[:len(packet)-tagLen]
	pseudo := make([]byte, 0, 1+len(id)+len(body))
	pseudo = append(pseudo, byte(len(id)))
	pseudo = append(append(pseudo, id...), body...)
	tag := sealed.Seal(nil, []byte(v.retryNonce), nil, pseudo)
	return subtle.ConstantTimeCompare(tag, packet[len(body):]) == 1
}
