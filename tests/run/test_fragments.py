#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fragments of every kind, in any order, of few datagrams, so that what is sent over others, comes twice, late or with other
headers is joined with what it was not made for; in tunnels, with tunnels inside, between plain packets.  Whatever becomes of
them, records and counters are the same for any number of workers.  Says TAP."""
import os
import random
import shutil
import struct
import subprocess

from tap import Tap, of_type, pcap, place, records

START = 1700000000
HOSTS = 4
RULES = '''alert udp any any -> any any (msg:"inside"; content:"needle"; sid:1;)
alert icmp any any -> any any (msg:"echo"; content:"needle"; sid:2;)
alert tcp any any -> any any (msg:"segment"; content:"needle"; sid:3;)
'''
CONFIG = '''outputs:
  - eve-log: {enabled: yes, types: [alert, anomaly, flow, stats]}
'''


def udp(sport, dport, data):
    return struct.pack('>HHHH', sport, dport, 8 + len(data), 0) + data


def ip4(r, proto, data, ident=0, fragment=0, options=b'', hosts=None):
    a, b = hosts or r.sample(range(HOSTS), 2)
    length = 20 + len(options) + len(data)
    return struct.pack('>BBHHHBBHII', 0x40 | (20 + len(options)) // 4, 0, length, ident, fragment, 64, proto, 0,
                       0x0a000000 + a, 0x0a000000 + b) + options + data


def ip6(r, after, data, hosts=None):
    a, b = hosts or r.sample(range(HOSTS), 2)
    return struct.pack('>IHBB', 6 << 28, len(data), after, 64) + (0x20010db8 << 96 | a).to_bytes(16, 'big') + \
        (0x20010db8 << 96 | b).to_bytes(16, 'big') + data


def payload(r, depth=0):
    """What a datagram holds: protocol, bytes."""
    text = b'needle' + bytes(r.randrange(256) for _ in range(r.randrange(60)))
    kind = r.randrange(12)
    if kind < 5 or depth > 1:
        return 17, udp(r.choice((53, 4789, 5353)), r.choice((1000, 1001)), text)
    inner = ip4(r, *payload(r, depth + 1))
    if kind < 8:
        return 17, udp(999, 4789, b'\x08' + b'\0' * 7 + b'\2' * 12 + b'\x08\0' + inner)
    if kind == 8:
        return r.choice(((4, inner), (47, b'\0\0\x08\0' + inner)))
    if kind == 9:
        return 1, b'\3\1\0\0\0\0\0\0' + inner
    if kind == 10:
        return 6, struct.pack('>HHIIBBHHH', 1000, 80, 1, 0, 0x50, 2, 1000, 0, 0) + text
    return r.choice((1, 44, 50, 103)), b'\x08\0\0\0' + text


def pieces(r, data):
    """(offset, bytes, more)"""
    out, at, size = [], 0, r.choice((8, 24, 24, 24, 40, 48))
    while at < len(data):
        out.append((at, data[at:at + size], at + size < len(data)))
        at += size
    return out


def fragment6(ident, proto, piece):
    at, part, more = piece
    return bytes([proto, 0]) + struct.pack('>HI', at | more, ident) + part


def datagram(r, hosts, ident, v6):
    """Frames of a datagram."""
    proto, data = payload(r)
    if v6 and r.random() < 0.1:
        # A fragment of one, whole itself.
        proto, data = 44, fragment6(ident ^ 1, proto, r.choice(pieces(r, data)))
    if not v6:
        return [[0x0800, ip4(r, proto, part, ident, at // 8 | more << 13, b'\1' * 4 if r.random() < 0.05 else b'', hosts)]
                for at, part, more in pieces(r, data)]
    frames = []
    for piece in pieces(r, data):
        after, body = 44, fragment6(ident, proto, piece)
        if r.random() < 0.3:
            after, body = 0, b'\x2c\0\x01\4\0\0\0\0' + body
        elif r.random() < 0.01:
            after, body = 60, b'\x2c\0\x01\4\0\0\0\0' + body
        frames.append([0x86dd, ip6(r, after, body, hosts)])
    return frames


def group(r, ident, mess, odd):
    """Datagrams that may be taken for one another."""
    hosts, v6, frames = r.sample(range(HOSTS), 2), r.random() < 0.4, []
    for _ in range(r.randrange(1, 6)):
        some = datagram(r, hosts, ident ^ (r.random() < 0.2), v6)
        if r.random() < mess:
            r.shuffle(some)
        if r.random() < mess:
            some.append(r.choice(some))
        if r.random() < mess:
            some.pop(r.randrange(len(some)))
        if odd and not v6 and r.random() < 0.3:
            some = [[0x8847, b'\0\0\1\x40' + packet] for _, packet in some][:r.randrange(1, 3)]
        frames += some
        if r.random() < 0.5:
            frames.append([0x0800, ip4(r, *payload(r))])
    return frames


def link(r, kind, packet):
    tag = struct.pack('>HH', 0x8100, r.choice((1, 2))) if r.random() < 0.1 else b''
    return b'\2' * 12 + tag + struct.pack('>H', kind) + packet


def traffic(seed):
    r = random.Random(seed)
    odd, mess, late = seed % 3 == 0, r.choice((0.02, 0.1, 0.4)), r.choice((0, 0, 0.02, 0.2))
    now, out = 0, []
    for ident in range(0, 500, 2):
        for kind, packet in group(r, ident, mess, odd):
            now += 1 if r.random() < 0.99 else 900000
            if r.random() < late:
                now += 70000000
            at = now - (1500000 if r.random() < late and now > 2000000 else 0)
            out.append((START + at // 1000000, at % 1000000, link(r, kind, packet)))
            if r.random() < mess / 4 and len(out) > 3:
                out.insert(-r.randrange(1, 4), out.pop())
    return out


def run(weir, tmp, capture, workers, policy):
    out = os.path.join(tmp, 'out')
    os.mkdir(out)
    subprocess.run([weir, 'run', '-r', capture, '-l', out, '-c', tmp + '/config', '-S', tmp + '/rules.rules', '-k', 'none',
                    '--set', 'workers=%d' % workers, '--set', 'host-os-policy.%s.0=0.0.0.0/0' % policy,
                    '--set', 'host-os-policy.%s.1=::/0' % policy], check=True, stdout=subprocess.DEVNULL, timeout=120)
    with open(out + '/eve.json', 'rb') as f:
        eve = f.read()
    stats = of_type(records(out + '/eve.json'), 'stats')[-1]['stats']
    shutil.rmtree(out)
    return eve, stats


def main():
    t = Tap()
    tmp, weir, _ = place()
    joined = 0
    try:
        for name, text in (('config', '%YAML 1.1\n---\n' + CONFIG), ('rules.rules', RULES)):
            with open(os.path.join(tmp, name), 'w') as f:
                f.write(text)
        for seed in range(int(os.environ.get('WEIR_FRAGMENT_ROUNDS', '36'))):
            capture, policy = os.path.join(tmp, 'in.pcap'), ('bsd', 'linux', 'last', 'windows')[seed % 4]
            with open(capture, 'wb') as f:
                f.write(pcap(traffic(seed)))
            one, stats = run(weir, tmp, capture, 1, policy)
            joined += stats['defrag']['ipv4']['reassembled'] + stats['defrag']['ipv6']['reassembled']
            wrong = []
            for workers in (2, 3, 5):
                eve, _ = run(weir, tmp, capture, workers, policy)
                if eve != one:
                    a, b = one.splitlines(), eve.splitlines()
                    wrong += ['%d workers' % workers] + [x for p in zip(a, b) if p[0] != p[1] for x in p][:4]
            t.ok(not wrong, 'traffic %d is the same for any number of workers' % seed, *wrong)
        t.ok(joined > 1000, '%d datagrams were joined' % joined)
    finally:
        shutil.rmtree(tmp)
    return t.done()


if __name__ == '__main__':
    raise SystemExit(main())
