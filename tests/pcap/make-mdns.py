#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make-mdns.py FILE: writes mdns.pcap: questions and answers over mDNS, to the group and between two hosts, a message of each
kind of record, and what is no mDNS."""
import socket
import struct
import sys

A, B, GROUP = '192.0.2.10', '192.0.2.20', '224.0.0.251'
PTR, A_TYPE, TXT, SRV, NSEC = 12, 1, 16, 33, 47


def name(text):
    return b''.join(bytes([len(label)]) + label for label in text.encode().split(b'.')) + b'\0'


def question(text, kind):
    return name(text) + struct.pack('!HH', kind, 1)


def record(text, kind, data):
    return name(text) + struct.pack('!HHIH', kind, 1, 120, len(data)) + data


def message(flags, questions=(), answers=(), authorities=(), additionals=(), number=0):
    sections = (questions, answers, authorities, additionals)
    return struct.pack('!6H', number, flags, *map(len, sections)) + b''.join(b''.join(s) for s in sections)


class Capture:
    def __init__(self, path):
        self.file = open(path, 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        self.clock = 1700000000

    def send(self, src, dst, data, sport=5353, dport=5353):
        self.clock += 1
        head = struct.pack('!BBHHHBBH', 0x45, 0, 28 + len(data), 1, 0, 255, 17, 0)
        head += socket.inet_aton(src) + socket.inet_aton(dst)
        frame = head + struct.pack('!HHHH', sport, dport, 8 + len(data), 0) + data
        self.file.write(struct.pack('<IIII', self.clock, 0, len(frame), len(frame)) + frame)


def main():
    c = Capture(sys.argv[1])
    printer = 'p._ipp._tcp.local'
    c.send(A, GROUP, message(0x0000, [question('_ipp._tcp.local', PTR), question('h.local', 65280)],
                             [record('_ipp._tcp.local', PTR, name(printer))]))
    c.send(B, GROUP, message(0x8400, (), [record('_ipp._tcp.local', PTR, name(printer)),
                                          record(printer, TXT, b'\3a=1\0\3b=2')], (),
                             [record('b.local', A_TYPE, socket.inet_aton(B)),
                              record(printer, SRV, struct.pack('!HHH', 0, 0, 631) + name('b.local')),
                              record('b.local', NSEC, name('b.local') + b'\0\1\x40')]))
    c.send(A, GROUP, message(0x0000, [question('a.local', 255)], (), [record('a.local', A_TYPE, socket.inet_aton(A))]))
    c.send(B, A, message(0x8400, (), [record('a.local', PTR, name('b.local'))]))
    c.send(A, B, message(0x0000, [question('b.local', PTR)]))
    c.send(B, A, message(0x8440, (), [record('b.local', PTR, name('c.local'))]))
    c.send(B, GROUP, message(0x4800, [question('late.local', PTR)], number=7))
    c.send('192.0.2.30', GROUP, message(0x0000, [b'\xc0\x0c\0\x0c\0\1']))
    c.send('192.0.2.31', '224.0.0.252', message(0x0000, [question('wpad', 1)]), 5355, 5355)


main()
