#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP that is meant to harm: bombs, a million headers, a line of 100 MB, chunks of 2^63 bytes, a million requests in one
connection, names that would escape. Memory stays within its budget, each raises its event, what comes behind it
is told as ever; and ten times the input costs at most twelve times the work. Says TAP."""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib

import tap
from tap import run, write

MIB = 1 << 20
MEMORY = 64 * MIB
# The ring of blocks read, what the worker has beside its pools (docs/configuration.md), and the decoders' tables.
BESIDE = 48 * MIB
OK = b'HTTP/1.1 200 OK\r\n'
TWO = OK + b'Content-Length: 2\r\n\r\nok'
LAST = b'GET /last HTTP/1.1\r\nHost: a\r\n\r\n'
CONFIG = '''memory: 64MiB
outputs:
  - eve-log: {enabled: yes, types: [http, files, anomaly, stats]}
stream: {reassembly: {depth: 0}}
app-layer: {protocols: {http: {libhtp: {default-config: {response-body-limit: 0}}}}}
'''
STORE = CONFIG.replace('stream:', '  - file-store: {version: 2, enabled: yes, force-filestore: yes}\nstream:')
SEGMENT = 60000
SMALL_SEGMENT = 1400


def zeros(size):
    """A gzip stream of so many MiB of zeros, without making them: one flushed block again and again."""
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = c.compress(bytes(MIB)) + c.flush(zlib.Z_FULL_FLUSH)
    again = c.compress(bytes(MIB)) + c.flush(zlib.Z_FULL_FLUSH)
    return b'\x1f\x8b\x08\0\0\0\0\0\0\3' + block + again * (size - 1) + b'\3\0' + bytes(8)


def gz(data):
    c = zlib.compressobj(9, zlib.DEFLATED, 31)
    return c.compress(data) + c.flush()


def bomb(n):
    body = gz(zeros(max(1, n)))
    return [('c', b'GET /bomb HTTP/1.1\r\nHost: a\r\n\r\n'),
            ('s', OK + b'Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n' % len(body) + body)]


def flat_bomb(n):
    body = zeros(max(1, n))
    return [('c', b'GET /bomb HTTP/1.1\r\nHost: a\r\n\r\n'),
            ('s', OK + b'Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n' % len(body) + body)]


def headers(n):
    return [('c', b'GET /headers HTTP/1.1\r\nHost: a\r\n' + b''.join(b'N%d: v\r\n' % i for i in range(n)) + b'\r\n'), ('s', TWO)]


def same_headers(n):
    return [('c', b'GET /same HTTP/1.1\r\nHost: a\r\n' + b'N: v\r\n' * n + b'\r\n'), ('s', TWO)]


def line(n):
    return [('c', b'GET /line HTTP/1.1\r\nHost: a\r\nX: ' + b'x' * n + b'\r\n\r\n'), ('s', TWO)]


def target(n):
    return [('c', b'GET /target' + b'/%2e./a' * n + b' HTTP/1.1\r\nHost: a\r\n\r\n'), ('s', TWO)]


def folds(n):
    return [('c', b'GET /folds HTTP/1.1\r\nHost: a\r\nX: y\r\n' + b' z\r\n' * n + b'\r\n'), ('s', TWO)]


def chunk(n):
    return [('c', b'GET /chunk HTTP/1.1\r\nHost: a\r\n\r\n'),
            ('s', OK + b'Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\n' + b'x' * n)]


def chunks(n):
    return [('c', b'GET /chunks HTTP/1.1\r\nHost: a\r\n\r\n'),
            ('s', OK + b'Transfer-Encoding: chunked\r\n\r\n' + b'1\r\nx\r\n' * n + b'0\r\n\r\n')]


def pipelined(n):
    return [('c', b'GET /p HTTP/1.1\r\nHost: a\r\n\r\n' * n), ('s', TWO * n)]


def unanswered(n):
    return [('c', b'GET /p HTTP/1.1\r\nHost: a\r\n\r\n' * n)]


def parts(n):
    body = b''.join(b'--b\r\nContent-Disposition: form-data; name="f"; filename="n%d"\r\n\r\nx\r\n' % i for i in range(n)) + b'--b--\r\n'
    return [('c', b'POST /parts HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n' %
             len(body) + body), ('s', TWO)]


def name(n):
    what = (b'../' * n + b'etc/passwd', b'/etc/passwd', b'a\0b/../../c', b'..', b'')
    return [('c', b''.join(b'GET /name%d HTTP/1.1\r\nHost: a\r\n\r\n' % i for i in range(len(what)))),
            ('s', b''.join(OK + b'Content-Disposition: attachment; filename="%s"\r\nContent-Length: 2\r\n\r\nok' % w for w in what))]


def form(plain):
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\nx\r\n--b--\r\n' % (b'a.txt' if plain else b'../a.txt')
    return [('c', b'POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n' %
             len(body) + body), ('s', TWO)]


def ranges(n):
    """Parts of one file in no order, again and again, and never all of them."""
    out = []
    for first in range(0, n, 100):
        many = range(first, min(first + 100, n))
        out += [('c', b'GET /file HTTP/1.1\r\nHost: a\r\n\r\n' * len(many)),
                ('s', b''.join(b'HTTP/1.1 206 P\r\nContent-Range: bytes %d-%d/9000\r\nContent-Length: 2\r\n\r\nok' % (at, at + 1)
                               for at in (8990 - i * 7 % 8990 for i in many)))]
    return out


# Kind, how many, what must be told of it (None: nothing is wrong with it), whether parsing goes on behind it.
KINDS = [
    (bomb, 1024, 'COMPRESSION_BOMB', True),
    # One layer cannot reach the ratio that makes a bomb: it is a large file.
    (flat_bomb, 1024, None, True),
    (headers, 1000000, 'REQUEST_TOO_MANY_HEADERS', True),
    (same_headers, 1000000, 'REQUEST_HEADER_REPETITION', True),
    (line, 100000000, 'REQUEST_FIELD_TOO_LONG', True),
    (target, 1000000, 'REQUEST_FIELD_TOO_LONG', True),
    (folds, 1000000, 'REQUEST_FIELD_TOO_LONG', True),
    (chunk, 1000, 'INVALID_RESPONSE_CHUNK_LEN', True),
    (chunks, 1000000, None, True),
    (pipelined, 1000000, 'UNABLE_TO_MATCH_RESPONSE_TO_REQUEST', True),
    (unanswered, 1000000, 'TOO_MANY_TRANSACTIONS', True),
    (parts, 100000, None, True),
    (ranges, 100000, None, True),
    (name, 50, 'FILE_NAME_INVALID', True),
]
# Of these a packet has as many as a wire's packet has.
MANY = (pipelined, unanswered)
PACKED = MANY + (ranges,)
# For the cost: so many, and ten times as many.
FEW = {bomb: 8, flat_bomb: 8, headers: 2000, same_headers: 2000, line: 40000, target: 4000, folds: 8000, chunk: 400000, chunks: 8000,
       pipelined: 3000, unanswered: 1500, parts: 300, ranges: 300, name: 50}


class Wire:
    def __init__(self, path):
        self.file = open(path, 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        self.n = 0

    def packet(self, who, flags, port, data=b''):
        other = 's' if who == 'c' else 'c'
        ports = (port, 80) if who == 'c' else (80, port)
        ends = (b'\x0a\0\0\1', b'\x0a\0\0\2')[::1 if who == 'c' else -1]
        tcp = struct.pack('>HHIIBBHHH', *ports, self.seq[who] & 0xffffffff, self.seq[other] & 0xffffffff if flags & 16 else 0,
                          0x50, flags, 65535, 0, 0)
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0) + ends[0] + ends[1]
        frame = b'\2\0\0\0\0\2\2\0\0\0\0\1\x08\0' + ip + tcp + data
        self.file.write(struct.pack('<IIII', 1700000000 + self.n // 100000, self.n % 100000 * 10, len(frame), len(frame)) + frame)
        self.seq[who] += len(data) + (1 if flags & 3 else 0)
        self.n += 1

    def connection(self, port, messages, segment=SEGMENT):
        self.seq = {'c': 1000, 's': 5000}
        self.packet('c', 2, port)
        self.packet('s', 18, port)
        self.packet('c', 16, port)
        for who, data in messages:
            for at in range(0, len(data), segment):
                self.packet(who, 24, port, data[at:at + segment])
                self.packet('s' if who == 'c' else 'c', 16, port)
        self.packet('c', 17, port)
        self.packet('s', 17, port)
        self.packet('c', 16, port)


def capture(path, kind, n, segment=None):
    """
    The connection, with one more request behind what harms, and another connection. Made in a process of its own: a
    child's peak of memory begins with what its parent has.
    """
    child = os.fork()
    if child:
        if os.waitpid(child, 0)[1]:
            raise RuntimeError('no capture')
        return
    wire = Wire(path)
    wire.connection(20000, (kind(n) if kind else []) + [('c', LAST), ('s', TWO)],
                    segment or (SMALL_SEGMENT if kind in PACKED else SEGMENT))
    wire.connection(20001, [('c', LAST), ('s', TWO)])
    wire.file.close()
    os._exit(0)


def command(weir, path, out, config='hostile.yaml'):
    return [weir, 'run', '-r', path, '--disable-detection', '-c', config, '-l', out, '-k', 'none', '--set', 'workers=1']


def fresh(out):
    shutil.rmtree(out, ignore_errors=True)
    os.mkdir(out)
    return out


def lines(kind, word=''):
    """Records of a kind, one after another: there may be millions."""
    with open('out/eve.json') as f:
        for text in f:
            if '"event_type":"%s"' % kind in text and word in text:
                yield json.loads(text)


def examine(t, weir, asan, kind, n, event, goes_on):
    label = '%s(%d)' % (kind.__name__, n)
    capture('in.pcap', kind, n)
    with open('log', 'wb') as log:
        child = subprocess.Popen(command(weir, 'in.pcap', fresh('out')), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    rss = usage.ru_maxrss * 1024
    if not t.ok(child.returncode == 0, label + ': weir ends', open('log', errors='replace').read()[-1000:]):
        return
    events = {r['anomaly']['event'] for r in lines('anomaly')}
    t.ok((event in events) if event else not events, label + ': its event', sorted(events))
    last = [r['src_port'] for r in lines('http', '"/last"')]
    t.ok(sorted(last) == ([20000, 20001] if goes_on else [20001]), label + ': nothing of the rest is lost', last)
    if asan:
        t.skip(label + ': memory', 'a sanitizer has its own')
    else:
        t.ok(rss <= MEMORY + BESIDE, label + ': memory', '%d MiB' % (rss / MIB))


def count_is_kept(t, weir):
    """Every request has its record, also where a packet has more of them than `max-tx` (1024) keeps at once."""
    for kind in MANY:
        for segment in (SMALL_SEGMENT, SEGMENT):
            capture('in.pcap', kind, 20000, segment)
            run(command(weir, 'in.pcap', fresh('out')))
            told = sum(1 for _ in lines('http', '"/p"'))
            last = sum(1 for _ in lines('http', '"/last"'))
            t.ok((told, last) == (20000, 2), 'each of 20000 requests, %s, %d bytes a packet, has its record' % (kind.__name__, segment), (told, last))


def names_stay_inside(t, weir):
    capture('in.pcap', name, 50)
    run(command(weir, 'in.pcap', fresh('out'), 'store.yaml'))
    found = sorted(os.path.relpath(os.path.join(d, f), 'out') for d, _, files in os.walk('out') for f in files)
    odd = [f for f in found if not re.fullmatch(r'(eve\.json|fast\.log|stats\.log|filestore/[0-9a-f]{2}/[0-9a-f]{64}(\.[0-9.]+\.json)?)', f)]
    t.ok(not odd and any(f.startswith('filestore/') for f in found), 'names do not leave the folder', found)
    got = sorted(r['fileinfo']['filename'] for r in lines('fileinfo'))
    t.ok('/etc/passwd' in got and any('/../../c' in x for x in got), 'and are told as they are', got)
    odd = sorted(r['tx_id'] for r in lines('anomaly', 'FILE_NAME_INVALID'))
    t.ok(odd == [0, 1, 2, 3], 'each name that is none has its event, no other', odd)
    for plain in (False, True):
        capture('in.pcap', form, plain)
        run(command(weir, 'in.pcap', fresh('out')))
        odd = [r['anomaly']['event'] for r in lines('anomaly')]
        t.ok(odd == ([] if plain else ['FILE_NAME_INVALID']), 'one of a form, plain: %s' % plain, odd)


def blocks(weir, path):
    """
    How many blocks of instructions ran: valgrind's own count of them. (Instructions themselves it counts ten times as
    slowly, or writes to a file that the sandbox does not let it open.)
    """
    done = run(['valgrind', '--tool=none', '--stats=yes'] + command(weir, path, fresh('out')), timeout=300)
    found = re.search(r'scheduler: ([0-9,]+) event checks', done.err)
    return int(found.group(1).replace(',', '')) if found and done.code == 0 else None


def costs(t, weir, asan):
    if asan or not shutil.which('valgrind'):
        t.skip('cost', 'needs valgrind, and no sanitizer')
        return
    capture('in.pcap', None, 0)
    nothing = blocks(weir, 'in.pcap')
    if not t.ok(nothing, 'weir runs under valgrind'):
        return
    for kind, n in FEW.items():
        if kind is name:
            continue
        used = []
        for times in (1, 10):
            capture('in.pcap', kind, n * times)
            used.append((blocks(weir, 'in.pcap') or 0) - nothing)
        t.ok(used[0] > 0 and used[1] <= 12 * used[0], '%s: ten times the input, %.1f times the work' %
             (kind.__name__, used[1] / max(used[0], 1)), used)


def main():
    t = tap.Tap()
    tmp, weir, asan = tap.place()
    os.chdir(tmp)
    write('hostile.yaml', CONFIG)
    write('store.yaml', STORE)
    only = sys.argv[1:]
    for kind, n, event, goes_on in KINDS:
        if not only or kind.__name__ in only:
            examine(t, weir, asan, kind, n // 10 if asan else n, event, goes_on)
    if not only:
        count_is_kept(t, weir)
        names_stay_inside(t, weir)
    if not only or 'costs' in only:
        costs(t, weir, asan)
    os.chdir('/')
    shutil.rmtree(tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
