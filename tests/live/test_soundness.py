#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What comes in over an interface gives the records that the same packets give when they are read from a file.

Each capture is replayed through a TAP (replay.c) with the plan and release on, and read by `weir run`; alerts and
records must be equal. Twice: with the stock outputs, where flows want everything and only release saves; and with alerts
alone, where the plan saves too. The depth is small, so that there is much to release.

    test_soundness.py                   captures that are shipped or made here: make check
    test_soundness.py --all FOLDER...   besides, each capture below the folders, with the rules and the configuration
                                        that lie beside it (test.rules, config.yaml), else the shipped ones: make check-live
"""
import argparse
import collections
import datetime
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'run'))
import talk  # noqa: E402
from tap import BUILD, DEMO, TOP, Tap, pcap, write  # noqa: E402

REPLAY = os.path.join(BUILD, 'tests', 'live', 'replay')
WEIR = os.environ.get('WEIR') or os.path.join(BUILD, 'weir')
FILES = ['--set', 'classification-file=%s/rules/classification.config' % TOP,
         '--set', 'reference-config-file=%s/rules/reference.config' % TOP]
SKIP = 77
# The largest Ethernet frame that AF_XDP takes without several buffers; what is longer is left out of the capture.
LARGEST = 3514
ALERTS = 'outputs:\n  - eve-log:\n      enabled: yes\n      types:\n        - alert:\n            metadata:\n              flow: no\n'


class Skip(Exception):
    pass


def comparable(path):
    """The records, without what names a packet of the file or a place where it was captured; and of each that is written
    when a flow ends the time of that: the kernel's clock has a grain, so when the last packet that it kept came is known
    to a tick."""
    records, ends = collections.Counter(), collections.defaultdict(list)
    with open(path, 'rb') as f:
        for line in f:
            r = json.loads(line)
            if r['event_type'] == 'stats':
                continue
            for field in ('pcap_cnt', 'flow_id', 'parent_id', 'in_iface', 'pcap_filename'):
                r.pop(field, None)
            r.get('tunnel', {}).pop('pcap_cnt', None)
            # "local" or "capture": who counted.
            r.get('flow', {}).pop('bypass', None)
            # Beside an alert the counters of a direction that the kernel keeps may lag.
            if r['event_type'] != 'flow' and 'flow' in r:
                for field in ('pkts_toserver', 'pkts_toclient', 'bytes_toserver', 'bytes_toclient'):
                    r['flow'].pop(field, None)
            end = None
            if r.get('pkt_src') == 'stream (flow timeout)':
                r.pop('timestamp')
            for kind in ('flow', 'netflow'):
                if r['event_type'] == kind:
                    end = r[kind].pop('end')
                    r[kind].pop('age')
                    r.pop('timestamp')
            text = json.dumps(r, sort_keys=True)
            records[text] += 1
            if end:
                ends[text].append(datetime.datetime.strptime(end, '%Y-%m-%dT%H:%M:%S.%f%z').timestamp())
    return records, ends


TICK = 0.02


def same_ends(a, b):
    return all(abs(x - y) <= TICK for text in a for x, y in zip(sorted(a[text]), sorted(b.get(text, []))))


def run(args, timeout):
    return subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)


class Run:
    """One capture both ways."""

    def __init__(self, tmp, capture, rules, options, more=(), timeout=1800):
        live, file = os.path.join(tmp, 'live'), os.path.join(tmp, 'file')
        for folder in (live, file):
            shutil.rmtree(folder, ignore_errors=True)
        done = run([REPLAY, capture, rules, live] + FILES + options + list(more), timeout)
        if done.returncode == SKIP:
            raise Skip(done.stderr.decode(errors='replace').strip().splitlines()[-1:])
        self.error = done.stderr.decode(errors='replace') if done.returncode else ''
        self.fate = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        read = run([WEIR, 'run', '-r', capture, '-S', rules, '-l', file, '--set', 'workers=1'] + FILES + options, timeout)
        if read.returncode or not os.path.exists(file + '/eve.json'):
            raise Skip('weir run: %s' % read.stderr.decode(errors='replace')[-200:])
        self.live = self.file = collections.Counter()
        self.ends = True
        if not done.returncode:
            self.live, a = comparable(live + '/eve.json')
            self.file, b = comparable(file + '/eve.json')
            self.ends = same_ends(a, b)

    def good(self):
        return not self.error and self.live == self.file and self.ends

    def why(self):
        yield self.error
        yield self.fate
        if not self.ends:
            yield 'flows end at other times'
        for name, only in (('interface', self.live - self.file), ('file', self.file - self.live)):
            yield '%d records of the %s alone' % (sum(only.values()), name)
            yield from list(only)[:3]


def fitting(path, tmp):
    """A pcap file of Ethernet with the packets that a TAP takes: the file itself, or a copy; None: another kind of file."""
    with open(path, 'rb') as f:
        data = f.read()
    order = {b'\xd4\xc3\xb2\xa1': '<', b'\x4d\x3c\xb2\xa1': '<', b'\xa1\xb2\xc3\xd4': '>', b'\xa1\xb2\x3c\x4d': '>'}.get(data[:4])
    if not order or struct.unpack_from(order + 'I', data, 20)[0] & 0xffff != 1:
        return None
    at, kept, left_out = 24, [data[:24]], 0
    while at + 16 <= len(data):
        end = at + 16 + struct.unpack_from(order + 'I', data, at + 8)[0]
        # A TAP takes no frame without a whole header.
        if 14 <= end - at - 16 <= LARGEST:
            kept.append(data[at:end])
        else:
            left_out += 1
        at = end
    if not left_out:
        return path
    return write(os.path.join(tmp, 'fitting.pcap'), b''.join(kept)) if len(kept) > 1 else None


def shipped(tmp):
    """(name, capture, rules) of what is at hand everywhere."""
    rules = os.path.join(tmp, 'shipped.rules')
    with open(rules, 'wb') as out:
        for name in sorted(os.listdir(TOP + '/rules')):
            if name.endswith('.rules'):
                with open(os.path.join(TOP, 'rules', name), 'rb') as f:
                    out.write(f.read())
    own = write(os.path.join(tmp, 'own.rules'), talk.RULES)
    # Rules on decoder events want every packet.
    few = write(os.path.join(tmp, 'few.rules'), ''.join(r + '\n' for r in talk.RULES.splitlines() if 'decode-event' not in r))
    yield 'demo', DEMO, rules
    yield 'demo, few rules', DEMO, own
    yield 'talk', write(os.path.join(tmp, 'talk.pcap'), pcap(talk.many(8, 40000))), own
    yield 'talk, few rules', os.path.join(tmp, 'talk.pcap'), few
    yield 'talk, shipped rules', os.path.join(tmp, 'talk.pcap'), rules
    yield 'scans', write(os.path.join(tmp, 'scans.pcap'), pcap(talk.scans())), own
    yield 'upload', write(os.path.join(tmp, 'upload.pcap'), pcap(upload())), own


WATCH = """outputs:
  - eve-log:
      enabled: yes
      types:
        - anomaly:
            types:
              decode: no
              stream: no
              applayer: no
              watch: yes
"""


def counted(t, tmp):
    """Where the plan keeps probes in the kernel, the program's counts tell the scans."""
    config = write(os.path.join(tmp, 'watch.yaml'), WATCH)
    rules = write(os.path.join(tmp, 'one.rules'), 'alert tcp any any -> any 80 (content:"needle"; sid:1;)\n')
    r = Run(tmp, os.path.join(tmp, 'scans.pcap'), rules, ['-k', 'none', '-c', config])
    told = {}
    for text in r.live:
        e = json.loads(text)
        if e.get('anomaly', {}).get('type') == 'watch':
            told[e['anomaly']['event']] = e['src_ip']
    expected = {kind: '10.0.%d.%d' % (who >> 8 & 255, who & 255) for kind, who in talk.SCANNERS.items()}
    t.ok(not r.error and r.fate.get('unwanted', 0) >= 80, 'probes are kept in the kernel', *r.why())
    t.ok(told == expected, 'and the scans are told all the same', told, *r.why())


def upload():
    """A file that is cut by the depth while nobody answers: its record is due when packets may be kept already."""
    t = talk.Talk()
    t.say(0, b'POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 60000\r\n\r\n' + b'x' * 3000)
    t.seq[0] += 2000
    for _ in range(6):
        t.put(0, talk.PSH | talk.ACK, b'y' * talk.MSS)
        t.seq[0] += talk.MSS
        t.at += 500000
    t.put(1, talk.ACK)
    t.at += 2000000
    t.put(0, talk.PSH | talk.ACK, b'z' * talk.MSS)
    t.seq[0] += talk.MSS
    t.at += 2000000
    t.put(1, talk.ACK)
    return t.packets


def below(folder, tmp):
    none = write(os.path.join(tmp, 'none.rules'), '')
    for where, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if not name.endswith(('.pcap', '.cap')):
                continue
            capture = os.path.join(where, name)
            fits = fitting(capture, tmp)
            if not fits:
                continue
            rules = os.path.join(where, 'test.rules')
            config = os.path.join(where, 'config.yaml')
            yield (os.path.relpath(capture, folder), fits, rules if os.path.exists(rules) else none,
                   ['-c', config] if os.path.exists(config) else [])


class Sums(collections.Counter):
    def add(self, r):
        for key in ('packets', 'released', 'unwanted', 'flows', 'shadow', 'wrong'):
            self[key] += r.fate.get(key, 0)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--all', nargs='+', default=[], metavar='FOLDER')
    p.add_argument('--seconds', type=float, help='stop after so long')
    opts = p.parse_args()
    t, tmp = Tap(), tempfile.mkdtemp(prefix='weir-live-')
    sums, start = Sums(), time.monotonic()
    alerts = write(os.path.join(tmp, 'alerts.yaml'), ALERTS)
    # How many packets come up decides what a sample of checksums says.
    small = ['-k', 'none', '--set', 'stream.reassembly.depth=4kb']
    try:
        for name, capture, rules in shipped(tmp):
            for what, options, more in (('stock outputs', small, ()), ('alerts alone', small + ['-c', alerts], ()),
                                        ('AF_PACKET', small, ('--packet',)), ('shadow', small, ('--shadow',)),
                                        ('shadow, alerts alone', small + ['-c', alerts], ('--shadow',))):
                r = Run(tmp, capture, rules, options, more)
                sums.add(r)
                t.ok(r.good(), '%s: %s' % (name, what), *r.why())
        counted(t, tmp)
        t.ok(sums['released'] > sums['packets'] / 10 and sums['unwanted'] > 100,
             'release and the plan each kept a part', dict(sums))
        t.ok(sums['shadow'] > sums['packets'] / 20 and not sums['wrong'],
             'of what the kernel would keep nothing is inspected', dict(sums))
        for folder in opts.all:
            good = bad = left = 0
            for name, capture, rules, options in below(folder, tmp):
                if opts.seconds and time.monotonic() - start > opts.seconds:
                    left += 1
                    continue
                for more in ([], ['-c', alerts]):
                    if more and options:
                        continue
                    try:
                        r = Run(tmp, capture, rules, small + options + more)
                    except Skip:
                        continue
                    sums.add(r)
                    good, bad = good + r.good(), bad + (not r.good())
                    if not r.good():
                        t.ok(False, '%s: %s' % (name, 'alerts alone' if more else 'stock outputs'), *r.why())
            t.ok(good and not bad, '%s: %d runs equal, %d not, %d captures left out for want of time' % (folder, good, bad, left),
                 dict(sums))
    except Skip as e:
        print('1..0 # SKIP %s' % e)
        return 0
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
