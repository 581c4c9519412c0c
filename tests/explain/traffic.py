# SPDX-License-Identifier: Apache-2.0
"""Writes small captures: conversations in, the bytes of a pcap file out.

A traffic is a list of frames made by tcp(), udp() and icmp(); lists are joined with +.  Times are
given when the capture is written, 10 ms from frame to frame, so that joined lists stay in order.
"""

import socket
import struct

CLIENT, SERVER = "10.1.0.1", "10.2.0.2"

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip4(src, dst, proto, body, ttl=64, tos=0, ident=7, fragment=0x4000, options=b""):
    """fragment: flags and offset as they stand in the header (0x4000: do not fragment)."""
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | words, tos, words * 4 + len(body), ident, fragment,
                       ttl, proto, 0, socket.inet_aton(src), socket.inet_aton(dst)) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def with_checksum(src, dst, proto, segment, at):
    pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!BBH", 0, proto,
                                                                         len(segment))
    value = checksum(pseudo + segment) or 0xFFFF
    return segment[:at] + struct.pack("!H", value) + segment[at + 2:]


def tcp_segment(src, dst, sport, dport, seq, ack, flags, data=b"", window=8192, options=b"", **ip):
    words = 5 + len(options) // 4
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, words << 4,
                       flags, window, 0, 0)
    return ip4(src, dst, 6, with_checksum(src, dst, 6, head + options + data, 16), **ip)


class Step:
    """One piece of data in a TCP conversation; see C() and S()."""

    def __init__(self, side, data, lost=False, ack=True, at=None, flags=PSH | ACK,
                 **fields):
        self.side, self.data = side, data
        self.lost = lost  # never captured
        self.ack = ack  # the other side acknowledges it at once
        self.at = at  # offset in the stream, where it is not the next one
        self.flags = flags
        self.fields = fields  # ttl=, window= ...


def C(data, **how):
    """The client sends."""
    return Step(0, data, **how)


def S(data, **how):
    """The server sends."""
    return Step(1, data, **how)


def tcp(*steps, client=CLIENT, server=SERVER, sport=40000, dport=80, isn=(1000, 5000),
        handshake=True, close=True, mss=1460, **ip):
    """A conversation.  Bytes alone are C(bytes).  ip: ttl=, tos=, ident= ... of every packet."""
    frames = []
    ends = ((client, sport), (server, dport))
    start = [isn[0] + 1, isn[1] + 1]
    sent = [0, 0]  # stream bytes, as the side itself counts

    def segment(side, flags, seq, ack, data=b"", **fields):
        (src, sp), (dst, dp) = ends[side], ends[1 - side]
        frames.append(tcp_segment(src, dst, sp, dp, seq, ack, flags, data, **{**ip, **fields}))

    def now(side):
        return start[side] + sent[side]

    if handshake:
        option = struct.pack("!BBH", 2, 4, mss) if mss else b""
        segment(0, SYN, isn[0], 0, options=option)
        segment(1, SYN | ACK, isn[1], isn[0] + 1, options=option)
        segment(0, ACK, now(0), now(1))
    for step in steps:
        step = step if isinstance(step, Step) else C(step)
        side = step.side
        at = sent[side] if step.at is None else step.at
        if not step.lost:
            segment(side, step.flags, start[side] + at, now(1 - side), step.data, **step.fields)
        sent[side] = max(sent[side], at + len(step.data))
        if step.ack:
            segment(1 - side, ACK, now(1 - side), now(side))
    if close:
        segment(0, FIN | ACK, now(0), now(1))
        sent[0] += 1
        segment(1, FIN | ACK, now(1), now(0))
        sent[1] += 1
        segment(0, ACK, now(0), now(1))
    return frames


def udp(data, back=False, client=CLIENT, server=SERVER, sport=40000, dport=53, **ip):
    """One datagram; back: from the server to the client."""
    src, dst = (server, client) if back else (client, server)
    sp, dp = (dport, sport) if back else (sport, dport)
    head = struct.pack("!HHHH", sp, dp, 8 + len(data), 0)
    return [ip4(src, dst, 17, with_checksum(src, dst, 17, head + data, 6), **ip)]


def icmp(kind=8, code=0, ident=1, seq=1, data=b"abcdefgh", client=CLIENT, server=SERVER, **ip):
    body = struct.pack("!BBHHH", kind, code, 0, ident, seq) + data
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    return [ip4(client, server, 1, body, **ip)]


def pcap(frames, link=101):
    """The capture file's bytes; link 101: frames begin with an IP header."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)]
    for i, frame in enumerate(frames):
        out.append(struct.pack("<IIII", 1700000000 + i // 100, i % 100 * 10000, len(frame),
                               len(frame)) + frame)
    return b"".join(out)
