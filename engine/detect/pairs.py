#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make pairs.c: how often each pair of bytes stands in traffic.

usage: pairs.py CAPTURE... > pairs.c

Counts byte pairs in the packets of pcap files (link headers skipped by
their usual length), each capture with the same weight, ASCII letters folded
to lower case.  A pair's rank is minus the base-2 logarithm of its share, in half
bits, held to one printable character.
"""
import struct
import sys


def packets(path):
    data = open(path, "rb").read()
    magic = data[:4]
    if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        order = "<"
    elif magic in (b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d"):
        order = ">"
    else:
        return
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        yield data[at + 16 + 54:at + 16 + length]
        at += 16 + length


def main():
    import math
    from collections import Counter
    fold = bytes(b + 32 if 65 <= b <= 90 else b for b in range(256))
    share = [0.0] * 65536
    for path in sys.argv[1:]:
        count = Counter()
        for p in packets(path):
            p = p[:1500].translate(fold)
            count.update(zip(p, p[1:]))
        total = sum(count.values())
        if total < 200:
            continue
        for (a, b), n in count.items():
            share[a << 8 | b] += n / total
    whole = sum(share) or 1.0
    floor = 1e-8
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by engine/detect/pairs.py; do not edit. */")
    print('#include "engine/detect/pattern.h"\n')
    print("/* Rank of the pair (row, column): '0' + half bits of rarity; rare is high. */")
    print("/* clang-format off */")
    print("const char pattern_pairs[256][257] = {")
    for a in range(256):
        row = ""
        for b in range(256):
            la, lb = fold[a], fold[b]
            s = share[la << 8 | lb] / whole
            rank = int(round(-2 * math.log2(s + floor)))
            row += chr(48 + max(0, min(rank, 54)))
        row = row.replace("\\", "[").replace("?", ">")  # no escapes, no trigraphs
        print('\t"%s",' % row)
    print("};")
    print("/* clang-format on */")


main()
