#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every pool of weir driven to its limit: it says so, goes on, repeats, and stays within its budget.

Captures are made by `flood`.  What is measured is the peak of the resident memory of the whole program; what it has
with a small capture (program, ruleset) and the parts of fixed size are allowed on top of `memory`.  Says TAP.
"""
import json
import os
import shutil
import subprocess
import sys
import time

import tap
from tap import run

MIB = 1 << 20
MEMORY = 32 * MIB
# Of docs/configuration.md: the ring of blocks read, and what each worker has beside its pools.
CAPTURE_RING = 15 * MIB // 2
WORKER_FIXED = 7 * MIB

BITS = ''.join('alert udp any any -> any any (msg:"bit"; content:"pair"; flowbits:set,bit%d; noalert; sid:%d;)\n' % (i, i)
               for i in range(100, 140))
COUNTED = ('alert udp any any -> any any (msg:"first of a pair"; content:"hosts"; '
           'threshold:type limit, track by_both, count 1, seconds 3600; sid:1;)\n')
FILTERED = ('drop udp any any -> any any (msg:"many of a pair"; content:"hosts"; '
            'threshold:type both, track by_both, count 1, seconds 3600; sid:2;)\n'
            'alert udp any any -> any any (msg:"more of a pair"; content:"hosts"; '
            'detection_filter:track by_src, count 1, seconds 3600; sid:3;)\n')
LOUD = ('alert udp any any -> any any (msg:"a pair"; content:"hosts"; sid:4;)\n'
        'alert tcp any any -> any any (msg:"a stream"; flow:established; content:"abcdefgh"; sid:5;)\n')

# Name, kinds for flood, rules, options, the counters that must not be 0.
KINDS = [
    ('flows', ['syns', '100000'], '', [], ['flow.emerg_mode_entered', 'tcp.ssn_memcap_drop']),
    ('stream bytes', ['holes', '400'], '', [], ['tcp.segment_memcap_drop']),
    ('records of streams', ['crumbs', '300'], '', [], ['tcp.segment_memcap_drop']),
    ('handshakes', ['answers', '3000'], '', [], []),
    ('datagrams', ['trackers', '5000'], '', ['--set', 'defrag.trackers=500'], ['defrag.max_trackers_reached']),
    ('fragments', ['trackers', '5000'], '', ['--set', 'defrag.max-frags=500'], ['defrag.max_frags_reached']),
    ('bytes of fragments', ['fragments', '150'], '', [], ['defrag.max_frags_reached']),
    ('flowbits', ['pairs', '10000'], BITS, [], []),
    ('thresholds', ['pairs', '20000'], COUNTED, [], []),
    ('thresholds of actions', ['pairs', '20000'], FILTERED, ['--simulate-ips'], []),
]
ALL = ['holes', '400', 'crumbs', '300', 'answers', '3000', 'fragments', '150', 'datagrams', '20', 'shuffled', '200',
       'trackers', '5000', 'pairs', '20000', 'syns', '150000']
# What fits must not be told as if it did not.
SMALL = ['holes', '5', 'crumbs', '5', 'answers', '50', 'fragments', '3', 'datagrams', '10', 'shuffled', '50',
         'trackers', '50', 'pairs', '500', 'syns', '500']


class Budget(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, self.asan = tap.place()
        self.flood = os.environ.get('FLOOD') or os.path.join(tap.BUILD, 'tests', 'run', 'flood')
        os.chdir(self.tmp)
        self.rules = {}

    def capture(self, kinds):
        name = '-'.join(kinds)[:60] + '.pcap'
        if not os.path.exists(name):
            subprocess.run([self.flood, name] + kinds, check=True)
        return name

    def rule_file(self, text):
        name = self.rules.setdefault(text, 'r%d.rules' % len(self.rules))
        return tap.write(name, text or 'alert udp any any -> any any (msg:"none"; content:"never there"; sid:9;)\n')

    def run(self, kinds, rules, *options, workers=2, out='out'):
        """Exit code, peak bytes, the records' bytes, the statistics, what was told."""
        shutil.rmtree(out, ignore_errors=True)
        words = [self.weir, 'run', '-r', self.capture(kinds), '-S', self.rule_file(rules), '-l', out, '-k', 'none',
                 '--set', 'memory=%d' % MEMORY, '--set', 'workers=%d' % workers] + list(options)
        r = run([self.flood, '--peak', 'peak'] + words, timeout=300)
        with open('peak') as f:
            peak = int(f.read() or 0)
        with open(out + '/eve.json', 'rb') as f:
            eve = f.read()
        # The statistics are the last record.
        stats = json.loads(eve[eve.rstrip().rfind(b'\n') + 1:] or '{}')
        wrong = any(text in r.err for text in tap.SANITIZER)
        return 'wrong' if wrong else r.code, peak, eve, stats, r

    def counter(self, stats, name):
        at = stats if name.startswith('weir.') else stats.get('stats', {})
        for part in name.split('.'):
            at = at.get(part, {})
        return at or 0

    def one_by_one(self):
        for name, kinds, rules, options, counters in KINDS:
            code, _, _, stats, text = self.run(kinds, rules, *options)
            seen = {c: self.counter(stats, c) for c in ['weir.limits_reached'] + counters}
            self.ok(code == 0 and all(seen.values()) and 'limits     reached' in text.out,
                    'at the limit: ' + name, code, seen, text)

    def together(self):
        rules = BITS + COUNTED + FILTERED + LOUD
        out = ['--simulate-ips', '--set', 'outputs.1.eve-log.types.0.alert.payload=yes',
               '--set', 'outputs.1.eve-log.types.2.anomaly.types.stream=yes']
        for workers in 1, 2, 3:
            _, base, _, _, _ = self.run(['pairs', '10'], rules, *out, workers=workers)
            code, peak, eve, stats, text = self.run(ALL, rules, *out, workers=workers)
            self.ok(code == 0 and self.counter(stats, 'weir.limits_reached') > 1000,
                    'all at once, %d workers' % workers, code, text)
            again = self.run(ALL, rules, *out, workers=workers)[2]
            self.ok(again == eve, 'the same again')
            if self.asan:
                self.skip('memory within its bounds', 'not under a sanitizer')
                continue
            most = base + MEMORY + CAPTURE_RING + workers * WORKER_FIXED
            print('# %d workers: %.1f MiB at rest, peak %.1f of %.1f MiB' % (workers, base / MIB, peak / MIB, most / MIB))
            self.ok(base + MEMORY / 2 < peak <= most, 'memory within its bounds')
        code, _, eve, stats, text = self.run(SMALL, rules, *out, workers=1)
        self.ok(code == 0 and self.counter(stats, 'weir.limits_reached') == 0, 'what fits reaches no limit', code, text)
        self.ok(self.run(SMALL, rules, *out, workers=3)[2] == eve, 'and is the same with more workers')

    def slow_reader(self):
        """The rings of records fill up: workers wait, nothing is lost."""
        kinds, rules = ['pairs', '20000'], LOUD
        options = ['--set', 'outputs.1.eve-log.types.0.alert.payload=yes', '--set', 'outputs.1.eve-log.types.0.alert.packet=yes']
        eve = self.run(kinds, rules, *options)[2]
        p = subprocess.Popen([self.weir, 'run', '-r', self.capture(kinds), '-S', self.rule_file(rules), '-l', 'out',
                              '-k', 'none', '--set', 'memory=%d' % MEMORY, '--set', 'workers=2', '--set',
                              'outputs.1.eve-log.filename=-'] + options,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(1.5)
        waits = p.poll() is None
        got = p.stdout.read()
        self.ok(waits and p.wait() == 0 and got == eve, 'a slow reader of records is waited for', waits, p.returncode,
                len(got), len(eve))


def main():
    t = Budget()
    try:
        t.one_by_one()
        t.together()
        t.slow_reader()
    finally:
        os.chdir('/')
        shutil.rmtree(t.tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
