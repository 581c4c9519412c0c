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

    def put(self, to_server, port, flags, seq, ack=0, window=8192, data=b'', reserved=0, options=()):
        src, dst = (CLIENT, SERVER) if to_server else (SERVER, CLIENT)
        ports = (port, 80) if to_server else (80, port)
        p = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / IP(src=src, dst=dst) / TCP(
            sport=ports[0], dport=ports[1], flags=flags, seq=seq & 0xffffffff, ack=ack & 0xffffffff, window=window, reserved=reserved,
            options=list(options))
        if data:
            p = p / Raw(data)
        self.time += 0.001
        p.time = self.time
        self.packets.append(p)

    def open(self, port, isn=None, scales=(None, None), window=8192):
        isn = (port * port * 2654435761) & 0xffffffff if isn is None else isn
        offers = [() if s is None else (('WScale', s),) for s in scales]
        self.put(True, port, 'S', 1000, options=offers[0], window=window)
        self.put(False, port, 'SA', isn, 1001, options=offers[1])
        self.put(True, port, 'A', 1001, isn + 1, window=window)
        return isn + 1

    def close(self, port, isn, seq, pause=5):
        self.put(True, port, 'FA', seq, isn)
        self.put(False, port, 'FA', isn, seq + 1)
        self.put(True, port, 'A', seq + 1, isn + 1)
        self.time += pause


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
        self.found = found
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


def data_with_ack(t, count):
    """The ACK is guessed too; before the window and behind it.  Within the window it is no guess of a place."""
    isn = t.open(2000)
    for i in range(12):
        ack = (1001 + (i + 1) * 0x10000000) & 0xffffffff
        far = (i - 6 if i < 6 else i - 4) * 70000
        t.put(False, 2000, 'PA', (isn + (far if i < count else i)) & 0xffffffff, ack, data=b'guess')
    t.put(True, 2000, 'PA', 1001, isn, data=b'still open')


def lost_acks(t, count):
    """The server goes on, and the ACKs that let it are not in the capture; what is far ahead is a guess."""
    isn = t.open(2000)
    for i in range(60):
        t.put(False, 2000, 'PA', isn + 1000 * i, 1001, data=b'x' * 1000)
    for i in range(count):
        t.put(False, 2000, 'PA', isn + 300000 + 70000 * i, 1001, data=b'guess')


def windows(t, count):
    for i in range(15):
        isn = t.open(2000 + i)
        t.put(True, 2000 + i, 'A', 1001, isn, window=0 if i < count else 8192)


def shrinking(t, count):
    for i in range(15):
        isn = t.open(2000 + i)
        t.put(True, 2000 + i, 'A', 1001, isn, window=1000 if i < count else 8192)


def tiny(t, count):
    for i in range(15):
        isn = t.open(2000 + i, scales=(2, 2), window=200)
        t.put(True, 2000 + i, 'A', 1001, isn, window=128 if i < count else 129)


def shifts(t, count):
    """Greater than RFC 7323 allows."""
    for i in range(15):
        t.open(2000 + i, scales=(15 if i < count else 14, 7))


def unasked(t, count):
    """A server that answers with a scale though the client has none."""
    for i in range(15):
        t.open(2000 + i, scales=(None, 7 if i < count else None))


def two_shifts(t, count):
    for i in range(15):
        t.put(True, 2000 + i, 'S', 1000, options=[('WScale', 3)])
        t.open(2000 + i, scales=(9 if i < count else 3, 7))


def giant(t, count):
    """Half a gigabyte is offered, and a bit less."""
    for i in range(15):
        t.open(2000 + i, scales=(14, 14), window=32768 if i < count else 32767)


def syns(t, count):
    isn = t.open(2000)
    t.put(False, 2000, 'A', isn, 1001)
    for i in range(count):
        t.put(True, 2000, 'S', 500000 + 70000 * i)
        t.put(False, 2000, 'A', isn, 1001)
    t.put(True, 2000, 'PA', 1001, isn, data=b'still open')


def old(t, count):
    """The client sends 200 KiB, then its beginning again; where it does not, its end, as when an ACK was lost."""
    isn, seq = t.open(2000), 1001
    for i in range(200):
        t.put(True, 2000, 'PA', seq, isn, data=bytes([i]) * 1024)
        seq += 1024
        t.put(False, 2000, 'A', isn, seq)
    for i in range(12):
        n = i if i < count else 180 + i
        t.put(True, 2000, 'PA', 1001 + 1024 * n, isn, data=bytes([n]) * 1024)


def again(t, count, pause=5):
    """What the client said is said again to a server that lives, and so begins elsewhere."""
    isn = t.open(2000)
    t.put(True, 2000, 'PA', 1001, isn, data=b'open the gate')
    t.close(2000, isn, 1014, pause)
    t.put(True, 2000, 'S', 1000 if count else 77000)
    t.put(False, 2000, 'SA', 99, 1001 if count else 77001)
    t.put(True, 2000, 'A', 1001 if count else 77001, isn)
    t.put(True, 2000, 'PA', 1001 if count else 77001, isn, data=b'open the gate')


def again_late(t, count):
    again(t, count, 100)


def both_again(t, count):
    for turn in range(2):
        isn = t.open(2000, 5000 if count else 5000 + turn)
        t.put(True, 2000, 'PA', 1001, isn, data=b'open the gate')
        t.close(2000, isn, 1014, 100)


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
    t.case('data outside the window with guessed ACKs', 'sequence.blind_data', data_with_ack)
    t.case('data whose ACKs were lost, and guesses', 'sequence.blind_data', lost_acks)
    t.case('a window of zero', 'window.zero', windows)
    t.case('a window that shrinks', 'window.shrunk', shrinking)
    t.case('SYN and FIN', 'flags.impossible', flags)
    t.case('a window of 512 bytes', 'window.tiny', tiny)
    t.case('a shift of 15', 'window.scale', shifts)
    t.case('a shift that nobody asked for', 'window.scale', unasked)
    t.case('another shift in the same SYN', 'window.scale', two_shifts)
    t.case('a window of 512 MiB', 'window.scale', giant)
    t.case('SYNs in an open connection', 'sequence.blind_syn', syns)
    t.case('data of long ago', 'sequence.old_data', old)
    t.case('a client that is recorded', 'sequence.replay', again)
    t.case('a client that is recorded, later', 'sequence.replay', again_late)
    t.case('both ends recorded', 'sequence.replay', both_again)
    t.case('initial numbers in steps', 'sequence.isn_fixed_step', numbers)
    return t.done()


sys.exit(main())
