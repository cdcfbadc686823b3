"""Writes a capture anew in another form: reshape.py FORM FROM TO

Reads little-endian pcap with microseconds and Ethernet, as tcpdump writes it;
bad-block-length, nameless and two-interfaces read pcapng, as Wireshark's
tools write it.
"""

import struct
import sys

ETHERNET, RAW, COOKED = 1, 101, 113


def read(data):
    """Yields (seconds, microseconds, frame) of a pcap file."""
    at = 24
    while at < len(data):
        seconds, micros, captured, _ = struct.unpack_from("<IIII", data, at)
        yield seconds, micros, data[at + 16 : at + 16 + captured]
        at += 16 + captured


def pcap(packets, order="<", link=ETHERNET):
    out = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)
    for seconds, micros, frame in packets:
        out += struct.pack(order + "IIII", seconds, micros, len(frame), len(frame)) + frame
    return out


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(">I", len(body) + 12)
    return struct.pack(">I", kind) + length + body + length


def big_endian_ng(data):
    out = block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack(">HHI", ETHERNET, 0, 0))
    for _, _, frame in read(data):
        out += block(3, struct.pack(">I", len(frame)) + frame)
    return out


def blocks(data):
    """Yields (kind, whole block) of a little-endian pcapng file."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at : at + length]
        at += length


def nameless(data):
    """Without what names the machine: the section's options, the interface's if_os."""
    out = b""
    for kind, whole in blocks(data):
        if kind == 0x0A0D0D0A:
            whole = resized(whole[:24])
        elif kind == 1:
            whole = resized(whole[:16] + without_option(whole[16:-4], 12))
        out += whole
    return out


def resized(start):
    """A block from its bytes up to the last length."""
    length = struct.pack("<I", len(start) + 4)
    return start[:4] + length + start[8:] + length


def without_option(options, unwanted):
    out = b""
    while options:
        code, length = struct.unpack_from("<HH", options)
        size = 4 + length + -length % 4
        if code != unwanted:
            out += options[:size]
        options = options[size:]
    return out


def two_interfaces(data):
    """Two sections made one: the second one's packets are of interface 1."""
    section, interfaces, packets = b"", b"", b""
    number = -1
    for kind, whole in blocks(data):
        if kind == 0x0A0D0D0A:
            number += 1
            section = section or whole
        elif kind == 1:
            interfaces += whole
        elif kind == 6:
            packets += whole[:8] + struct.pack("<I", number) + whole[12:]
    return section + interfaces + packets


def each(data, change, link=ETHERNET):
    return pcap(((s, u, change(frame)) for s, u, frame in read(data)), link=link)


def cooked(frame):
    """Linux cooked: packet type 0, ARPHRD_ETHER, the sender's address, protocol."""
    return struct.pack(">HHH", 0, 1, 6) + frame[6:12] + b"\0\0" + frame[12:]


def vlan(frame):
    return frame[:12] + struct.pack(">HHHH", 0x88A8, 100, 0x8100, 7) + frame[12:]


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ipv4(protocol, payload):
    """An outer IPv4 header from 198.51.100.1 to 198.51.100.2 (RFC 5737)."""
    start = struct.pack(">BBHHHBB", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol)
    ends = bytes([198, 51, 100, 1, 198, 51, 100, 2])
    return start + struct.pack(">H", checksum(start + b"\0\0" + ends)) + ends + payload


def gre(frame):
    """RFC 2784, without options; the frame's own EtherType."""
    return frame[:14] + ipv4(47, b"\0\0" + frame[12:])


def ipip(frame):
    return frame[:14] + ipv4(4, frame[14:])


def tcp_payload(frame):
    """Where the TCP header and the payload of an IPv4 frame begin, and where it ends."""
    tcp = 14 + 4 * (frame[14] & 15)
    return tcp, tcp + 4 * (frame[tcp + 12] >> 4), 14 + struct.unpack_from(">H", frame, 16)[0]


def has_payload(frame):
    _, start, end = tcp_payload(frame)
    return end > start


def reordered(data):
    """Every segment is cut in two, and the second half comes first."""
    for seconds, micros, frame in read(data):
        for half in reversed(split(frame)):
            yield seconds, micros, half


def retransmitted(data):
    for seconds, micros, frame in read(data):
        yield seconds, micros, frame
        if has_payload(frame):
            yield seconds, micros, frame


def overlapping(data):
    for seconds, micros, frame in read(data):
        yield seconds, micros, frame
        halves = split(frame)
        if len(halves) == 2:
            yield seconds, micros, halves[1]


def split(frame):
    """The frame as two TCP segments, or as it is when it has less than two bytes to split."""
    tcp, start, end = tcp_payload(frame)
    if end - start < 2:
        return [frame]
    middle = (start + end) // 2
    return [
        segment(frame, tcp, 0, frame[start:middle]),
        segment(frame, tcp, middle - start, frame[middle:end]),
    ]


def segment(frame, tcp, skip, payload):
    """frame with another payload, skip bytes further on; checksums anew."""
    ip = bytearray(frame[14:tcp])
    head = bytearray(frame[tcp : tcp_payload(frame)[1]])
    struct.pack_into(">H", ip, 2, len(ip) + len(head) + len(payload))
    struct.pack_into(">H", ip, 10, 0)
    struct.pack_into(">H", ip, 10, checksum(bytes(ip)))
    sequence = struct.unpack_from(">I", head, 4)[0]
    struct.pack_into(">I", head, 4, (sequence + skip) & 0xFFFFFFFF)
    struct.pack_into(">H", head, 16, 0)
    whole = bytes(head) + payload
    pseudo = bytes(ip[12:20]) + struct.pack(">HH", 6, len(whole))
    struct.pack_into(">H", head, 16, checksum(pseudo + whole + b"\0" * (len(whole) % 2)))
    return frame[:14] + bytes(ip) + bytes(head) + payload


def second_record(data, field, value):
    """Sets a 32-bit field of the second record's header."""
    first = struct.unpack_from("<I", data, 32)[0]
    at = 24 + 16 + first + 4 * field
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


FORMS = {
    "big-endian": lambda data: pcap(read(data), order=">"),
    "big-endian-ng": big_endian_ng,
    "raw": lambda data: each(data, lambda frame: frame[14:], RAW),
    "cooked": lambda data: each(data, cooked, COOKED),
    "vlan": lambda data: each(data, vlan),
    "gre": lambda data: each(data, gre),
    "ipip": lambda data: each(data, ipip),
    "reordered": lambda data: pcap(reordered(data)),
    "retransmitted": lambda data: pcap(retransmitted(data)),
    "overlapping": lambda data: pcap(overlapping(data)),
    "insane-length": lambda data: second_record(data, 2, 0xFFFFFFFF),
    "long-capture": lambda data: second_record(data, 3, 10),
    "nameless": nameless,
    "two-interfaces": two_interfaces,
    "bad-block-length": lambda data: data[:-4] + struct.pack("<I", 0x7FFFFFF0),
}

form, source, target = sys.argv[1:]
with open(source, "rb") as file:
    reshaped = FORMS[form](file.read())
with open(target, "wb") as file:
    file.write(reshaped)
