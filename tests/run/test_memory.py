#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `weir check --memory` tells before a run against what the run takes: after load, and with every pool full.

Once rules are loaded the run waits at a pipe for its first packet, and is looked at there.  The pools are filled by a
capture that `flood` makes, under a budget that is too small for it.  Says TAP.
"""
import os
import re
import shutil
import subprocess
import sys
import time

import tap

MIB = 1 << 20
RULES = 5000
# What the run may have after load beside what was told: its threads, buffers of files, what the heap keeps.
MARGIN = 8 * MIB
FLOOD = ['holes', '400', 'crumbs', '300', 'answers', '3000', 'fragments', '150', 'datagrams', '20', 'shuffled', '200',
         'trackers', '5000', 'pairs', '20000', 'syns', '150000']


def resident(pid):
    with open('/proc/%d/statm' % pid) as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGESIZE')


def opened(pid, path):
    for fd in os.listdir('/proc/%d/fd' % pid):
        try:
            if os.path.samefile('/proc/%d/fd/%s' % (pid, fd), path):
                return True
        except OSError:
            pass
    return False


def loaded(words, path):
    """Resident bytes of a run that waits for its first packet."""
    os.mkfifo(path)
    hold = os.open(path, os.O_RDWR)
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while child.poll() is None and not opened(child.pid, path):
        time.sleep(0.01)
    if child.poll() is None:
        time.sleep(0.3)
    bytes_now = resident(child.pid) if child.poll() is None else 0
    child.kill()
    child.wait()
    os.close(hold)
    return bytes_now


def main():
    t = tap.Tap()
    tmp, weir, asan = tap.place()
    flood = os.environ.get('FLOOD') or os.path.join(tap.BUILD, 'tests', 'run', 'flood')
    os.chdir(tmp)
    try:
        rules = tap.write('m.rules', ''.join(
            'alert tcp any any -> any any (msg:"r%d"; content:"text number %d"; pcre:"/a%d[0-9]+b/"; sid:%d;)\n' % (
                i, i * 7919, i, i) for i in range(1, RULES)))
        settings = ['--set', 'memory=%d' % (64 * MIB), '--set', 'workers=2']
        said = tap.run([weir, 'check', '--memory', rules] + settings)
        told = {m[0].strip(): float(m[1]) * MIB for m in re.findall(r'^([a-zA-Z ,]+?)\s+([0-9.]+)\b', said.out, re.M)}
        t.ok(said.code == 0 and {'after load', 'rules', 'pools, full', 'all of it'} <= set(told), 'a table by part', said)
        t.ok(re.search(r'flows +[0-9.]+ +[0-9,]+ flows, of [0-9,]+ by default', said.out), 'what was cut is told', said)
        t.ok(told['pools, full'] <= 64 * MIB, 'the pools are within the budget', said)
        run = [weir, 'run', '-S', rules, '-l', 'out', '-k', 'none'] + settings
        subprocess.run([flood, 'all.pcap'] + FLOOD, check=True)
        if asan:
            t.skip('after load', 'not under a sanitizer')
            t.skip('at most', 'not under a sanitizer')
        else:
            now = loaded(run + ['-r', 'pipe'], 'pipe')
            print('# after load: told %.1f MiB, is %.1f' % (told['after load'] / MIB, now / MIB))
            t.ok(abs(now - told['after load']) <= MARGIN, 'after load as told', now, told)
            r = tap.run([flood, '--peak', 'peak'] + run + ['-r', 'all.pcap'], timeout=300)
            with open('peak') as f:
                peak = int(f.read())
            print('# at most: told %.1f MiB, peak %.1f' % (told['all of it'] / MIB, peak / MIB))
            t.ok(r.code == 0 and told['all of it'] * 0.6 <= peak <= told['all of it'], 'the peak as told', r)
            t.ok('memory     less than by default: flows ' in r.out, 'the run says what it gave up', r)
    finally:
        os.chdir('/')
        shutil.rmtree(tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
