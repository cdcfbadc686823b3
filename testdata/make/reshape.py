"""Writes a capture anew in another form: reshape.py FORM FROM TO

Reads little-endian pcap with microseconds and Ethernet, as tcpdump writes it;
bad-block-length reads pcapng.
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


def each(data, change, link=ETHERNET):
    return pcap(((s, u, change(frame)) for s, u, frame in read(data)), link=link)


def cooked(frame):
    """Linux cooked: packet type 0, ARPHRD_ETHER, the sender's address, protocol."""
    return struct.pack(">HHH", 0, 1, 6) + frame[6:12] + b"\0\0" + frame[12:]


def vlan(frame):
    return frame[:12] + struct.pack(">HHHH", 0x88A8, 100, 0x8100, 7) + frame[12:]


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
    "insane-length": lambda data: second_record(data, 2, 0xFFFFFFFF),
    "long-capture": lambda data: second_record(data, 3, 10),
    "bad-block-length": lambda data: data[:-4] + struct.pack("<I", 0x7FFFFFF0),
}

form, source, target = sys.argv[1:]
with open(source, "rb") as file:
    reshaped = FORMS[form](file.read())
with open(target, "wb") as file:
    file.write(reshaped)
