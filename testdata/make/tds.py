"""A responder for TDS 7.4: tds.py PORT

It agrees to a prelogin without encryption, accepts every login, and answers
every query by DONE. Source: MS-TDS §2.2.
"""

import socket
import struct
import sys

BATCH, LOGIN7, PRELOGIN, RESPONSE = 1, 16, 18, 4
ENVIRONMENT, LOGINACK, DONE = 0xE3, 0xAD, 0xFD


def message(wire):
    """Reads packets up to the end of a message: its type and its bytes."""
    body = b""
    while True:
        header = wire.recv(8, socket.MSG_WAITALL)
        if len(header) < 8:
            return None, b""
        kind, status, length = struct.unpack_from(">BBH", header)
        body += wire.recv(length - 8, socket.MSG_WAITALL) if length > 8 else b""
        if status & 1:
            return kind, body


def send(wire, body):
    wire.sendall(struct.pack(">BBHHBB", RESPONSE, 1, 8 + len(body), 0, 1, 0) + body)


def prelogin():
    version = bytes([16, 0, 0x0F, 0xA0, 0, 0])  # 16.0.4000
    options = struct.pack(">BHHBHHB", 0, 11, len(version), 1, 11 + len(version), 1, 0xFF)
    return options + version + b"\x02"  # ENCRYPT_NOT_SUP


def login():
    name = "Mock".encode("utf-16-le")
    ack = struct.pack(">BIB", 1, 0x74000004, len(name) // 2) + name + bytes([16, 0, 0x0F, 0xA0])
    size = "4096".encode("utf-16-le")
    change = bytes([4, len(size) // 2]) + size + bytes([len(size) // 2]) + size
    return (
        struct.pack("<BH", LOGINACK, len(ack)) + ack
        + struct.pack("<BH", ENVIRONMENT, len(change)) + change
        + done()
    )


def done():
    return struct.pack("<BHHQ", DONE, 0, 0, 0)


def talk(wire):
    while True:
        kind, _ = message(wire)
        if kind is None:
            return
        send(wire, {PRELOGIN: prelogin, LOGIN7: login}.get(kind, done)())


listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    connection, _ = listener.accept()
    with connection:
        talk(connection)
