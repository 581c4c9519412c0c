#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""On an interface: who guesses the sequence numbers of a connection of others is told, as what and in whose name, and the
connection itself is not; a rule that asks for scanners alerts on what a scanner sends, and on nobody else.

A client and a server on a hub, an attacker beside them, and Weir where all of it is seen.  Says TAP; skipped where programs
or privileges are missing.
"""
import os
import shutil
import subprocess
import sys

import live
from live import wait_for
import net
import tap

SERVER, CLIENT, ATTACKER = '10.9.0.1', '10.9.0.2', '10.9.0.66'
PORT, CLIENT_PORT, FIRST_CLOSED = 8080, 40000, 100
TURN = 1 << 32
GUESSES = 32
# Of the scan in its three parts; the first two are more than the 15 places (watch.scan.ports) that make a scan.
FEW, MORE, PROBES = 5, 20, 40

RULES = '''
alert tcp any any -> any any (msg:"a scanner"; flags:S; weir.watch:src,scan; sid:1;)
alert tcp any any -> any any (msg:"some probes"; flags:S; weir.watch:src,scan.syn,>%d; sid:2;)
alert tcp any any -> any any (msg:"another scan"; flags:S; weir.watch:src,scan.fin; sid:3;)
alert tcp any any -> any any (msg:"a target"; flags:S; weir.watch:dst,scan; sid:4;)
alert tcp any any -> any [%d:%d] (msg:"the first probes"; flags:S; sid:5;)
''' % (FEW, FIRST_CLOSED, FIRST_CLOSED + FEW - 1)

ECHO = '''
import socket, threading
def echo(c):
    while True:
        b = c.recv(65536)
        if not b: break
        c.sendall(b)
    c.close()
s = socket.create_server(('0.0.0.0', %d))
print('listens', flush=True)
while True: threading.Thread(target=echo, args=(s.accept()[0],), daemon=True).start()
''' % PORT

# A connection, and what its ends say next, of the kernel itself (TCP_REPAIR): its guessers do not hit by chance.
TALK = '''
import socket, sys
s = socket.create_connection(('%s', %d), source_address=('0.0.0.0', %d))
for line in sys.stdin:
    if line == 'say\\n':
        s.sendall(b'a line of somebody\\n' * 50)
        got = b''
        while len(got) < 950: got += s.recv(65536)
        print(got == b'a line of somebody\\n' * 50, flush=True)
    else:
        s.setsockopt(socket.IPPROTO_TCP, 19, 1)
        said = []
        for queue in (2, 1):
            s.setsockopt(socket.IPPROTO_TCP, 20, queue)
            said.append(s.getsockopt(socket.IPPROTO_TCP, 21) & 0xffffffff)
        s.setsockopt(socket.IPPROTO_TCP, 19, -1)
        print(*said, flush=True)
s.close()
''' % (SERVER, PORT, CLIENT_PORT)

CONNECT = '''
import socket
for i in range(%d):
    s = socket.create_connection(('%s', %d)); s.sendall(b'x'); s.recv(1); s.close()
''' % (MORE, SERVER, PORT)


class Guess(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.program, _ = tap.place()
        self.net = net.Net()
        self.started = []
        self.rules = tap.write(os.path.join(self.tmp, 'live.rules'), RULES)

    def build(self):
        hub = self.net.namespace('hub')
        self.seen = self.net.namespace('seen')
        self.hosts = {}
        ports = []
        for name, address in (('server', SERVER), ('client', CLIENT), ('attacker', ATTACKER)):
            ns = self.hosts[name] = self.net.namespace(name)
            self.net.veth(ns, 'eth0', hub, 'to-' + name)
            ports.append('to-' + name)
            net.sh('ip', '-n', ns, 'addr', 'add', address + '/24', 'dev', 'eth0')
            self.net.plain(ns, 'eth0')
        self.net.veth(self.seen, 'vb', hub, 'to-weir')
        self.net.hub(hub, ports + ['to-weir'])
        server = self.start('server', sys.executable, '-c', ECHO)
        server.stdout.readline()

    def in_b(self, *words):
        """Where live.Weir listens, at vb."""
        return ['ip', 'netns', 'exec', self.seen] + list(words)

    def start(self, host, *args):
        p = self.net.start(self.hosts[host], *args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.started.append(p)
        return p

    def weir(self, name, *args):
        out = os.path.join(self.tmp, name)
        os.mkdir(out)
        w = live.Weir(self.program, self, out, self.rules, *args)
        self.started.append(w.process)
        if not self.ok(w.ready(), name + ': weir runs', w.stderr()):
            raise RuntimeError('no weir')
        return w

    def hping(self, *args):
        return self.net.run(self.hosts['attacker'], 'hping3', '-q', '-n', *args, check=False, timeout=live.PATIENCE_S)

    @staticmethod
    def reports(w):
        return [e for e in w.records('anomaly') if e['anomaly']['type'] == 'watch']

    # --- guesses ---------------------------------------------------------------------------------------------------

    def sweep(self, source, target, ports, base, flags):
        """Numbers all around the circle, and none nearer than 64 MiB to what the connection says next: no window of it
        reaches there."""
        step = TURN // GUESSES
        tool = 'hping3 -q -n -c 1 -k -a %s -s %d -p %d %s -M $q %s & ' % (source, *ports, flags, target)
        numbers = ' '.join(str((base + step // 2 + i * step) % TURN) for i in range(GUESSES))
        # One process sends one number.
        self.net.run(self.hosts['attacker'], 'sh', '-c', 'for q in %s; do %s done; wait' % (numbers, tool),
                     timeout=live.PATIENCE_S)

    def guesses(self):
        # However long a sweep takes here, it is within the window.
        w = self.weir('guesses', '--set', 'watch.scan.window=3600')
        talk = self.start('client', sys.executable, '-c', TALK)

        def ask(what):
            talk.stdin.write(what + '\n')
            talk.stdin.flush()
            return talk.stdout.readline().split()

        self.ok(ask('say') == ['True'], 'a connection')
        there, back = (CLIENT, SERVER, (CLIENT_PORT, PORT)), (SERVER, CLIENT, (PORT, CLIENT_PORT))
        want = {}
        for kind, flags in (('sequence.blind_reset', '-R'), ('sequence.blind_data', '-A -P -d 20')):
            for (source, target, ports), side in ((there, 0), (back, 1)):
                what = '%s in the name of %s' % (kind, source)
                base = int(ask('numbers')[side])
                self.sweep(source, target, ports, base, flags)
                found = lambda: [e for e in self.reports(w) if e['anomaly']['event'] == kind and
                                 e['src_ip'] == source and e['dest_ip'] == target]
                if self.ok(wait_for(found), what + ' is told', self.reports(w), w.stderr()):
                    sample = found()[0]['weir']['sequence']
                    self.ok(10 <= sample['count'] <= GUESSES and sample['seq_sample'] and
                            all((q - base) % (TURN // GUESSES) == TURN // GUESSES // 2 for q in sample['seq_sample']),
                            what + ': with what was guessed', sample, base)
                want[(kind, source, target)] = 1
                self.ok(ask('say') == ['True'], what + ': the connection goes on')
        talk.stdin.close()
        talk.wait(live.PATIENCE_S)
        self.ok(w.stop() == 0, 'guesses: the end', w.stderr())
        got = sorted((e['anomaly']['event'], e['src_ip'], e['dest_ip']) for e in self.reports(w))
        self.ok(got == sorted(want), 'guesses: each once, and nothing else', got)

    # --- rules -----------------------------------------------------------------------------------------------------

    def probe(self, first, end):
        """A SYN to each of these closed ports, 60 ms apart."""
        self.hping('-S', '-p', '++%d' % (FIRST_CLOSED + first), '-c', str(end - first), '-i', 'u60000', SERVER)

    def scanner(self):
        """On an interface a rule knows what has been judged by then, some tens of milliseconds behind or, where workers wait
        for a processor, any number of them; counts that the kernel made may as well be known before the packets are.
        So the scan comes in three parts, and waits for what Weir has written of each:

        - the first FEW probes never have an alert, as what the rules ask for is not there before the last of them was
          inspected;
        - those up to the report of the scan may have one: in a file all from the 7th or the 16th on would;
        - each after the report has one, as it was judged before it was written."""
        w = self.weir('scanner', '--set', 'watch.scan.window=3600')
        alerts = lambda *sids: [e for e in w.records('alert') if e['alert']['signature_id'] in sids]
        self.probe(0, FEW)
        self.ok(wait_for(lambda: len(alerts(5)) == FEW), 'the first probes are inspected', w.records('alert'), w.stderr())
        self.probe(FEW, MORE)
        told = wait_for(lambda: [e for e in self.reports(w) if e['anomaly']['event'] == 'scan.syn'])
        self.ok(told and told[0]['src_ip'] == ATTACKER, 'a scan is told', self.reports(w), w.stderr())
        connected = self.net.run(self.hosts['client'], sys.executable, '-c', CONNECT, check=False, timeout=live.PATIENCE_S)
        self.ok(connected.returncode == 0, 'somebody else connects', connected.stderr)
        self.probe(MORE, PROBES)
        self.ok(w.stop() == 0, 'scanner: the end', w.stderr())
        for sid, text in ((1, 'weir.watch:src,scan'), (2, 'weir.watch:src,scan.syn,>%d' % FEW)):
            ports = sorted(e['dest_port'] - FIRST_CLOSED for e in alerts(sid))
            print('# %s: %d of %d probes, ports %s' % (text, len(ports), PROBES, ports))
            self.ok([p for p in ports if p >= MORE] == list(range(MORE, PROBES)), text + ': each after the report', ports)
            self.ok(all(p >= FEW for p in ports) and len(set(ports)) == len(ports), text + ': none of the first', ports)
        others = [(e['src_ip'], e['alert']['signature_id']) for e in alerts(1, 2, 3, 4)
                  if e['src_ip'] != ATTACKER or e['dest_ip'] != SERVER]
        self.ok(not others and not alerts(3, 4), 'no alert about anybody or anything else', others, alerts(3, 4))
        self.ok({(e['anomaly']['event'], e['src_ip']) for e in self.reports(w)} == {('scan.syn', ATTACKER)},
                'scanner: nothing else is told', self.reports(w))

    def close(self):
        for p in self.started:
            p.kill()
            p.wait()
        self.net.close()
        shutil.rmtree(self.tmp, ignore_errors=True)


def main():
    missing = [p for p in ('hping3', 'ip', 'ethtool') if not shutil.which(p)]
    why = 'not installed: ' + ', '.join(missing) if missing else live.refused()
    if why:
        print('1..0 # SKIP ' + why)
        return 0
    t = Guess()
    try:
        t.build()
        t.guesses()
        t.scanner()
    finally:
        t.close()
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
