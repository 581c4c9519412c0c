#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nmap, hping3 and clients of our own between two namespaces: each attack is told with its kind and source, and none else.

The packets are recorded and read from the file, with one worker and with three, which must say the same.  Says TAP.

    test_watch.py --slow    besides, what takes minutes: nmap -T1, which waits 15 s between ports, and -T2
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'run'))
sys.path.insert(0, HERE)
import net  # noqa: E402
import tap  # noqa: E402

ATTACKER, VICTIM = '10.9.0.66', '10.9.0.1'
PORTS = '1-40'

# Name, command ("" in it: python of our own), events that must be there, seconds that flows need to time out.
SCANS = [
    ('SYN scan', ['nmap', '-sS', '-p', PORTS], {'scan.syn'}),
    ('FIN scan', ['nmap', '-sF', '-p', PORTS], {'scan.fin'}),
    ('NULL scan', ['nmap', '-sN', '-p', PORTS], {'scan.null'}),
    ('XMAS scan', ['nmap', '-sX', '-p', PORTS], {'scan.xmas'}),
    ('ACK scan', ['nmap', '-sA', '-p', PORTS], {'scan.ack'}),
    ('window scan', ['nmap', '-sW', '-p', PORTS], {'scan.ack'}),
    ('UDP scan', ['nmap', '-sU', '-p', PORTS], {'scan.udp'}),
    ('fast scan', ['nmap', '-sS', '-T5', '-p', PORTS], {'scan.syn'}),
    ('polite scan', ['nmap', '-sS', '-T3', '--scan-delay', '150ms', '-p', '1-20'], {'scan.syn'}),
    ('scan with decoys', ['nmap', '-sS', '-D', '10.9.0.71,10.9.0.72,10.9.0.73', '-p', PORTS], {'scan.decoy'}),
]
SLOW = [
    ('sneaky scan', ['nmap', '-sS', '-T1', '-p', '1-20'], {'scan.syn'}),
    ('polite scan of nmap', ['nmap', '-sS', '-T2', '-p', '1-20'], {'scan.syn'}),
]
SWEEPS = [
    ('ARP sweep', ['nmap', '-sn', '10.9.0.0/26'], {'scan.sweep_arp'}),
    ('ping sweep', ['nmap', '-sn', '-PE', '--send-ip', '--disable-arp-ping', '10.8.0.0/27'], {'scan.sweep_icmp'}),
]
FLOODS = [
    ('SYN flood', ['hping3', '-S', '-p', '8080', '-i', 'u300', '-c', '4000', '--rand-source'], {'flood.syn'}),
    ('RST flood', ['hping3', '-R', '-p', '8080', '-i', 'u300', '-c', '4000'], {'flood.rst'}),
    ('FIN flood', ['hping3', '-F', '-p', '8080', '-i', 'u300', '-c', '4000'], {'flood.fin'}),
]


class Watch(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, _ = tap.place()
        self.net = net.Net()
        self.servers = []

    def build(self):
        self.victim = self.net.namespace('victim')
        self.attacker = self.net.namespace('attacker')
        self.net.veth(self.victim, 'v0', self.attacker, 'a0')
        for ns, name, addr in ((self.victim, 'v0', VICTIM), (self.attacker, 'a0', ATTACKER)):
            net.sh('ip', '-n', ns, 'addr', 'add', addr + '/24', 'dev', name)
            self.net.plain(ns, name)
            self.net.run(ns, 'sysctl', '-qw', 'net.ipv4.icmp_ratelimit=0', 'net.ipv4.icmp_msgs_per_sec=100000', check=False)
        net.sh('ip', '-n', self.attacker, 'route', 'add', '10.8.0.0/16', 'via', VICTIM)
        net.sh('ip', '-n', self.victim, 'route', 'add', 'default', 'via', ATTACKER)
        self.servers.append(self.net.start(self.victim, sys.executable, '-c', SERVER, stdout=subprocess.DEVNULL))
        time.sleep(0.3)

    def record(self, name, command):
        """Run something in the attacker's namespace and give the capture of the victim's side."""
        path = os.path.join(self.tmp, name.replace(' ', '-') + '.pcap')
        dump = self.net.start(self.victim, 'tcpdump', '-i', 'v0', '-U', '--immediate-mode', '-B', '8192', '-w', path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        dump.stderr.readline()
        if callable(command):
            command()
        else:
            self.net.run(self.attacker, *command, check=False, timeout=900)
        time.sleep(0.5)
        dump.send_signal(signal.SIGINT)
        dump.wait(10)
        return path

    def read(self, path, workers):
        out = path + '.%d' % workers
        shutil.rmtree(out, ignore_errors=True)
        r = tap.run([self.weir, 'run', '-r', path, '-l', out, '-k', 'none', '--disable-detection', '--set',
                     'workers=%d' % workers])
        if r.code:
            return r, None, b''
        with open(os.path.join(out, 'eve.json'), 'rb') as f:
            text = f.read()
        found = [e for e in map(json.loads, text.splitlines())
                 if e['event_type'] == 'anomaly' and e['anomaly']['type'] == 'watch']
        return r, found, text

    def attack(self, name, command, events, source=ATTACKER):
        path = self.record(name, command)
        r, found, one = self.read(path, 1)
        _, _, three = self.read(path, 3)
        if not self.ok(r.code == 0 and found is not None, name + ': the capture is read', r):
            return []
        kinds = {e['anomaly']['event'] for e in found}
        self.ok(events <= kinds, name + ': told as ' + ', '.join(sorted(events)), kinds, r)
        self.ok(one == three, name + ': the same with three workers')
        if source:
            wrong = [e for e in found if e['anomaly']['event'] in events and e.get('src_ip') not in (source, None)]
            self.ok(not wrong, name + ': of the right source', wrong)
        return found

    def quiet(self, name, command):
        path = self.record(name, command)
        r, found, _ = self.read(path, 2)
        self.ok(r.code == 0 and found == [], name + ': nothing is told', r, found)

    # What our own clients do, in the attacker's namespace.

    def python(self, text):
        return self.net.run(self.attacker, sys.executable, '-c', CLIENT + text, check=False, timeout=60)

    def close(self):
        for p in self.servers:
            p.kill()
            p.wait()
        self.net.close()
        shutil.rmtree(self.tmp, ignore_errors=True)


SERVER = '''
import socket, threading
def echo(c):
    try:
        while True:
            b = c.recv(65536)
            if not b: break
            c.sendall(b'x' * 2000)
    except OSError: pass
    c.close()
def serve(port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('0.0.0.0', port)); s.listen(512)
    while True:
        c, _ = s.accept()
        threading.Thread(target=echo, args=(c,), daemon=True).start()
def silent(port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('0.0.0.0', port)); s.listen(512); kept = []
    while True: kept.append(s.accept())
def resolver(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', port))
    while True:
        b, a = s.recvfrom(2048); s.sendto(b, a)
for f, p in ((serve, 8080), (silent, 8081), (resolver, 53), (resolver, 123)):
    t = threading.Thread(target=f, args=(p,), daemon=True); t.start()
t.join()
'''
CLIENT = '''
import socket, time
VICTIM = '%s'
''' % VICTIM
PAGE = '''
held = []
for i in range(200):
    s = socket.create_connection((VICTIM, 8080)); s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n'); held.append(s)
for s in held: s.recv(4096); s.close()
'''
RESOLVE = '''
for i in range(300):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
    s.sendto(b'query', (VICTIM, 53 if i % 10 else 123)); s.recv(100); s.close()
'''
BACKUP = '''
s = socket.create_connection((VICTIM, 8080))
for i in range(200): s.sendall(b'y' * 50000)
s.close()
'''
CRUMBS = '''
held = [socket.create_connection((VICTIM, 8081)) for i in range(15)]
for turn in range(12):
    for s in held: s.sendall(b'X-a: b\\r\\n')
    time.sleep(1)
'''
# Slow reading: more is asked for than the client's buffer takes, and nothing is read.
UNREAD = '''
held = []
for i in range(15):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048); s.connect((VICTIM, 8080)); held.append(s)
for turn in range(6):
    for s in held: s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')
    time.sleep(0.3)
'''


def main():
    missing = [p for p in ('nmap', 'hping3', 'tcpdump', 'ip', 'ethtool') if not shutil.which(p)]
    if missing:
        print('1..0 # SKIP not installed: ' + ', '.join(missing))
        return 0
    if os.geteuid():
        print('1..0 # SKIP network namespaces want root')
        return 0
    t = Watch()
    try:
        try:
            t.build()
        except (subprocess.CalledProcessError, OSError) as e:
            print('1..0 # SKIP no network namespaces here: %s' % e)
            return 0
        for name, command, events in (SLOW if '--slow' in sys.argv[1:] else []) + SCANS:
            t.attack(name, command + ['-n', '-Pn', '--max-retries', '1', VICTIM], events,
                     None if 'decoys' in name else ATTACKER)
        for name, command, events in SWEEPS:
            t.attack(name, command[:1] + ['-n', '--max-retries', '0'] + command[1:], events)
        for name, command, events in FLOODS:
            t.attack(name, command + ['-q', VICTIM], events, None)
        t.attack('slow requests', lambda: t.python(CRUMBS), {'window.slow_request'})
        t.attack('slow reading', lambda: t.python(UNREAD), {'window.zero'})
        t.quiet('a page with 200 connections', lambda: t.python(PAGE))
        t.quiet('DNS and NTP', lambda: t.python(RESOLVE))
        t.quiet('a backup', lambda: t.python(BACKUP))
    finally:
        t.close()
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
