# SPDX-License-Identifier: Apache-2.0
"""Connections made up packet by packet: downloads with requests in between, closed in every way."""
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MSS = 1400
CLIENT, SERVER = 0x0a000001, 0x0a000002
START = 1700000000

RULES = '''alert tcp any any -> any any (flow:established; content:"needle"; sid:1;)
alert tcp any any -> any any (flow:established,to_server; content:"GET /"; startswith; sid:2;)
alert tcp any any -> any any (flags:F+; sid:3;)
alert tcp any any -> any any (flags:S,12; sid:4;)
alert udp any any -> any 4501 (content:"needle"; sid:5;)
alert tcp any any -> any any (flow:to_server; content:"/3"; bypass; sid:6;)
alert pkthdr any any -> any any (decode-event:ipv4.opt_invalid_len; sid:7;)
alert tcp any any -> any any (flow.pkts_toserver:7; sid:8;)
'''


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(src, dst, proto, segment, options=b''):
    ip = struct.pack('>BBHHHBBHII', 0x45 + len(options) // 4, 0, 20 + len(options) + len(segment), 1, 0x4000, 64,
                     proto, 0, src, dst) + options
    ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
    return b'\2\0\0\0\0\1\2\0\0\0\0\2\x08\0' + ip + segment


def tcp(src, dst, sport, dport, seq, ack, flags, data=b'', options=b'', check=True):
    head = struct.pack('>HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, 0x50, flags, 65535, 0, 0)
    if check:
        pseudo = struct.pack('>IIBBH', src, dst, 0, 6, len(head) + len(data))
        head = head[:16] + struct.pack('>H', checksum(pseudo + head + data)) + head[18:]
    return frame(src, dst, 6, head + data, options)


def udp(src, dst, sport, dport, data):
    return frame(src, dst, 17, struct.pack('>HHHH', sport, dport, 8 + len(data), 0) + data)


def unreachable(router, frame_bytes):
    """The "port unreachable" that answers a datagram (RFC 792)."""
    ip = frame_bytes[14:14 + 28]
    body = struct.pack('>BBHI', 3, 3, 0, 0) + ip
    return frame(router, struct.unpack('>I', ip[12:16])[0], 1, body[:2] + struct.pack('>H', checksum(body)) + body[4:])


SCANNERS = {'scan.syn': 0x0a000021, 'scan.null': 0x0a000022, 'scan.xmas': 0x0a000023, 'scan.udp': 0x0a000024,
            'scan.sweep_fin': 0x0a000025}


def scans(ports=40, step=100000):
    """Scans of a host that refuses, side by side, and of hosts that say nothing; SCANNERS has who does what."""
    packets = []
    for i in range(ports):
        sec, usec = START + i * step // 1000000, i * step % 1000000
        port = 5000 + i

        def put(data, after):
            packets.append((sec, usec + after, data))
        for k, (kind, flags) in enumerate((('scan.syn', SYN), ('scan.null', 0), ('scan.xmas', FIN | PSH | 0x20))):
            put(tcp(SCANNERS[kind], SERVER, 40000, port, 7, 0, flags), k)
            put(tcp(SERVER, SCANNERS[kind], port, 40000, 0, 8, RST | ACK), 100 + k)
        asks = udp(SCANNERS['scan.udp'], SERVER, 40000, port, b'')
        put(asks, 10)
        put(unreachable(SERVER, asks), 110)
        put(tcp(SCANNERS['scan.sweep_fin'], 0x0a000100 + i, 40000, 22, 7, 0, FIN), 20)
    # So that all of it is looked at.
    packets.append((sec + 3, 0, tcp(CLIENT, SERVER, 41000, 80, 1, 0, SYN)))
    return sorted(packets)


class Talk:
    """A connection; every segment is acknowledged at once, unless it is sent by hand."""

    def __init__(self, port=1000, start=0, client=CLIENT, server=SERVER, check=True, step=10):
        self.client, self.server, self.port, self.check, self.step = client, server, port, check, step
        self.packets = []
        self.at = start
        self.seq = [100 + start, 5000 + start]
        self.put(0, SYN)
        self.seq[0] += 1
        self.put(1, SYN | ACK)
        self.seq[1] += 1
        self.put(0, ACK)

    def put(self, way, flags, data=b'', seq=None, options=b''):
        ends = ((self.client, self.server, self.port, 80), (self.server, self.client, 80, self.port))[way]
        seq = self.seq[way] if seq is None else seq
        ack = self.seq[1 - way] if flags & ACK else 0
        self.packets.append((START + self.at // 1000000, self.at % 1000000,
                             tcp(*ends, seq, ack, flags, data, options, self.check)))
        self.at += self.step

    def say(self, way, data):
        for i in range(0, len(data), MSS):
            piece = data[i:i + MSS]
            self.put(way, PSH | ACK, piece)
            self.seq[way] += len(piece)
            self.put(1 - way, ACK)

    def fin(self, way):
        self.put(way, FIN | ACK)
        self.seq[way] += 1
        self.put(1 - way, ACK)

    def close(self, how):
        if how == 0:
            self.fin(1)
            self.fin(0)
        elif how == 1:
            self.fin(0)
            self.fin(1)
        elif how == 2:
            self.put(1, RST | ACK)
        elif how == 3:
            self.put(0, RST)


def many(flows, size, check=True, step=10):
    """Packets of so many connections at the same time, in order: each a download of so many bytes between requests."""
    packets = []
    for i in range(flows):
        t = Talk(2000 + i, i * 7, 0x0a000001 + i % 3, 0x0a000101, check, step * flows)
        t.say(0, b'GET /1 needle\r\n')
        t.say(1, b'needle' + b'x' * size)
        t.say(0, b'GET /2 needle\r\n')
        t.put(1, PSH | ACK, b'odd', options=b'\x01\x83\x09\x04')
        t.seq[1] += 3
        t.say(1, b'needle' + b'y' * (size // 4))
        if i % 3 == 0:
            t.say(0, b'GET /3 needle\r\n')
            t.say(1, b'z' * size)
        t.close(i % 5)
        if i % 4 == 1:
            # The same ports again.
            again = Talk(2000 + i, t.at + 5000, t.client, t.server, check, step * flows)
            again.say(0, b'GET /1 needle\r\n')
            again.say(1, b'needle' + b'w' * (size // 2))
            t.packets += again.packets
        packets += t.packets
    for i in range(flows * 10):
        packets.append((START + i // 50, i, udp(0x0a000005, 0x0a000101, 5000 + i % 4, 4500 + i % 2, b'needle' + b'u' * 900)))
        packets.append((START + i // 50, i, frame(0x0a000005, 0x0a000101, 89, b'ospf')))
    return sorted(packets, key=lambda p: p[:2])
