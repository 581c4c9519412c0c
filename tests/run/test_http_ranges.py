#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are fetched in parts are joined: in any order, over several connections, with parts that overlap. Says TAP."""
import hashlib
import os
import random
import sys

import tap
from talk import Talk
from tap import of_type, run

SIZE = 60000
NEEDLE = b'needle in two parts'
CUT = 20000
CONFIG = '''%YAML 1.1
---
outputs:
  - eve-log:
      enabled: yes
      types: [alert, stats, {files: {force-hash: [sha256]}}]
  - file-store: {version: 2, enabled: yes}
'''
RULES = '''alert http any any -> any any (file.data; content:"needle in two parts"; sid:1;)
alert http any any -> any any (flow:to_client; http.stat_code; content:"206"; filestore; sid:2;)
'''


def part(c, body, first, last, path='/a.bin', host='example.org', size=None, lie=0):
    c.say(0, b'GET %s HTTP/1.1\r\nHost: %s\r\nRange: bytes=%d-%d\r\n\r\n' % (path.encode(), host.encode(), first, last))
    data = body[first:last + 1 - lie]
    c.say(1, b'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n' %
          (first, last, size or len(body), len(data)) + data)


def read(weir, talks, *options):
    for c in talks:
        c.close(0)
    tap.write('in.pcap', tap.pcap(sorted(sum((c.packets for c in talks), []), key=lambda p: p[:2])))
    if os.path.exists('eve.json'):
        os.unlink('eve.json')
    r = run([weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-c', 'c.yaml', '-l', '.', *options])
    found = tap.records('eve.json')
    return [e['fileinfo'] for e in of_type(found, 'fileinfo') if 'start' not in e['fileinfo']], found, r


def main():
    t = tap.Tap()
    tmp, weir, _ = tap.place()
    os.chdir(tmp)
    body = bytearray(random.Random(1).randbytes(SIZE))
    body[CUT - 9:CUT - 9 + len(NEEDLE)] = NEEDLE
    body = bytes(body)
    whole = hashlib.sha256(body).hexdigest()
    tap.write('c.yaml', CONFIG)
    tap.write('t.rules', RULES)

    # Two connections, one after the other; the parts in no order, two of them overlap.
    a, b = Talk(port=2000, start=0), Talk(port=2001, start=100000)
    part(a, body, 40000, 59999)
    part(a, body, 0, CUT - 1)
    part(b, body, CUT, 30000)
    part(b, body, 29000, 39999)
    files, found, r = read(weir, [a, b])
    t.ok([(f['size'], f['state'], f.get('sha256')) for f in files] == [(SIZE, 'CLOSED', whole)], 'the whole has its record and digest', files, r)
    sids = [e['alert']['signature_id'] for e in of_type(found, 'alert')]
    t.ok(sids.count(1) == 1, 'what two parts share out is found', sids)
    t.ok(os.path.exists('filestore/%s/%s' % (whole[:2], whole)), 'the whole is stored', os.listdir('.'))

    for name, talks in (('without a part', [(0, 19999), (20001, 59999)]), ('with a part that is cut', [(0, 29999, 10), (30000, 59999)])):
        c = Talk(port=2002)
        for p in talks:
            part(c, body, p[0], p[1], lie=p[2] if len(p) > 2 else 0)
        files, _, r = read(weir, [c])
        t.ok(not files, name + ' there is no whole', files, r)

    a, b = Talk(port=2003), Talk(port=2004, start=70 * 1000000)
    part(a, body, 0, 29999)
    part(b, body, 30000, 59999)
    files, _, r = read(weir, [a, b])
    t.ok(not files, 'a file is forgotten', files)
    for c in (a, b):
        del c.packets[-3:]
    files, _, r = read(weir, [a, b], '--set', 'app-layer.protocols.http.byterange.timeout=100')
    t.ok(len(files) == 1, 'when its time is over', files, r)

    a, b = Talk(port=2005), Talk(port=2006, start=100000, server=0x0a000009)
    part(a, body, 0, 29999)
    part(b, body, 30000, 59999)
    c = Talk(port=2007, start=200000)
    part(c, body, 0, 29999, path='/b.bin')
    part(c, body, 30000, 59999, path='/b.bin', host='example.net')
    files, _, r = read(weir, [a, b, c])
    t.ok(not files, 'other servers, hosts and paths are other files', files, r)

    # More parts and files than are kept: nothing breaks, and it is told.
    c = Talk(port=2008)
    for i in range(1100):
        part(c, body, 0, 9)
    for i in range(70):
        part(c, body, 0, 9, path='/%d.bin' % i)
    part(c, body, 0, 29999, path='/b.bin')
    part(c, body, 30000, 59999, path='/b.bin')
    files, found, r = read(weir, [c])
    t.ok([f['filename'] for f in files] == ['/b.bin'], 'behind too many parts there is a whole', files, r)
    stats = of_type(found, 'stats')
    t.ok(stats[0].get('weir', {}).get('limits_reached', 0) or 'limits_reached' in str(stats[0]), 'that a limit was reached is told', stats)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
