#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""record.py [CASE...]: ask a real Linux host what it reads of each case; writes cases/CASE.pcap and cases/SEEN.

record.py --overlaps: ask it for each row of docs/overlaps.txt, and compare.

Needs root.  What is recorded is in the tree; run it when a case is added, or for a new kernel.
"""
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)

from cases import CASES  # noqa: E402
from host import Host  # noqa: E402
from talk import Talk  # noqa: E402

FIRST_PORT = 2000


def load(path):
    seen = {}
    if os.path.exists(path):
        for line in open(path):
            words = line.split()
            if words and words[0] != '#':
                seen[words[0]] = words[1]
    return seen


def record(host, name, port):
    function, _, how = CASES[name]
    talk = Talk(host, port, **how)
    host.record(os.path.join(HERE, 'cases', name + '.pcap'))
    host.receive(0.02)
    if 'reading' in how:
        # Linux as it runs here has no such tunnel: what counts is what the RFC says.
        function(talk)
        host.record(None)
        return list(how['reading'])
    function(talk)
    host.receive(0.03)
    host.deaf = False
    got = host.read('udp' if how.get('udp') else 'tcp', port, 0.5)
    if not how.get('udp'):
        # Whatever is left of it goes.
        host.record(None)
        for ahead in range(0, 12):
            talk.packet(4, seq=talk.isn + 1 + ahead, ack=0)
        got = got or host.read('tcp', port, 0.5)
    host.record(None)
    return got


def main():
    os.makedirs(os.path.join(HERE, 'cases'), exist_ok=True)
    path = os.path.join(HERE, 'cases', 'SEEN')
    seen = load(path)
    host = Host()
    try:
        if sys.argv[1:] == ['--overlaps']:
            return overlaps(host)
        for i, name in enumerate(CASES):
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            got = record(host, name, FIRST_PORT + i)
            seen[name] = ','.join(g.hex() for g in got if g) or '-'
            print('%-40s %s' % (name, got))
    finally:
        host.close()
    with open(path, 'w') as out:
        out.write('# What the application of a Linux host (%s) read of each case; -: nothing.  Made by record.py.\n' %
                  '.'.join(os.uname().release.split('.')[:2]))
        for name in CASES:
            if name in seen:
                out.write('%s %s\n' % (name, seen[name]))
    return 0


def overlaps(host):
    """The columns of Linux in docs/overlaps.txt."""
    bad = count = 0
    rows = open(os.path.join(HERE, '..', '..', 'docs', 'overlaps.txt')).read().split('\nsegments')[1].splitlines()[1:]
    for i, row in enumerate(rows):
        words = row.split()
        segments = [tuple(int(n) for n in w.split('-')) for w in words if '-' in w]
        for hole, wanted in ((1, words[-2]), (0, words[-1])):
            talk = Talk(host, 2000 + 2 * i + hole)
            talk.open()
            for k, (first, last) in enumerate(segments):
                talk.data(first + hole, bytes([65 + k]) * (last + 1 - first))
            if hole:
                talk.data(0, b'-')
            talk.close(len(wanted) + hole)
            got = host.read('tcp', talk.port)
            count += 1
            if [g[hole:].decode() for g in got] != [wanted]:
                bad += 1
                print('%s, hole %d: the host read %s' % (row, hole, got))
    print('%d of %d arrangements as the host has them' % (count - bad, count))
    return 1 if bad else 0


sys.exit(main())
