#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `weir check --memory` tells before a run against what the run takes: after load, and with every pool full; and
against what the run itself tells, part by part (`stats.memory`).

Once rules are loaded the run waits at a pipe for its first packet, and is looked at there.  The pools are filled by a
capture that `flood` makes, under a budget that is too small for it.  Says TAP.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

import tap

try:
    import jsonschema
except ImportError:
    jsonschema = None

MIB = 1 << 20
RULES = 5000
POOLS = ('flows', 'sessions', 'streams', 'fragments', 'app', 'detect', 'thresholds', 'watch')
# What is the same before and in a run, to the byte.
FIXED = ('captures', 'outputs', 'workers')
# What the run may have after load beside what was told: its threads, buffers of files, what the heap keeps.
MARGIN = 8 * MIB
# Machine code of regexes: what is told has all of it, and a run on files makes each when it is first matched.
LATER = 4 * MIB
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


def last_stats(path):
    """Of a run on files: the last record."""
    with open(path, 'rb') as f:
        return json.loads(f.read().splitlines()[-1])


def complaints(record):
    """By Weir's own schema, which is closed, and by the one that WEIR_EVE_SCHEMA names, which has no place for `weir`."""
    own, other = os.path.join(tap.TOP, 'docs', 'eve.schema.json'), os.environ.get('WEIR_EVE_SCHEMA')
    bad = []
    for path, what in (own, record), (other, {k: v for k, v in record.items() if k != 'weir'}):
        if path:
            with open(path) as f:
                bad += [e.message for e in jsonschema.Draft202012Validator(json.load(f)).iter_errors(what)]
    return bad


def as_json(t, weir, rules, settings, table, asan):
    """The table as one object: the same numbers, and they add up."""
    said = tap.run([weir, 'check', '--memory', '--json', rules] + settings)
    lines = said.out.splitlines()
    if not t.ok(said.code == 0 and len(lines) == 1, 'one object', said):
        return None
    told = json.loads(lines[0])
    parts = {p['part']: p['bytes'] for p in told['parts']}
    t.ok(set(parts) == set(POOLS + FIXED + ('program', 'rules', 'rings', 'released')), 'every part is there', told)
    t.ok(sum(parts.values()) == told['total'] and parts['program'] + parts['rules'] == told['loaded'], 'they add up', told)
    t.ok(told['limit'] == table['limit'] and sum(parts[p] for p in POOLS) <= told['limit'], 'the pools keep to the limit',
         told)
    t.ok(parts['rings'] == parts['released'] == 0 and told['interfaces'] == [], 'no interface, no rings', told)
    # A sanitizer keeps what was freed.
    t.ok(asan or abs(told['total'] - table['all of it']) < MARGIN, 'and the table says the same', told, table)
    cut = [p for p in told['parts'] if 'usual' in p and p['holds'] < p['usual']]
    t.ok(len(cut) >= 5, 'what was cut is told', told)
    return told, parts


def run_tells(t, run, capture, told, parts, name, full, asan):
    """weir.memory of a run, against what was told before."""
    r = tap.run(run + ['-r', capture, '--set', 'stats.memory=yes'], timeout=300)
    record = last_stats('out/eve.json')
    stats, memory = record['stats'], record['weir'].get('memory', {})
    if not t.ok(r.code == 0 and memory, name + ': the run tells its memory', r):
        return
    if jsonschema:
        bad = complaints(record)
        t.ok(not bad, 'the record is valid by the schemas', *bad[:5])
    else:
        t.skip('the record is valid by the schemas', 'no python3-jsonschema')
    t.ok(memory['limit'] == told['limit'], 'the same limit', memory['limit'], told['limit'])
    t.ok({p: memory[p] for p in FIXED} == {p: parts[p] for p in FIXED}, 'the same for fixed parts', memory, parts)
    t.ok(memory['rings'] == memory['released'] == 0, 'no rings on files')
    # Blocks are of powers of two, and tables for rules that are not there are not made.
    wrong = [p for p in POOLS if not parts[p] * 0.4 <= memory[p]['reserved'] <= parts[p] + 65536]
    t.ok(not wrong, 'each pool reserves what was told', wrong, memory, parts)
    wrong = [p for p in POOLS if not memory[p]['used'] <= memory[p]['peak'] <= memory[p]['reserved'] + 65536]
    t.ok(not wrong, 'used, peak, reserved: in this order', wrong, memory)
    if full:
        # Of sessions most have no bytes, and then no records either.
        empty = [p for p, part in (('flows', 2), ('sessions', 4), ('streams', 2), ('fragments', 2))
                 if memory[p]['peak'] < parts[p] / part]
        t.ok(not empty, 'pools that the capture fills were full', empty, memory)
    t.ok(asan or 0 < memory['resident'] <= told['total'], 'what is resident is within what was told', memory['resident'],
         told['total'])
    t.ok((stats['flow']['memuse'], stats['tcp']['memuse'], stats['tcp']['reassembly_memuse'], stats['defrag']['memuse']) ==
         tuple(memory[p]['used'] for p in ('flows', 'sessions', 'streams', 'fragments')), "Suricata's names tell the same",
         stats)


def small_box(t, weir, asan):
    """256 MiB and many rules, as on a small machine: within it, and it says what was cut."""
    many = tap.write('many.rules', ''.join(
        'alert http any any -> any any (msg:"r%d"; http.uri; content:"/way/%d/"; http.host; content:"host%d.example"; sid:%d;)\n'
        % (i, i * 7919, i * 31, i) for i in range(1, 4 * RULES)))
    settings = ['--set', 'memory=256MiB', '--set', 'workers=2', '-S', many]
    said = tap.run([weir, 'check', '--memory', '--json'] + settings, timeout=300)
    told = json.loads(said.out) if said.code == 0 else {}
    t.ok(told.get('limit') == 256 * MIB and told['total'] - told['loaded'] < 256 * MIB + 64 * MIB, '256 MiB and many rules',
         said)
    shutil.rmtree('out', ignore_errors=True)
    r = tap.run([weir, 'run', '-r', tap.DEMO, '-l', 'out', '--set', 'stats.memory=yes'] + settings, timeout=300)
    t.ok(r.code == 0 and re.search(r'memory     less than by default: flows [0-9,]+ flows of [0-9,]+, TCP sessions ', r.out),
         'the run says what it gave up', r)
    memory = last_stats('out/eve.json')['weir']['memory']
    t.ok(asan or 0 < memory['resident'] <= told['total'], 'and is within what was told', memory, told)


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
        told['limit'] = 64 * MIB
        run = [weir, 'run', '-S', rules, '-l', 'out', '-k', 'none'] + settings
        subprocess.run([flood, 'all.pcap'] + FLOOD, check=True)
        if asan:
            t.skip('after load', 'not under a sanitizer')
            t.skip('at most', 'not under a sanitizer')
        else:
            now = loaded(run + ['-r', 'pipe'], 'pipe')
            print('# after load: told %.1f MiB, is %.1f' % (told['after load'] / MIB, now / MIB))
            t.ok(-MARGIN - LATER <= now - told['after load'] <= MARGIN, 'after load as told', now, told)
            r = tap.run([flood, '--peak', 'peak'] + run + ['-r', 'all.pcap'], timeout=300)
            with open('peak') as f:
                peak = int(f.read())
            print('# at most: told %.1f MiB, peak %.1f' % (told['all of it'] / MIB, peak / MIB))
            # No regex is ever tried here, so none has the machine code that is told of all.
            t.ok(r.code == 0 and told['all of it'] * 0.5 <= peak <= told['all of it'], 'the peak as told', r)
            t.ok('memory     less than by default: flows ' in r.out, 'the run says what it gave up', r)
        t.ok('memory' not in last_stats('out/eve.json').get('weir', {}) if not asan else True,
             'on files nothing of it is told unasked')
        both = as_json(t, weir, rules, settings, told, asan)
        if both:
            for name, capture in (('full', 'all.pcap'), ('the demo', tap.DEMO)):
                shutil.rmtree('out', ignore_errors=True)
                run_tells(t, run, capture, *both, name, name == 'full', asan)
        small_box(t, weir, asan)
    finally:
        os.chdir('/')
        shutil.rmtree(tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
