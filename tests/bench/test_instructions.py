#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a packet costs in instructions, against instructions.json: a change that costs a fifth more is a failure.

valgrind counts the instructions of a capture read once and eleven times, so that starting is not part of it; the count is the
same whatever else the machine does.  It has no AVX-512, so literals are searched for as on processors without.  Where a fifth less is enough the line says so, and the number in the file is to be lowered.
Says TAP."""
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'run'))
import tap  # noqa: E402

SLACK = 0.2
PASSES = 11


def count(walk, capture, passes):
    """Instructions and packets."""
    rules = os.path.join(tap.TOP, 'rules')
    done = subprocess.run(
        ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', '--vgdb=no', walk, os.path.join(rules, 'weir.rules'),
         capture, str(passes), 'classification-file=%s/classification.config' % rules,
         'reference-config-file=%s/reference.config' % rules, 'detect.sgh-mpm-caching=no'],
        capture_output=True, text=True, timeout=300)
    collected = re.search(r'Collected : (\d+)', done.stderr)
    packets = re.search(r'^(\d+) packets', done.stdout)
    if done.returncode or not collected or not packets:
        raise RuntimeError('%d\n%s\n%s' % (done.returncode, done.stdout, done.stderr))
    return int(collected[1]), int(packets[1])


def why_not(walk):
    if not shutil.which('valgrind'):
        return 'valgrind is not installed'
    if os.uname().machine != 'x86_64':
        return 'the numbers are of x86-64'
    with open(walk, 'rb') as f:
        program = f.read()
    if b'__asan_init' in program or b'__ubsan_handle' in program:
        return 'a sanitizer has instructions of its own'
    if b'GCC: (Debian 12' not in program:
        return 'the numbers are of the compiler of Debian 12'
    return None


def main():
    t = tap.Tap()
    walk = os.path.join(tap.BUILD, 'tests', 'bench', 'walk')
    with open(os.path.join(HERE, 'instructions.json')) as f:
        known = json.load(f)
    reason = why_not(walk)
    if reason:
        print('1..0 # SKIP ' + reason)
        return 0
    for name, before in sorted(known.items()):
        capture = os.path.join(tap.TOP, 'tests', 'pcap', name + '.pcap')
        try:
            one, few = count(walk, capture, 1)
            more, many = count(walk, capture, PASSES)
        except (RuntimeError, subprocess.TimeoutExpired) as e:
            t.ok(False, name + ': counted', e)
            continue
        now = (more - one) / (many - few)
        t.ok(now <= before * (1 + SLACK), '%s: %.0f instructions a packet, %d before' % (name, now, before),
             'a fifth more than tests/bench/instructions.json says')
        if now < before * (1 - SLACK):
            print('# %s: lower the number in tests/bench/instructions.json to %.0f' % (name, now))
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
