#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What no common tool sends: guessed sequence numbers, windows, flags, each as packets, and told by its kind.  Says TAP."""
import os
import sys

import tap
from tap import run

try:
    from scapy.all import IP, TCP, Ether, Raw, wrpcap
except ImportError:
    print('1..0 # SKIP scapy is not installed')
    sys.exit(0)

CLIENT, SERVER = '192.0.2.1', '192.0.2.2'


class Talk:
    """Connections, one after the other, an open end each."""

    def __init__(self):
        self.packets, self.time = [], 1700000000.0

    def put(self, to_server, port, flags, seq, ack=0, window=8192, data=b'', reserved=0):
        src, dst = (CLIENT, SERVER) if to_server else (SERVER, CLIENT)
        ports = (port, 80) if to_server else (80, port)
        p = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / IP(src=src, dst=dst) / TCP(
            sport=ports[0], dport=ports[1], flags=flags, seq=seq & 0xffffffff, ack=ack & 0xffffffff, window=window, reserved=reserved)
        if data:
            p = p / Raw(data)
        self.time += 0.001
        p.time = self.time
        self.packets.append(p)

    def open(self, port, isn=None):
        isn = (port * port * 2654435761) & 0xffffffff if isn is None else isn
        self.put(True, port, 'S', 1000)
        self.put(False, port, 'SA', isn, 1001)
        self.put(True, port, 'A', 1001, isn + 1)
        return isn + 1


class Facts(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, _ = tap.place()
        os.chdir(self.tmp)

    def told(self, t):
        wrpcap('in.pcap', t.packets)
        if os.path.exists('eve.json'):
            os.unlink('eve.json')
        r = run([self.weir, 'run', '-r', 'in.pcap', '--disable-detection', '-k', 'none', '-l', '.'])
        found = [e for e in tap.of_type(tap.records('eve.json'), 'anomaly') if e['anomaly']['type'] == 'watch']
        return r, {e['anomaly']['event'] for e in found}

    def case(self, name, event, make):
        """With ten times it is told, with none of the odd packets nothing is."""
        for count, want in ((12, {event}), (0, set())):
            t = Talk()
            make(t, count)
            r, got = self.told(t)
            self.ok(r.code == 0 and got == want, '%s, %d times: %s' % (name, count, ' '.join(want) or 'nothing'), got, r)


def resets(t, count):
    isn = t.open(2000)
    for i in range(count):
        t.put(False, 2000, 'R', isn + 100000 + 70000 * i)
    t.put(True, 2000, 'PA', 1001, isn, data=b'still open')


def data(t, count):
    isn = t.open(2000)
    for i in range(count):
        t.put(False, 2000, 'PA', isn + 100000 + 70000 * i, 1001, data=b'guess')
    t.put(True, 2000, 'PA', 1001, isn, data=b'still open')


def windows(t, count):
    for i in range(15):
        isn = t.open(2000 + i)
        t.put(True, 2000 + i, 'A', 1001, isn, window=0 if i < count else 8192)


def shrinking(t, count):
    for i in range(15):
        isn = t.open(2000 + i)
        t.put(True, 2000 + i, 'A', 1001, isn, window=1000 if i < count else 8192)


def flags(t, count):
    isn = t.open(2000)
    t.put(True, 2000, 'PA', 1001, isn, data=b'x')
    for i in range(count):
        t.put(True, 3000 + i, 'SF', 5000)


def numbers(t, count):
    for i in range(20):
        t.open(2000 + i, 64000 * i if count else None)


def main():
    t = Facts()
    t.case('resets outside the window', 'sequence.blind_reset', resets)
    t.case('data outside the window', 'sequence.blind_data', data)
    t.case('a window of zero', 'window.zero', windows)
    t.case('a window that shrinks', 'window.shrunk', shrinking)
    t.case('SYN and FIN', 'flags.impossible', flags)
    t.case('initial numbers in steps', 'sequence.isn_fixed_step', numbers)
    return t.done()


sys.exit(main())
