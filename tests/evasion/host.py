# SPDX-License-Identifier: Apache-2.0
"""A real Linux host in a namespace, and a wire to it on which anything may be sent.

What its application reads is what a sensor should have seen.  Needs root.
"""
import os
import select
import socket
import struct
import subprocess
import sys
import time

from wire import Capture

HERE4, HOST4 = bytes([10, 9, 0, 1]), bytes([10, 9, 0, 2])
HERE6 = socket.inet_pton(socket.AF_INET6, 'fd09::1')
HOST6 = socket.inet_pton(socket.AF_INET6, 'fd09::2')
HERE_MAC, HOST_MAC = bytes.fromhex('020000000001'), bytes.fromhex('020000000002')
PORT = 7777
CONNECT_PORT = 7778  # of connections that the host opens

# Reads connections and datagrams; says each in one line of hexadecimal digits.  A number that it is told is a port
# of ours to connect to.
SERVER = r'''
import os, select, socket, sys
def line(*words):
    sys.stdout.write(' '.join(words) + '\n')
    sys.stdout.flush()
waiting = []
for family, where in ((socket.AF_INET, '10.9.0.2'), (socket.AF_INET6, 'fd09::2')):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((where, %d))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    s.listen(64)
    u = socket.socket(family, socket.SOCK_DGRAM)
    u.bind((where, %d))
    waiting += [s, u]
for where in ('10.10.0.2', '10.11.0.2'):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind((where, %d))
    waiting.append(u)
line('ready')
got, port = {}, {}
while True:
    for s in select.select(waiting + [0] + list(got), [], [])[0]:
        if s == 0:
            told = os.read(0, 100)
            if not told:
                sys.exit(0)
            c = socket.socket()
            c.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            c.bind(('10.9.0.2', %d))
            c.setblocking(False)
            c.connect_ex(('10.9.0.1', int(told)))
            got[c], port[c] = b'', int(told)
        elif s in got:
            try:
                data = s.recv(65536)
            except OSError:
                data = b''
            got[s] += data
            if not data:
                line('tcp', str(port.pop(s)), got.pop(s).hex())
                s.close()
        elif s.type == socket.SOCK_STREAM:
            c, peer = s.accept()
            got[c], port[c] = b'', peer[1]
        else:
            data, peer = s.recvfrom(65536)
            line('udp', str(peer[1]), data.hex())
''' % (PORT, PORT, PORT, CONNECT_PORT)


def sh(*args):
    subprocess.run(args, check=True, stdin=subprocess.DEVNULL)


class Host:
    def __init__(self):
        self.ns = 'weir%d-host' % os.getpid()
        self.wire = 'weir%d' % (os.getpid() % 100000)
        sh('ip', 'netns', 'add', self.ns)
        sh('ip', 'link', 'add', self.wire, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', self.ns)
        inside = ('ip', '-n', self.ns)
        sh(*inside, 'link', 'set', 'lo', 'up')
        sh(*inside, 'link', 'set', 'eth0', 'address', '02:00:00:00:00:02')
        for name in ('accept_ra', 'accept_dad'):
            sh('ip', 'netns', 'exec', self.ns, 'sysctl', '-qw', 'net.ipv6.conf.eth0.%s=0' % name)
        sh('ip', 'netns', 'exec', self.ns, 'sysctl', '-qw', 'net.ipv4.tcp_fastopen=0x3', 'net.ipv4.tcp_timestamps=1')
        sh(*inside, 'addr', 'add', '10.9.0.2/24', 'dev', 'eth0')
        sh(*inside, 'addr', 'add', 'fd09::2/64', 'dev', 'eth0', 'nodad')
        sh(*inside, 'link', 'set', 'eth0', 'up')
        sh('sysctl', '-qw', 'net.ipv6.conf.%s.disable_ipv6=1' % self.wire)
        sh('ip', 'link', 'set', self.wire, 'up')
        for where in ('10.9.0.1', 'fd09::1'):
            sh(*inside, 'neigh', 'add', where, 'lladdr', '02:00:00:00:00:01', 'dev', 'eth0')
        # Joined packets of more than a segment would not be what was on the wire.
        subprocess.run(('ip', 'netns', 'exec', self.ns, 'ethtool', '-K', 'eth0', 'tx', 'off', 'tso', 'off', 'gso', 'off',
                        'gro', 'off'), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A tunnel to it, and one within that.
        for name, key, near, far in (('vx0', 5, '10.9.0', '10.10.0'), ('vx1', 6, '10.10.0', '10.11.0')):
            sh(*inside, 'link', 'add', name, 'address', HOST_MAC.hex(':'), 'type', 'vxlan', 'id', str(key), 'remote', near + '.1',
               'local', near + '.2', 'dstport', '4789')
            sh(*inside, 'addr', 'add', far + '.2/24', 'dev', name)
            sh(*inside, 'link', 'set', name, 'up')
            sh(*inside, 'neigh', 'add', far + '.1', 'lladdr', HERE_MAC.hex(':'), 'dev', name)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((self.wire, 3))
        self.server = subprocess.Popen(('ip', 'netns', 'exec', self.ns, sys.executable, '-c', SERVER),
                                       stdout=subprocess.PIPE, stdin=subprocess.PIPE, bufsize=0)
        self.said = b''
        assert self.line(10) == ['ready']
        self.capture = None
        self.deaf = False  # the sensor does not see what the host sends

    def close(self):
        self.server.kill()
        self.server.wait()
        self.socket.close()
        sh('ip', 'netns', 'del', self.ns)

    def set(self, name, value):
        sh('ip', 'netns', 'exec', self.ns, 'sysctl', '-qw', '%s=%s' % (name, value))

    def record(self, path):
        self.capture = Capture(path) if path else None

    def connect(self, port):
        """It opens a connection to this port of ours, from CONNECT_PORT; returns the IP packets that came."""
        self.server.stdin.write(b'%d' % port)
        return self.receive(0.1)

    def send(self, packet, wait_s=0.003, lost=False, unseen=False):
        """Send one IP packet; returns the IP packets that came back meanwhile.  lost: only the sensor sees it; unseen: it
        does not."""
        kind = 0x86dd if packet[0] >> 4 == 6 else 0x0800
        frame = HOST_MAC + HERE_MAC + struct.pack('!H', kind) + packet
        capture = self.capture
        if capture and not unseen:
            capture.add(frame)
        if unseen:
            self.capture = None
            self.socket.send(frame)
            packets = self.receive(wait_s)
            self.capture = capture
            return packets
        if lost:
            return []
        self.socket.send(frame)
        return self.receive(wait_s)

    def receive(self, wait_s):
        end = time.monotonic() + wait_s
        packets = []
        while True:
            left = end - time.monotonic()
            if left < 0 or not select.select([self.socket], [], [], left)[0]:
                return packets
            frame, where = self.socket.recvfrom(65536)
            if where[2] == socket.PACKET_OUTGOING or frame[6:12] != HOST_MAC or frame[:6] != HERE_MAC:
                continue
            if self.capture and not self.deaf:
                self.capture.add(frame, 1000)
            packets.append(frame[14:])

    def line(self, wait_s):
        """The words of the next line that the server says; None: it says nothing for so long."""
        end = time.monotonic() + wait_s
        while b'\n' not in self.said:
            if not select.select([self.server.stdout], [], [], max(0, end - time.monotonic()))[0]:
                return None
            self.said += os.read(self.server.stdout.fileno(), 65536)
        words, self.said = self.said.split(b'\n', 1)
        return words.decode().split()

    def read(self, kind, port, wait_s=1.0):
        """What the application read of the connection from this port, or of its datagrams; empty: nothing came."""
        end = time.monotonic() + wait_s
        got = []
        while True:
            words = self.line(end - time.monotonic())
            if words is None:
                break
            if words[:2] != [kind, str(port)]:
                continue
            got.append(bytes.fromhex(words[2]) if len(words) > 2 else b'')
            if kind == 'tcp':
                break
            end = min(end, time.monotonic() + 0.05)
        return got
