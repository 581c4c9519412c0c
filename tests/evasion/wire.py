# SPDX-License-Identifier: Apache-2.0
"""Packets made of bytes, for the cases of this folder: IPv4, IPv6, TCP, UDP, fragments; and a capture file of them."""
import struct


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, proto, length):
    if len(src) == 4:
        return src + dst + struct.pack('!BBH', 0, proto, length)
    return src + dst + struct.pack('!II', length, proto)


def put16(data, at, value):
    return data[:at] + struct.pack('!H', value) + data[at + 2:]


def ip4(src, dst, proto, payload, ident=0, flags=0, offset=0, ttl=64, options=b'', tos=0):
    """offset in bytes; flags: 1 more fragments, 2 don't fragment."""
    words = 5 + len(options) // 4
    head = struct.pack('!BBHHHBBH4s4s', 0x40 | words, tos, words * 4 + len(payload), ident,
                       flags << 13 | offset // 8, ttl, proto, 0, src, dst) + options
    return put16(head, 10, checksum(head)) + payload


def ip6(src, dst, proto, payload, hops=64):
    return struct.pack('!IHBB16s16s', 0x60000000, len(payload), proto, hops, src, dst) + payload


def fragment6(next_header, ident, offset, more, payload):
    """A fragment header and what follows it."""
    return struct.pack('!BBHI', next_header, 0, offset | more, ident) + payload


def udp(src, dst, sport, dport, payload):
    data = struct.pack('!HHHH', sport, dport, 8 + len(payload), 0) + payload
    return put16(data, 6, checksum(pseudo(src, dst, 17, len(data)) + data) or 0xffff)


def vxlan(src, dst, key, frame):
    """An Ethernet frame in VXLAN (RFC 7348)."""
    return ip4(src, dst, 17, udp(src, dst, 50000, 4789, struct.pack('!II', 8 << 24, key << 8) + frame))


def gre(src, dst, payload, proto=0x0800):
    """A packet in GRE (RFC 2784)."""
    return ip4(src, dst, 47, struct.pack('!HH', 0, proto) + payload)


FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


def tcp(src, dst, sport, dport, seq, ack, flags, payload=b'', window=64000, urgent=0, options=b'', bad_checksum=False):
    options += b'\1' * (-len(options) % 4)
    data = struct.pack('!HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, (5 + len(options) // 4) << 4,
                       flags, window, 0, urgent) + options + payload
    total = checksum(pseudo(src, dst, 6, len(data)) + data)
    return put16(data, 16, total ^ (0x5555 if bad_checksum else 0))


def timestamp(value, echo):
    return b'\1\1' + struct.pack('!BBII', 8, 10, value & 0xffffffff, echo & 0xffffffff)


class Capture:
    """A pcap file of Ethernet frames, one every ten milliseconds unless told."""

    def __init__(self, path):
        self.file = open(path, 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        self.now = 1700000000 * 1000000

    def add(self, frame, after_us=10000):
        self.now += after_us
        self.file.write(struct.pack('<IIII', self.now // 1000000, self.now % 1000000, len(frame), len(frame)) + frame)

    def close(self):
        self.file.close()
