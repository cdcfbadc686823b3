//go:build cgo && !windows

package live

/*
#cgo LDFLAGS: -lpcap
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <pcap.h>

// A packet of a batch, one behind the other in the batch's memory.
struct packet {
	long long seconds, fraction;
	unsigned int captured, length;
};

struct batch {
	pcap_t *pcap;
	unsigned char *data;
	size_t room, largest; // bytes left, and of the largest packet
	struct packet *packets;
	int count;
};

static void take(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes) {
	struct batch *b = (struct batch *)user;
	size_t n = h->caplen < b->room ? h->caplen : b->room;
	memcpy(b->data, bytes, n);
	b->data += n;
	b->room -= n;
	b->packets[b->count++] = (struct packet){h->ts.tv_sec, h->ts.tv_usec, n, h->len};
	if (b->room < b->largest)
		pcap_breakloop(b->pcap);
}

// gather takes what packets there are, or those that come within so many milliseconds.
// It returns how many it took, or a status of pcap_dispatch below 0.
static int gather(pcap_t *pcap, int fd, int wait, unsigned char *data, size_t room, size_t largest, struct packet *packets, int most) {
	struct batch b = {pcap, data, room, largest, packets, 0};
	for (int turn = 0;; turn++) {
		int status = pcap_dispatch(pcap, most, take, (u_char *)&b);
		if (b.count > 0)
			return b.count;
		if (status != PCAP_ERROR_BREAK && (status < 0 || turn > 0))
			return status;
		if (status == 0 && wait == 0)
			return 0;
		if (status == 0) {
			struct pollfd p = {fd, POLLIN, 0};
			poll(&p, 1, wait);
		}
	}
}
*/
import "C"

import (
	"errors"
	"net/netip"
	"slices"
	"time"
	"unsafe"

	"github.com/sniffid/sniffid/capture"
)

// libpcap is the binding to what is used of libpcap. gopacket's calls into C for every
// packet, cuts link types to 8 bits, and fills tables for tens of milliseconds before
// main begins, capture or not.
type libpcap struct {
	p          *C.pcap_t
	fd         C.int
	waiter     *waiter // nil: gather waits
	snapLength int
	nanos      bool // the fraction of a time stamp counts nanoseconds
	packets    []C.struct_packet
	// room is how many bytes of packets may gather when they come fast; 0: none.
	room  int
	burst burst
}

const (
	// most is how many packets a call into C takes over.
	most = 512
	// Where at least so many packets come before there are none, the next ones are left
	// in the kernel's buffer for a while: to wake up costs more than many packets do.
	manyPackets = 256
	longLinger  = 20 * time.Millisecond
)

// Statuses of pcap_activate(3PCAP).
const (
	activateDenied            = C.PCAP_ERROR_PERM_DENIED
	activatePromiscuousDenied = C.PCAP_ERROR_PROMISC_PERM_DENIED
	activateNoDevice          = C.PCAP_ERROR_NO_SUCH_DEVICE
	activateNotUp             = C.PCAP_ERROR_IFACE_NOT_UP
	activateNotPromiscuous    = C.PCAP_WARNING_PROMISC_NOTSUP
)

func newLibpcap(name string) (*libpcap, error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	var problem [C.PCAP_ERRBUF_SIZE]C.char
	p := C.pcap_create(text, &problem[0])
	if p == nil {
		return nil, errors.New(C.GoString(&problem[0]))
	}
	return &libpcap{p: p}, nil
}

// options are what a handle is activated with; timeout is in milliseconds.
type options struct {
	snapLength, bufferSize, timeout int
	promiscuous, immediate          bool
}

// activate begins the capture. A warning says what is not as asked for.
func (l *libpcap) activate(o options) (warning string, err error) {
	flag := func(b bool) C.int {
		if b {
			return 1
		}
		return 0
	}
	// These fail only for a handle that is active.
	C.pcap_set_snaplen(l.p, C.int(o.snapLength))
	C.pcap_set_promisc(l.p, flag(o.promiscuous))
	C.pcap_set_buffer_size(l.p, C.int(o.bufferSize))
	C.pcap_set_immediate_mode(l.p, flag(o.immediate))
	C.pcap_set_timeout(l.p, C.int(o.timeout))
	C.pcap_set_tstamp_precision(l.p, C.PCAP_TSTAMP_PRECISION_NANO)
	switch status := C.pcap_activate(l.p); {
	case status < 0:
		return "", activationError(int(status), l.problem(status))
	case status == activateNotPromiscuous:
		warning = "no promiscuous mode on this interface"
	case status > 0:
		warning = l.problem(status)
	}
	var problem [C.PCAP_ERRBUF_SIZE]C.char
	if C.pcap_setnonblock(l.p, 1, &problem[0]) != 0 {
		return "", errors.New(C.GoString(&problem[0]))
	}
	l.fd = C.pcap_get_selectable_fd(l.p)
	l.waiter = newWaiter(int(l.fd))
	if !o.immediate {
		l.room = min(maxWaiting, o.bufferSize) / 4
	}
	l.nanos = C.pcap_get_tstamp_precision(l.p) == C.PCAP_TSTAMP_PRECISION_NANO
	l.snapLength = int(C.pcap_snapshot(l.p))
	l.packets = make([]C.struct_packet, most)
	return warning, nil
}

// problem is what libpcap says of its last failure, or of a status.
func (l *libpcap) problem(status C.int) string {
	if text := C.GoString(C.pcap_geterr(l.p)); text != "" {
		return text
	}
	return C.GoString(C.pcap_statustostr(status))
}

// read implements [handle].
func (l *libpcap) read(b *batch) error {
	n := l.drain(b)
	if n == 0 && l.burst.packets >= manyPackets && l.room > 0 {
		wait := l.burst.until(l.room)
		l.burst = burst{since: time.Now()}
		time.Sleep(wait)
		n = l.drain(b)
	}
	if n == 0 {
		l.burst = burst{since: time.Now()}
		n = l.await(b)
	}
	l.burst.packets += len(b.packets)
	l.burst.bytes += len(b.data)
	switch {
	case len(b.packets) > 0:
		return nil // what is wrong shows again
	case n == 0:
		return capture.ErrTimeout
	}
	return errors.New(l.problem(n))
}

// burst is what has come since packets were last waited for.
type burst struct {
	packets, bytes int
	since          time.Time
}

// until is how long it takes until so many bytes have gathered, at the pace of the burst.
func (b *burst) until(bytes int) time.Duration {
	return min(longLinger, time.Since(b.since)*time.Duration(bytes)/time.Duration(max(1, b.bytes)))
}

// await waits for packets, and takes over what there are.
func (l *libpcap) await(b *batch) (status C.int) {
	if l.waiter == nil {
		return l.gather(b, pollInterval)
	}
	l.waiter.wait(pollInterval, func() bool {
		status = l.drain(b)
		return status != 0
	})
	return status
}

// drain takes over all packets that there are and that the batch has room for.
func (l *libpcap) drain(b *batch) (status C.int) {
	for {
		n := l.gather(b, 0)
		if n <= 0 && status > 0 {
			return status
		}
		status = n
		if n <= 0 || len(b.data) >= batchRoom {
			return status
		}
	}
}

// gather takes over what packets there are, or those that come within a time. It returns
// how many; 0: none have come; less: libpcap's status.
func (l *libpcap) gather(b *batch, wait time.Duration) C.int {
	b.data = slices.Grow(b.data, batchRoom+l.snapLength-len(b.data))
	room := b.data[len(b.data):cap(b.data)]
	n := C.gather(l.p, l.fd, C.int(wait.Milliseconds()),
		(*C.uchar)(&room[0]), C.size_t(len(room)), C.size_t(l.snapLength), &l.packets[0], C.int(len(l.packets)))
	for i := range l.packets[:max(n, 0)] {
		p := &l.packets[i]
		fraction := int64(p.fraction)
		if !l.nanos {
			fraction *= 1000
		}
		b.data = b.data[:len(b.data)+int(p.captured)]
		b.packet(int(p.captured), int(p.length), int64(p.seconds)*1e9+fraction)
	}
	return n
}

func (l *libpcap) linkType() capture.LinkType { return capture.LinkType(C.pcap_datalink(l.p)) }

// stats counts packets that were lost: for want of room, and by the interface.
func (l *libpcap) stats() (dropped, byInterface uint32, ok bool) {
	var s C.struct_pcap_stat
	ok = C.pcap_stats(l.p, &s) == 0
	return uint32(s.ps_drop), uint32(s.ps_ifdrop), ok
}

// filter lets only packets through that an expression is true of.
func (l *libpcap) filter(name, expression string) error {
	text, device := C.CString(expression), C.CString(name)
	defer C.free(unsafe.Pointer(text))
	defer C.free(unsafe.Pointer(device))
	var network, mask C.bpf_u_int32
	var problem [C.PCAP_ERRBUF_SIZE]C.char
	if C.pcap_lookupnet(device, &network, &mask, &problem[0]) != 0 {
		mask = C.PCAP_NETMASK_UNKNOWN // an interface without IPv4 has no broadcast address
	}
	var program C.struct_bpf_program
	if C.pcap_compile(l.p, &program, text, 1, mask) != 0 {
		return filterError(expression, l.problem(C.PCAP_ERROR))
	}
	defer C.pcap_freecode(&program)
	if C.pcap_setfilter(l.p, &program) != 0 {
		return filterError(expression, l.problem(C.PCAP_ERROR))
	}
	return nil
}

func (l *libpcap) close() {
	if l.waiter != nil {
		l.waiter.close()
	}
	C.pcap_close(l.p)
}

// Interfaces lists what can be captured on. It needs no permission.
func Interfaces() ([]Device, error) {
	var all *C.pcap_if_t
	var problem [C.PCAP_ERRBUF_SIZE]C.char
	if C.pcap_findalldevs(&all, &problem[0]) != 0 {
		return nil, errors.New("list interfaces: " + C.GoString(&problem[0]))
	}
	defer C.pcap_freealldevs(all)
	var devices []Device
	for i := all; i != nil; i = i.next {
		d := Device{
			Name: C.GoString(i.name), Description: C.GoString(i.description),
			Up: i.flags&C.PCAP_IF_UP != 0, Loopback: i.flags&C.PCAP_IF_LOOPBACK != 0,
		}
		for a := i.addresses; a != nil; a = a.next {
			if addr := address(a.addr); addr.IsValid() {
				d.Addresses = append(d.Addresses, addr)
			}
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// address is the IP address of a socket address, if it has one.
func address(a *C.struct_sockaddr) netip.Addr {
	switch {
	case a == nil:
	case a.sa_family == C.AF_INET:
		in := (*C.struct_sockaddr_in)(unsafe.Pointer(a))
		return netip.AddrFrom4(*(*[4]byte)(unsafe.Pointer(&in.sin_addr)))
	case a.sa_family == C.AF_INET6:
		in := (*C.struct_sockaddr_in6)(unsafe.Pointer(a))
		return netip.AddrFrom16(*(*[16]byte)(unsafe.Pointer(&in.sin6_addr))).Unmap()
	}
	return netip.Addr{}
}
