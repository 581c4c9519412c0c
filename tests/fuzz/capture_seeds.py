#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a small capture file of each kind into tests/fuzz/corpus/capture/, for fuzz_capture to start from."""

import os
import struct

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "capture")

ETHERNET = bytes(12) + b"\x08\x00" + b"\x45\x00\x00\x1c\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02" \
    + b"\x00\x35\x00\x35\x00\x08\0\0"
NULL = b"\x02\0\0\0" + ETHERNET[14:]


def pcap(order, magic, link=1, packets=(ETHERNET, b"", ETHERNET), minor=4, snaplen=65535, extra=b""):
    out = struct.pack(order + "IHHIIII", magic, 2, minor, 0, 0, snaplen, link)
    for n, data in enumerate(packets):
        out += struct.pack(order + "IIII", 1500000000 + n, n, len(data), len(data) + n) + extra + data
    return out


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link=1, snaplen=0, resolution=None, offset=None):
    body = struct.pack(order + "HHI", link, 0, snaplen)
    if resolution is not None:
        body += struct.pack(order + "HHB3x", 9, 1, resolution)
    if offset is not None:
        body += struct.pack(order + "HHq", 14, 8, offset)
    return block(order, 1, body + struct.pack(order + "HH", 0, 0))


def enhanced(order, which, stamp, data):
    return block(order, 6, struct.pack(order + "IIIII", which, stamp >> 32, stamp & 0xFFFFFFFF, len(data),
                                       len(data)) + data)


def obsolete(order, which, stamp, data):
    return block(order, 2, struct.pack(order + "HHIIII", which, 0, stamp >> 32, stamp & 0xFFFFFFFF, len(data),
                                       len(data)) + data)


def pcapng(order):
    stamp = 1500000000 * 10**9
    return (section(order) + block(order, 0xBAD, b"unknown") + interface(order, 1, 0, 9)
            + interface(order, 0, 96, 0x80 | 20, -3600) + enhanced(order, 0, stamp, ETHERNET)
            + enhanced(order, 1, 1500000000 << 20, NULL) + obsolete(order, 0, stamp, ETHERNET)
            + block(order, 3, struct.pack(order + "I", len(ETHERNET)) + ETHERNET))


SEEDS = {
    "pcap-le-us": pcap("<", 0xA1B2C3D4),
    "pcap-be-us": pcap(">", 0xA1B2C3D4),
    "pcap-le-ns": pcap("<", 0xA1B23C4D),
    "pcap-be-ns": pcap(">", 0xA1B23C4D),
    "pcap-long": pcap("<", 0xA1B2CD34, extra=bytes(8)),
    "pcap-old": pcap(">", 0xA1B2C3D4, minor=2),
    "pcap-snaplen": pcap("<", 0xA1B2C3D4, snaplen=20),
    "pcap-null": pcap(">", 0xA1B2C3D4, link=0, packets=(NULL, NULL[::-1])),
    "pcap-cut": pcap("<", 0xA1B2C3D4)[:-5],
    "pcapng-le": pcapng("<"),
    "pcapng-be": pcapng(">"),
    "pcapng-both": pcapng(">") + pcapng("<"),
    "pcapng-cut": pcapng("<")[:-7],
    "gzip": b"\x1f\x8b\x08\0",
}

os.makedirs(FOLDER, exist_ok=True)
for name, data in SEEDS.items():
    with open(os.path.join(FOLDER, name), "wb") as out:
        out.write(data)
