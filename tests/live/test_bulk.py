#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bulk TCP past the stream's depth: at least nine of ten bytes never leave the kernel, and alerts and flow records are
those of the file.

    test_bulk.py [MEGABYTES [FLOWS]]    of each download; 4 and 8 in make check, 50 and 8 in make check-live
"""
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'run'))
sys.path.insert(0, HERE)
import talk  # noqa: E402
from tap import Tap, pcap, write  # noqa: E402
from test_soundness import Run, Skip  # noqa: E402

RULES = '''alert tcp any any -> any any (flow:established; content:"needle"; sid:1;)
alert tcp any any -> any any (flow:established,to_server; content:"GET /"; startswith; sid:2;)
alert tcp any any -> any any (flags:S,12; sid:3;)
alert ip any any -> 10.0.1.1 any (sid:4;)
alert tcp any any -> any any (flow:to_server; dsize:>1300; sid:5;)
'''
DEPTH = 128 * 1024


def downloads(flows, size):
    """Packets of that many downloads at the same time; a request before each and one after it."""
    packets = []
    for i in range(flows):
        t = talk.Talk(3000 + i, i, 0x0a000001 + i, 0x0a000101, check=False, step=flows)
        t.say(0, b'GET /1 needle\r\n')
        t.say(1, b'needle' + bytes(size))
        t.say(0, b'GET /2 needle\r\n')
        t.say(1, b'needle, and no more')
        t.close(i % 3)
        packets += t.packets
    return sorted(packets, key=lambda p: p[:2])


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    flows = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    t, tmp = Tap(), tempfile.mkdtemp(prefix='weir-bulk-')
    depth = DEPTH if megabytes < 50 else 1024 * 1024
    try:
        packets = downloads(flows, megabytes << 20)
        capture = write(tmp + '/bulk.pcap', pcap(packets))
        rules = write(tmp + '/bulk.rules', RULES)
        r = Run(tmp, capture, rules, ['-k', 'none', '--set', 'stream.reassembly.depth=%d' % depth])
        t.ok(r.good(), 'alerts and flow records are those of the file', *r.why())
        t.ok(r.fate.get('kept_bytes', 0) >= 0.9 * r.fate.get('bytes', 1),
             '%d downloads of %d MB: at least 90 %% of the bytes never leave the kernel' % (flows, megabytes), r.fate)
        kinds = [json.loads(x)['event_type'] for x in r.live.elements()]
        t.ok(kinds.count('flow') == flows and kinds.count('alert') > 3 * flows, 'there is something to compare', kinds)
        t.ok(r.fate.get('flows') == flows and r.fate.get('kept') == r.fate.get('released'),
             'what the kernel kept is in the records', r.fate)
        print('# %s' % r.fate)
    except Skip as e:
        print('1..0 # SKIP %s' % e)
        return 0
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
