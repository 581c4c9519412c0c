#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is made to hurt a parser: DNS names that point in circles, certificates of 16 MB and of a thousand levels, a million
commands of mail, messages in messages, floods of PORT.  Each is told as an event, costs work in proportion to its
bytes and no more memory than there is, and takes nothing from the connections beside it."""
import os
import shutil
import struct
import subprocess
import sys

from talk import ACK, FIN, PSH, START, SYN, tcp, udp
from tap import Tap, of_type, place, records

MSS = 1400
CONFIG = '''memory: 96 MiB
workers: 1
stream: {reassembly: {depth: 0}}
outputs:
  - eve-log: {enabled: yes, types: [alert, anomaly, dns, tls, smtp, ftp, files, flow, stats]}
'''
RULES = 'alert http any any -> any any (http.uri; content:"needle"; sid:1;)\nalert dns any any -> any any (dns.query; content:"needle"; sid:2;)\n'
ATTACKER, VICTIM, OTHER = 0x0a000001, 0x0a000002, 0x0a000003


class Wire:
    """Packets in order, a microsecond apart."""

    def __init__(self):
        self.out = [struct.pack('<IHHIIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)]
        self.at = 0

    def put(self, frame):
        self.at += 1
        self.out.append(struct.pack('<IIII', START + self.at // 1000000, self.at % 1000000, len(frame), len(frame)) + frame)

    def connect(self, client, sport, dport, says):
        """says: (way, bytes); large segments, each acknowledged."""
        seq, ends = [1000, 5000], ((client, VICTIM, sport, dport), (VICTIM, client, dport, sport))

        def put(way, flags, data=b''):
            self.put(tcp(*ends[way], seq[way], seq[1 - way] if flags & ACK else 0, flags, data, check=False))
            seq[way] += len(data) + (1 if flags & (SYN | FIN) else 0)
        put(0, SYN)
        put(1, SYN | ACK)
        put(0, ACK)
        for way, data in says:
            for i in range(0, len(data), 30000):
                put(way, PSH | ACK, data[i:i + 30000])
                put(1 - way, ACK)
        for way in (0, 1):
            put(way, FIN | ACK)
        put(0, ACK)

    def bystanders(self, first):
        for i in range(first, first + 5):
            self.connect(OTHER, 2000 + i, 80, [(0, b'GET /needle HTTP/1.1\r\nHost: a\r\n\r\n'),
                                               (1, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')])
            self.put(udp(OTHER, VICTIM, 3000 + i, 53, struct.pack('>HHHHHH', i, 0x100, 1, 0, 0, 0) + b'\6needle\0\0\1\0\1'))

    def write(self, path):
        with open(path, 'wb') as f:
            f.writelines(self.out)


# --- what hurts: functions of a size that give what is said on a connection, and its port -----------------------------------

def dns_loops(n):
    """Messages of 64 KiB: each name points to the one before, the first to itself."""
    out = b''
    for _ in range(n):
        head = struct.pack('>HHHHHH', 1, 0x100, 10000, 0, 0, 0)
        body, at = b'', 12
        for i in range(10000):
            body += struct.pack('>H', 0xc000 | (max(at - 6, 12) & 0x3fff)) + b'\0\1\0\1'
            at += 6
        out += struct.pack('>H', len(head + body)) + head + body
    return 53, [(0, struct.pack('>H', 18) + struct.pack('>HHHHHH', 7, 0x100, 1, 0, 0, 0) + b'\0\0\1\0\1' + b'\0'), (0, out)]


def dns_long(n):
    """Names of many labels, that each of a thousand answers points to."""
    out = b''
    for _ in range(n):
        name = b'\1a' * 120 + b'\0'
        answer = b'\xc0\x0c' + struct.pack('>HHIH', 16, 1, 1, 2) + b'\1x'
        body = struct.pack('>HHHHHH', 1, 0x8180, 1, 4000, 0, 0) + name + b'\0\1\0\1' + answer * 4000
        out += struct.pack('>H', len(body)) + body
    ask = struct.pack('>HHHHHH', 1, 0x100, 1, 0, 0, 0) + b'\1a\0\0\1\0\1'
    return 53, [(0, struct.pack('>H', len(ask)) + ask), (1, out)]


def record(kind, body):
    out = b''
    for i in range(0, len(body), 16384):
        piece = body[i:i + 16384]
        out += bytes([kind]) + b'\3\3' + struct.pack('>H', len(piece)) + piece
    return out


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, 'big') + body


CLIENT_HELLO = record(22, message(1, b'\3\3' + bytes(32) + b'\0\0\2\xc0\x14\1\0'))
SERVER_HELLO = record(22, message(2, b'\3\3' + bytes(32) + b'\0\xc0\x14\0'))


def certificates(ders):
    body = b''.join(len(d).to_bytes(3, 'big') + d for d in ders)
    return record(22, message(11, len(body).to_bytes(3, 'big') + body))


def der(tag, content):
    n = len(content)
    head = bytes([n]) if n < 128 else bytes([0x83]) + n.to_bytes(3, 'big')
    return bytes([tag]) + head + content


def tls_large(n):
    """Certificates of n * 1 MB less one byte."""
    size = n * (1 << 20) - 16
    return 443, [(0, CLIENT_HELLO), (1, SERVER_HELLO + certificates([der(0x30, bytes(size))]))]


def tls_deep(n):
    """n certificates of a thousand levels."""
    deep = b'\5\0'
    for _ in range(1000):
        deep = der(0x30, deep)
    return 443, [(0, CLIENT_HELLO), (1, SERVER_HELLO + certificates([deep] * n))]


def smtp_commands(n):
    """n thousand of them, all sent at once, then answered."""
    says = [(1, b'220 mail\r\n'), (0, b'EHLO x\r\n'), (1, b'250-mail\r\n250 PIPELINING\r\n')]
    for _ in range(n):
        says += [(0, b'MAIL FROM:<a@b>\r\nRSET\r\n' * 500), (1, b'250 ok\r\n250 ok\r\n' * 500)]
    return 25, says


def mime_nested(n):
    """n messages, 10,000 parts in parts deep."""
    says = [(1, b'220 mail\r\n'), (0, b'EHLO x\r\n'), (1, b'250 mail\r\n')]
    for _ in range(n):
        body = b'From: a\r\n'
        for i in range(10000):
            body += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i)
        body += b'Content-Disposition: attachment; filename="x"\r\n\r\nx\r\n'
        says += [(0, b'MAIL FROM:<a@b>\r\n'), (1, b'250 ok\r\n'), (0, b'RCPT TO:<a@b>\r\n'), (1, b'250 ok\r\n'), (0, b'DATA\r\n'),
                 (1, b'354 go\r\n'), (0, body + b'.\r\n'), (1, b'250 ok\r\n')]
    return 25, says


def ftp_ports(n):
    """n thousand PORT commands, each with a file that never comes."""
    says = [(1, b'220 ftp\r\n')]
    for i in range(n):
        ask = b''.join(b'PORT 10,0,0,%d,%d,%d\r\nSTOR f%d\r\n' % (1 + j % 5, j % 250 + 4, i % 250, j) for j in range(500))
        says += [(0, ask), (1, b'200 ok\r\n425 no\r\n' * 500)]
    return 21, says


# name, what makes it, the size told of, the size that work is counted at, the event
CASES = [('names that point in circles', dns_loops, 20, 2, 'infinite_loop'),
         ('names of many labels in each of 4,000 answers', dns_long, 20, 2, None),
         ('certificates of 16 MB', tls_large, 15, 1, None),
         ('certificates of a thousand levels', tls_deep, 30, 3, 'certificate_invalid_serial'),
         ('a million commands', smtp_commands, 1000, 10, None),
         ('messages 10,000 deep', mime_nested, 10, 1, 'mime_malformed_msg'),
         ('a flood of PORT', ftp_ports, 100, 5, 'too_many_transactions')]


# A process's peak begins with what its parent held, and this one holds captures: so one between that holds nothing.
MEASURE = '''
import os, sys
child = os.fork()
if not child:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], 'w') as f:
    f.write(str(used.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status) & 255)
'''


class Place:
    def __init__(self):
        self.tmp, self.weir, self.asan = place()
        for name, text in (('hostile.yaml', '%YAML 1.1\n---\n' + CONFIG), ('hostile.rules', RULES)):
            with open(f'{self.tmp}/{name}', 'w') as f:
                f.write(text)

    def capture(self, make, n):
        w = Wire()
        w.bystanders(0)
        if make:
            port, says = make(n)
            w.connect(ATTACKER, 1000, port, says)
        w.bystanders(5)
        w.write(self.tmp + '/in.pcap')

    def run(self, rules='hostile.rules', before=()):
        out = self.tmp + '/out'
        shutil.rmtree(out, ignore_errors=True)
        os.mkdir(out)
        peak = self.tmp + '/peak'
        child = subprocess.Popen([sys.executable, '-c', MEASURE, peak, *before, self.weir, 'run', '-c', self.tmp + '/hostile.yaml', '-r', self.tmp + '/in.pcap', '-S',
                                  f'{self.tmp}/{rules}' if rules else '/dev/null', '-l', out, '-k', 'none'], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, cwd=self.tmp)
        said = child.stderr.read().decode(errors='replace')
        status = child.wait()
        with open(peak) as f:
            used = int(f.read())
        return status, said, used, list(records(out + '/eve.json')) if os.path.exists(out + '/eve.json') else []

    def instructions(self, make, n):
        """Of a run without rules, for the matcher does not run under valgrind."""
        self.capture(make, n)
        log = self.tmp + '/callgrind.log'
        self.run(None, ('valgrind', '--tool=lackey', '--log-file=' + log))
        with open(log) as f:
            for line in f:
                if 'guest instrs:' in line:
                    return int(line.split(':')[1].replace(',', ''))
        return None


def main():
    t, p = Tap(), Place()
    try:
        p.capture(None, 0)
        _, _, idle, calm = p.run()
        want = len(of_type(calm, 'alert'))
        t.ok(want == 20, 'the bystanders alone', want)
        base = None if p.asan or not shutil.which('valgrind') else p.instructions(None, 0)
        for name, make, size, least, event in CASES:
            p.capture(make, size)
            status, said, peak, events = p.run()
            t.ok(status == 0, f'{name}: the run ends as it should', said)
            t.ok(len(of_type(events, 'alert')) == want, f'{name}: nothing else is lost', len(of_type(events, 'alert')))
            odd = {e['anomaly']['event'].lower() for e in of_type(events, 'anomaly')}
            t.ok(event in odd if event else True, f'{name}: is told', odd)
            if p.asan:
                t.skip(f'{name}: memory', 'a sanitizer has its own')
            else:
                t.ok(peak < idle + 100 * 1024, f'{name}: memory stays in its bounds', idle, peak)
            if not base:
                t.skip(f'{name}: work', 'no valgrind here')
                continue
            once, twice = p.instructions(make, least), p.instructions(make, 2 * least)
            t.ok(once and twice and twice - base < 2.3 * (once - base), f'{name}: twice as much is twice the work', base, once, twice)
        return t.done()
    finally:
        shutil.rmtree(p.tmp, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
