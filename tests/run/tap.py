# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: TAP, the program, captures taken apart and put together."""
import glob
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

TOP = os.environ.get('abs_top_srcdir') or os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.environ.get('abs_top_builddir') or os.getcwd()
DEMO = os.path.join(TOP, 'tests', 'pcap', 'demo.pcap')
NOBODY = 65534
# Under a sanitizer everything is slower and no address space can be refused.
SANITIZER = ('AddressSanitizer', 'runtime error:', 'LeakSanitizer', 'UndefinedBehaviorSanitizer')


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, *why):
        self.count += 1
        self.failed += not good
        print('%s %d - %s' % ('ok' if good else 'not ok', self.count, name))
        if not good:
            for text in why:
                for line in str(text).splitlines()[:40]:
                    print('# %.400s' % line)
        sys.stdout.flush()
        return good

    def skip(self, name, why):
        self.count += 1
        print('ok %d - %s # SKIP %s' % (self.count, name, why))

    def done(self):
        print('1..%d' % self.count)
        # Under the test harness the lines are counted.
        return 1 if self.failed and 'abs_top_builddir' not in os.environ else 0


def place():
    """A folder that everybody may enter, with a copy of weir that everybody may run."""
    tmp = tempfile.mkdtemp(prefix='weir-run-')
    os.chmod(tmp, 0o755)
    weir = os.path.join(tmp, 'weir')
    with open(os.environ.get('WEIR') or os.path.join(BUILD, 'weir'), 'rb') as f:
        program = f.read()
    with open(weir, 'wb') as f:
        f.write(program)
    os.chmod(weir, 0o755)
    os.mkdir(os.path.join(tmp, 'rules'))
    for path in glob.glob(os.path.join(TOP, 'rules', '*.config')):
        shutil.copy(path, os.path.join(tmp, 'rules'))
    return tmp, weir, b'__asan_init' in program


class Result:
    def __init__(self, code, out, err):
        self.code = code
        self.out = out.decode(errors='replace')
        self.err = err.decode(errors='replace')

    def __str__(self):
        return 'exit code %s\nstandard output:\n%s\nstandard error:\n%s' % (self.code, self.out, self.err)


def run(args, **how):
    how.setdefault('stdin', subprocess.DEVNULL)
    how.setdefault('timeout', 120)
    how.setdefault('stdout', subprocess.PIPE)
    how.setdefault('stderr', subprocess.PIPE)
    try:
        done = subprocess.run(args, **how)
    except subprocess.TimeoutExpired as e:
        return Result('none: no end after %s s' % e.timeout, e.stdout or b'', e.stderr or b'')
    return Result(done.returncode, done.stdout or b'', done.stderr or b'')


def as_nobody():
    return {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if os.geteuid() == 0 else {}


def records(path):
    """The records of an EVE file; fails where a line is not whole."""
    with open(path, 'rb') as f:
        text = f.read()
    if text and not text.endswith(b'\n'):
        raise ValueError('%s ends in part of a line' % path)
    return [json.loads(line) for line in text.splitlines()]


def of_type(recs, kind):
    return [r for r in recs if r['event_type'] == kind]


def packets_of(path):
    """(seconds, microseconds, bytes) of each packet of a little-endian pcap file, and its header."""
    with open(path, 'rb') as f:
        data = f.read()
    at, packets = 24, []
    while at < len(data):
        sec, usec, length, _ = struct.unpack_from('<IIII', data, at)
        packets.append((sec, usec, data[at + 16:at + 16 + length]))
        at += 16 + length
    return data[:24], packets


def pcap(packets, shift_s=0):
    header = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)
    return header + b''.join(struct.pack('<IIII', s + shift_s, u, len(d), len(d)) + d for s, u, d in packets)


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path
