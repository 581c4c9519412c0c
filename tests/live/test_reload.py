#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir ctl reload under traffic: what alerts without reloads alerts with one a second, once, and nothing else does.

    test_reload.py [SECONDS]        of traffic for each of the two runs (default 6)

Says TAP; skipped where the kernel allows no namespace or no program.
"""
import collections
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import live
from live import balances, wait_for
import tap

# What the flows below are to alert on: packets, patterns across segments, flowbits across seconds, transactions
# whose two directions lie seconds apart, thresholds, marks on hosts.
RULES = [
    'alert udp any any -> any 7000 (msg:"datagram"; content:"ping-"; sid:1;)',
    'alert tcp any any -> any 80 (msg:"step one"; flow:to_server; content:"step-one"; flowbits:set,one; noalert; sid:2;)',
    'alert tcp any any -> any 80 (msg:"step three"; flow:to_server; content:"step-three"; flowbits:isset,one; sid:3;)',
    'alert tcp any any -> any 80 (msg:"no step"; flow:to_server; content:"step-three"; flowbits:isnotset,one; sid:4;)',
    'alert tcp any any -> any 80 (msg:"across"; flow:to_server; content:"split"; content:"pattern"; distance:0; sid:5;)',
    'alert tcp any any -> any 80 (msg:"waits"; flow:to_server; content:"first-zq9xkw7"; content:"last"; distance:0; sid:15;)',
    'alert http any any -> any any (msg:"uri"; http.uri; content:"/id-"; sid:6;)',
    'alert http any any -> any any (msg:"both"; http.uri; content:"/id-"; sid:7; flow:to_server; flowbits:set,uri;)',
    'alert http any any -> any any (msg:"answer"; flow:to_client; http.stat_code; content:"200"; flowbits:isset,uri; sid:8;)',
    'alert http any any -> any any (msg:"body"; flow:to_client; file.data; content:"the-tail"; sid:9;)',
    'alert udp any any -> any 7000 (msg:"once"; content:"ping-"; threshold:type limit,track by_src,count 1,seconds 3600; '
    'sid:10;)',
    'alert udp any any -> any 7001 (msg:"mark"; content:"mark"; xbits:set,seen,track ip_src,expire 3600; noalert; sid:11;)',
    'alert udp any any -> any 7002 (msg:"marked"; content:"ask"; xbits:isset,seen,track ip_src; sid:12;)',
    'alert tcp any any -> any 80 (msg:"counted"; flow:to_server; content:"count-me"; flowint:n,+,1; noalert; sid:13;)',
    'alert tcp any any -> any 80 (msg:"three times"; flow:to_server; content:"count-me"; flowint:n,==,3; sid:14;)',
]
CLIENTS = ['10.9.%d.%d' % (1 + k // 200, 1 + k % 200) for k in range(40)]
SERVER = '10.9.0.2'


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(src, dst, proto, segment, at):
    """at: where the segment has its checksum."""
    pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack('!BBH', 0, proto, len(segment))
    segment = segment[:at] + struct.pack('!H', checksum(pseudo + segment)) + segment[at + 2:]
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(segment), 1, 0, 64, proto, 0)
    ip += socket.inet_aton(src) + socket.inet_aton(dst)
    ip = ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:]
    return b'\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0' + ip + segment


def udp(src, sport, dport, data):
    return frame(src, SERVER, 17, struct.pack('!HHHH', sport, dport, 8 + len(data), 0) + data, 6)


def tcp(src, sport, dst, dport, seq, ack, flags, data=b''):
    return frame(src, dst, 6, struct.pack('!HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, 0x50, flags,
                                          64000, 0, 0) + data, 16)


class Conversation:
    """A TCP connection; its frames one after the other, to be spread over time."""

    def __init__(self, client, port):
        self.client, self.port, self.frames = client, port, []
        self.seq = [1000 + port, 900000 + port]
        self.put(0, 2)
        self.put(1, 0x12)
        self.put(0, 0x10)

    def put(self, way, flags, data=b''):
        ack = self.seq[1 - way] if flags & 0x10 else 0
        if way:
            self.frames.append(tcp(SERVER, 80, self.client, self.port, self.seq[1], ack, flags, data))
        else:
            self.frames.append(tcp(self.client, self.port, SERVER, 80, self.seq[0], ack, flags, data))
        self.seq[way] += len(data) + (1 if flags & 3 else 0)

    def say(self, way, data):
        self.put(way, 0x18, data)
        self.put(1 - way, 0x10)

    def end(self):
        self.put(0, 0x11)
        self.put(1, 0x11)
        self.put(0, 0x10)
        return self.frames


def raw(client, port):
    c = Conversation(client, port)
    for text in (b'first-zq9xkw7 step-one ', b'count-me ', b'spl', b'itpat', b'tern count-me ', b'step-two ', b'count-me ', b'last step-three '):
        c.say(0, text)
    return c.end()


def stepless(client, port):
    c = Conversation(client, port)
    for text in (b'nothing ', b'step-three '):
        c.say(0, text)
    return c.end()


def http(client, port):
    c = Conversation(client, port)
    for k in range(2):
        c.say(0, b'GET /id-%d HTTP/1.1\r\n' % k)
        c.say(0, b'Host: x\r\n\r\n')
        c.say(1, b'HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n')
        c.say(1, b'0123456789ab')
        c.say(1, b'cdef')
        c.say(1, b'the-tail')
    return c.end()


def traffic(seconds):
    """(time, frame), in order: conversations that last about two seconds, at any time some hundred of them."""
    out, port = [], 20000
    chance = random.Random(1)
    for start in range(int(max(seconds - 2.5, 1) * 20)):
        for make in (raw, http, stepless):
            frames = make(CLIENTS[port % len(CLIENTS)], port)
            port += 1
            for k, f in enumerate(frames):
                out.append((start / 20 + 2.2 * k / len(frames) + chance.random() * 1e-4, f))
    for k in range(int(seconds * 100)):
        client = CLIENTS[k % len(CLIENTS)]
        out.append((k / 100, udp(client, 5000 + k % 50, 7000, b'ping-%d' % k)))
        if k < len(CLIENTS):
            out.append((k / 100, udp(client, 6000, 7001, b'mark')))
        elif k % 10 == 0:
            out.append((k / 100, udp(client, 6001, 7002, b'ask')))
    return sorted(out, key=lambda one: one[0])


def play(path):
    """In the talking namespace: frames at their times."""
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind(('va', 0))
    with open(path, 'rb') as f:
        data = f.read()
    begin, at = time.monotonic(), 0
    while at < len(data):
        when, length = struct.unpack_from('<dI', data, at)
        pause = begin + when - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        out.send(data[at + 12:at + 12 + length])
        at += 12 + length


def name_of(alert):
    """What an alert is of, whatever the run."""
    return (alert['alert']['signature_id'], alert['src_ip'], alert.get('src_port'), alert['dest_ip'], alert.get('dest_port'),
            alert.get('tx_id'))


class Reload(tap.Tap):
    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.tmp, self.weir, self.asan = tap.place()
        self.rules = os.path.join(self.tmp, 'live.rules')
        self.net = live.Net()
        for k in (1, 2):
            live.command('ip', '-n', self.net.a, 'addr', 'add', '10.9.%d.250/24' % k, 'dev', 'va', check=False)
        self.outs = 0
        self.frames = os.path.join(self.tmp, 'frames')
        with open(self.frames, 'wb') as f:
            for when, data in traffic(seconds):
                f.write(struct.pack('<dI', when, len(data)) + data)

    def write_rules(self, rules):
        # As an editor does: another file in its place.
        tap.write(self.rules + '.new', '\n'.join(rules) + '\n')
        os.rename(self.rules + '.new', self.rules)

    def start(self, *args):
        self.outs += 1
        out = os.path.join(self.tmp, 'out%d' % self.outs)
        os.mkdir(out)
        return live.Weir(self.weir, self.net, out, self.rules, *args)

    def send(self):
        return subprocess.Popen(self.net.in_a(sys.executable, os.path.realpath(__file__), '--play', self.frames),
                                stdin=subprocess.DEVNULL)

    def turned(self, n):
        """The same rules, with other numbers: in another order, among others that never match."""
        rules = list(RULES)
        random.Random(n).shuffle(rules)
        more = ['alert tcp any any -> any 80 (msg:"never"; content:"never-%d-%d"; flowbits:isset,never%d; sid:%d;)' %
                (n, k, k, 1000 + 50 * (n % 7) + k) for k in range(n % 5 * 9)]
        return more[::2] + rules + more[1::2]

    def run(self, reloads):
        """Alerts by name, and the answers of the reloads."""
        self.write_rules(RULES)
        w = self.start()
        if not w.ready():
            return w, None, []
        sender, answers = self.send(), []
        begin = time.monotonic()
        while sender.poll() is None:
            if not reloads:
                sender.wait()
                break
            self.write_rules(self.turned(len(answers) + 1))
            answers.append(w.ctl('reload'))
            time.sleep(max(0, begin + len(answers) - time.monotonic()))
        wait_for(lambda: (w.ledger() or {}).get('in_flight') == 0, 5)
        code = w.stop()
        ledger = w.ledger()
        self.ok(code == 0 and ledger and balances(ledger) and ledger['in_flight'] == 0 and
                sum(ledger['lost'].values()) == 0, 'nothing is lost on the way', code, ledger, w.stderr())
        return w, collections.Counter(name_of(a) for a in w.records('alert')), answers

    def under_traffic(self):
        w, quiet, _ = self.run(False)
        if quiet is None:
            self.skip('weir run -i', 'it did not start: %s' % w.stderr().strip().splitlines()[-1])
            return False
        sids = {name[0] for name in quiet}
        self.ok(sids == {1, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15}, 'every rule has something to alert on', sorted(sids))
        w, loud, answers = self.run(True)
        self.ok(len(answers) >= self.seconds - 1 and all(code == 0 for code, _ in answers), '%d reloads' % len(answers),
                [text for code, text in answers if code])
        self.ok(len({json.loads(text)['hash'] for _, text in answers}) == min(len(answers), 35) or len(answers) > 30,
                'each with a digest of its own')
        lost, more = quiet - loud, loud - quiet
        self.ok(not lost, 'no alert of %d is lost' % sum(quiet.values()), sorted(lost.items(), key=str)[:20])
        self.ok(not more, 'none comes twice', sorted(more.items(), key=str)[:20])
        flows = [r for r in w.records('flow')]
        self.ok(len(flows) == len({(r['src_ip'], r.get('src_port'), r.get('dest_port'), r['proto']) for r in flows}),
                'a record for each flow')
        return True

    # --- one thing at a time ---

    def died(self):
        """An engine that dies while it takes new rules: the next one has the old ones, and it is said."""
        one = 'alert udp any any -> any 7000 (msg:"a"; content:"ping"; sid:1; rev:%d;)'
        self.write_rules([one % 1])
        w = self.start()
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        engine = w.engine()
        os.kill(engine, signal.SIGSTOP)
        self.write_rules([one % 2])
        asker = socket.socket(socket.AF_UNIX)
        asker.settimeout(60)
        asker.connect(w.socket)
        asker.sendall(b'{"version": "0.2"}\n')
        asker.recv(4096)
        asker.sendall(b'{"command": "reload-rules"}\n')
        # Whoever comes later is answered later.
        code, text = w.ctl('ruleset-reload-nonblocking')
        self.ok(code == 1 and 'in progress' in text, 'one reload at a time', text)

        def compiled():
            with open('/proc/%d/task/%d/children' % (w.process.pid, w.process.pid), encoding='ascii') as f:
                return len(f.read().split()) == 1

        self.ok(wait_for(compiled, 20), 'the compiler has come to its end')
        os.kill(engine, signal.SIGKILL)
        answer = json.loads(asker.recv(65536))
        asker.close()
        self.ok(answer['return'] == 'NOK' and 'the engine died' in answer['message']['error'], 'the answer says so', answer)
        ping = udp(CLIENTS[0], 5000, 7000, b'ping-0')
        self.ok(wait_for(lambda: self.talk(ping) or w.records('alert'), 20, 0.2) and
                {a['alert']['rev'] for a in w.records('alert')} == {1}, 'the old rules are in force', w.stderr())
        self.ok(w.ctl('reload')[0] == 0, 'the next reload is taken', w.stderr())
        self.ok(w.stop() == 0, 'ends with 0', w.stderr())

    def talk(self, *frames):
        path = os.path.join(self.tmp, 'some')
        with open(path, 'wb') as f:
            for data in frames:
                f.write(struct.pack('<dI', 0, len(data)) + data)
        live.command(*self.net.in_a(sys.executable, os.path.realpath(__file__), '--play', path))

    def alerts(self, w, count):
        wait_for(lambda: len(w.records('alert')) >= count, 10)
        return [a['alert']['signature_id'] for a in w.records('alert')]

    def answers(self):
        ping = udp(CLIENTS[0], 5000, 7000, b'ping-0')
        one, two = 'alert udp any any -> any 7000 (msg:"a"; content:"ping"; sid:1; rev:%d;)', \
            'alert udp any any -> any 7000 (msg:"b"; content:"ping"; sid:2;)'
        self.write_rules([one % 1, two])
        w = self.start()
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        self.talk(ping)
        self.ok(self.alerts(w, 2) == [1, 2], 'the first rules alert')
        self.write_rules([one % 2, 'alert udp any any -> any 7000 (content:"ping"; sid:3;)',
                          'alert udp any any -> any 7000 (content:"ping"; nonsense; sid:4;)'])
        code, text = w.ctl('reload')
        answer = json.loads(text) if code == 0 else {}
        sids = {part: [r['sid'] for r in answer.get(part, [])] for part in ('added', 'changed', 'removed', 'refused')}
        self.ok(sids == {'added': [3], 'changed': [1], 'removed': [2], 'refused': [4]} and answer['in_force'] and
                answer['loaded'] == 2 and answer['failed'] == 1, 'a reload says what has changed', code, text)
        self.ok('nonsense' in answer.get('refused', [{}])[0].get('error', ''), 'and what is wrong with what is refused', text)
        failed = json.loads(w.ctl('ruleset-failed-rules')[1])
        self.ok(len(failed) == 1 and failed[0]['filename'] == self.rules and failed[0]['line'] == 3, 'ruleset-failed-rules',
                failed)
        self.talk(ping)
        self.ok(sorted(self.alerts(w, 4)[2:]) == [1, 3], 'the new rules alert, the old ones do not')
        self.broken(w, ping, answer['hash'])
        self.ok(wait_for(lambda: [s for s in w.records('stats') if s['weir'].get('ruleset') == answer['hash']], 10),
                'statistics have the digest')
        self.signals(w, ping, one)
        self.ok(w.stop() == 0, 'ends with 0', w.stderr())

    def broken(self, w, ping, digest):
        """The old rules stay in force, and it is said."""
        good = open(self.rules, encoding='ascii').read().splitlines()
        before = len(w.records('alert'))
        for name, lines in (('a rule in force with a mistake', ['alert udp any any -> any 7000 (content:"ping; sid:1; rev:3;)']),
                            ('a line that is no rule', good + ['alert udp any any -> '])):
            self.write_rules(lines)
            code, text = w.ctl('reload')
            self.ok(code == 1 and 'the old rules stay in force: ' + self.rules in text and digest in text, name, text)
        os.unlink(self.rules)
        code, text = w.ctl('reload')
        self.ok(code == 1 and 'the old rules stay in force' in text, 'a file that is not there', text)
        self.talk(ping)
        self.ok(sorted(self.alerts(w, before + 2)[before:]) == [1, 3], 'the old rules go on')
        self.write_rules(['alert udp any any -> any 7000 (content:"ping; sid:1; rev:3;)', good[1]])
        code, text = w.ctl('reload', 'refused=take')
        self.ok(code == 0 and [r['sid'] for r in json.loads(text)['removed']] == [1], 'refused=take leaves it out', text)
        self.write_rules(good)
        self.ok(w.ctl('reload-rules')[0] == 0 and w.ctl('reload', 'refused=perhaps')[0] == 1, 'reload-rules')

    def signals(self, w, ping, one):
        said = w.stderr().count('weir: reload: ')
        self.write_rules([one % 7])
        w.process.send_signal(signal.SIGHUP)
        self.ok(wait_for(lambda: w.stderr().count('weir: reload: ') > said, 20), 'SIGHUP reloads', w.stderr())
        first = w.engine()
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: w.engine() not in (0, first) and 'was ended by' in w.stderr())
        before = len(w.records('alert'))
        # The one that died may have had some in its hands.
        self.ok(wait_for(lambda: self.talk(ping) or len(w.records('alert')) > before, 20, 0.2) and
                {a['alert']['rev'] for a in w.records('alert')[before:]} == {7}, 'the next engine begins with the new rules',
                w.records('alert')[before:])

    def reload(self, w, *rules):
        self.write_rules(rules)
        code, text = w.ctl('reload')
        self.ok(code == 0, 'reload', text)

    def let_go(self):
        """A flow that was let go is looked at again when a rule reaches it, and let go when none does."""
        base = 'alert tcp any any -> any 80 (msg:"stream"; content:"never-there"; sid:1;)'
        self.write_rules([base])
        w = self.start('--set', 'stream.reassembly.depth=32768')
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        c = Conversation(CLIENTS[0], 30000)

        def more(*sizes):
            frames = len(c.frames)
            for size in sizes:
                c.say(0, b'y' * size)
            self.talk(*c.frames[frames:])

        def released():
            return (w.ledger() or {}).get('released', 0)

        def goes(name):
            before = released()
            self.ok(wait_for(lambda: more(1000, 1000) or released() > before, 20, 0.3), name, w.ledger())

        self.talk(*c.frames)
        for _ in range(5):
            more(*[1400] * 10)
        goes('past its depth a direction stays in the kernel')
        self.reload(w, base, 'alert tcp any any -> any 80 (msg:"size"; dsize:777; sid:2;)')
        more(777, 776, 777)
        self.ok(self.alerts(w, 2) == [2, 2], 'a new rule on packets sees it again', self.alerts(w, 2))
        self.reload(w, base)
        goes('without the rule it is let go again')
        more(777)
        self.reload(w, base, 'alert tcp any any -> any 81 (msg:"elsewhere"; dsize:777; sid:2;)')
        goes('a rule on other ports leaves it there')
        code = w.stop()
        ledger = w.ledger()
        self.ok(code == 0 and balances(ledger) and ledger['in_flight'] == 0, 'the ledger holds', ledger, w.stderr())
        self.ok(len(w.records('alert')) == 2, 'nothing else alerted', w.records('alert'))
        flow = [r for r in w.records('flow') if r['src_port'] == 30000]
        self.ok(len(flow) == 1 and flow[0]['flow']['pkts_toserver'] == len([f for f in c.frames if f[26:30] ==
                                                                            socket.inet_aton(CLIENTS[0])]),
                'its record has every packet, wherever it was counted', flow, len(c.frames))

    def planned(self):
        """What no rule and no record wants stays in the kernel: by the rules in force."""
        base = 'alert udp any any -> any 7000 (msg:"a"; content:"ping"; sid:1;)'
        self.write_rules([base])
        w = self.start('-c', tap.write(os.path.join(self.tmp, 'alerts.yaml'),
                                       '%YAML 1.1\n---\noutputs:\n  - eve-log: {enabled: yes, filename: eve.json, types: '
                                       '[{alert: {flow: no}}, {stats: {totals: yes}}]}\n'))
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        other = udp(CLIENTS[1], 5000, 7005, b'ping')

        def unwanted():
            return (w.ledger() or {}).get('unwanted', 0)

        def stays(name):
            before = unwanted()
            self.ok(wait_for(lambda: self.talk(other) or unwanted() > before, 20, 0.3), name, w.ledger())

        stays('what no rule asks for stays in the kernel')
        self.reload(w, base, 'alert udp any any -> any 7005 (msg:"b"; content:"ping"; sid:2;)')
        self.talk(other)
        self.ok(self.alerts(w, 1) == [2], 'what a new rule asks for comes', self.alerts(w, 1))
        self.reload(w, base)
        stays('and stays there again without it')
        self.ok(w.stop() == 0 and balances(w.ledger()), 'ends with 0', w.stderr())

    def moved(self):
        """Lines before the move in the one file, after it in the other, none lost."""
        self.write_rules(['alert udp any any -> any 7000 (msg:"a"; content:"ping"; sid:1;)'])
        w = self.start()
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        pings = [udp(CLIENTS[k % 40], 5000, 7000, b'ping-%d' % k) for k in range(60)]
        count = 0
        for k, how in enumerate(('ctl', signal.SIGUSR2)):
            self.talk(*pings[20 * k:20 * k + 20])
            wait_for(lambda: len(w.records('alert')) == 20, 10)
            os.rename(w.eve, '%s.%d' % (w.eve, k))
            if how == 'ctl':
                code, text = w.ctl('reopen-log-files')
                self.ok(code == 0 and text == 'done\n', 'reopen-log-files', text)
            else:
                w.process.send_signal(how)
            self.ok(wait_for(lambda: os.path.exists(w.eve), 10), 'a new file is there')
        self.talk(*pings[40:])
        wait_for(lambda: len(w.records('alert')) == 20, 10)
        self.ok(w.stop() == 0, 'ends with 0', w.stderr())
        for name in (w.eve + '.0', w.eve + '.1', w.eve):
            count += len(tap.of_type(tap.records(name), 'alert'))
        self.ok(count == 60, 'every alert is in one of the files', count)

    def end(self):
        self.net.remove()
        shutil.rmtree(self.tmp, ignore_errors=True)


def main():
    if len(sys.argv) > 2 and sys.argv[1] == '--play':
        play(sys.argv[2])
        return 0
    why = live.refused()
    if why:
        print('1..0 # SKIP %s' % why)
        return 0
    t = Reload(int(sys.argv[1]) if len(sys.argv) > 1 else 6)
    try:
        if t.under_traffic():
            t.answers()
            t.died()
            t.let_go()
            t.planned()
            t.moved()
    finally:
        t.end()
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
