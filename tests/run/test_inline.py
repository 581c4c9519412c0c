#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""--simulate-ips: what packets carry when they pass, and why others do not.  Says TAP."""
import base64
import os
import struct
import sys

import talk
import tap
from talk import ACK, PSH, Talk
from tap import of_type, run

URG = 32


class Inline(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, _ = tap.place()
        os.chdir(self.tmp)

    def eve(self, packets, rules, *more):
        tap.write('in.pcap', tap.pcap(packets))
        tap.write('t.rules', rules)
        if os.path.exists('eve.json'):
            os.unlink('eve.json')
        r = run([self.weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-l', '.', '--simulate-ips', *more])
        return r, tap.records('eve.json')


def ips(recs):
    return of_type(recs, 'stats')[-1]['stats']['ips']


PACKET = ('--set', 'outputs.1.eve-log.types.0.alert.packet=yes', '--set', 'outputs.1.eve-log.types.0.alert.payload=yes')


def overlap(t):
    """Other bytes for the same numbers pass as the first ones, with a checksum that is right."""
    c = Talk()
    c.put(0, PSH | ACK, b'GOOD')
    c.put(0, PSH | ACK, b'EVILmore')
    r, recs = t.eve(c.packets, 'alert tcp-pkt any any -> any any (content:"EVIL"; sid:1;)\n'
                               'alert tcp-stream any any -> any any (content:"EVIL"; sid:2;)\n'
                               'alert tcp-pkt any any -> any any (content:"GOODmore"; sid:3;)\n'
                               'alert tcp-stream any any -> any any (content:"GOOD"; sid:4;)\n', *PACKET)
    alerts = of_type(recs, 'alert')
    found = sorted((a['pcap_cnt'], a['alert']['signature_id']) for a in alerts)
    t.ok(r.code == 0 and found == [(4, 4), (5, 3), (5, 4)], 'other bytes do not pass', found, r)
    packet = [base64.b64decode(a['packet']) for a in alerts if a['alert']['signature_id'] == 3]
    segment = packet[0][34:] if packet else b''
    pseudo = struct.pack('>IIBBH', talk.CLIENT, talk.SERVER, 0, 6, len(segment))
    t.ok(segment[20:] == b'GOODmore' and talk.checksum(pseudo + segment) == 0, 'the packet as it passes', packet)
    t.ok((ips(recs)['accepted'], ips(recs)['replaced'], ips(recs)['blocked']) == (4, 1, 0), 'it is counted as replaced',
         ips(recs))


def hole(t):
    """What comes behind a hole is looked at before it passes, and what fills the hole is looked at with it."""
    c = Talk()
    base = c.seq[0]
    for at, data in ((0, b'one'), (6, b'thr'), (9, b'ee'), (3, b'two')):
        c.put(0, PSH | ACK, data, seq=base + at)
    r, recs = t.eve(c.packets, 'alert tcp-stream any any -> any any (content:"three"; sid:1;)\n'
                               'alert tcp-stream any any -> any any (content:"onetwothree"; sid:2;)\n')
    found = [(a['pcap_cnt'], a['alert']['signature_id']) for a in of_type(recs, 'alert')]
    t.ok(r.code == 0 and (6, 1) in found and (7, 2) in found and not any(n < 6 for n, _ in found),
         'before it passes, behind a hole', found, r)


def again(t):
    """A segment whose packet was dropped comes again, and is dropped again."""
    c = Talk()
    for _ in range(3):
        c.put(0, PSH | ACK, b'needle')
    r, recs = t.eve(c.packets, 'drop tcp-pkt any any -> any any (content:"needle"; sid:1;)\n')
    t.ok(r.code == 0 and ips(recs)['blocked'] == 3 and ips(recs)['drop_reason']['rules'] >= 1, 'a segment that comes again',
         ips(recs), r)


def urgent(t):
    """The policy drop drops the packet, and its byte is a gap when the receiver tells that it has it all the same."""
    c = Talk()
    c.say(0, b'before')
    head = bytearray(talk.tcp(c.client, c.server, c.port, 80, c.seq[0], c.seq[1], PSH | ACK | URG, b'X', check=False))
    head[14 + 20 + 18:14 + 20 + 20] = struct.pack('>H', 1)
    c.packets.append((talk.START, c.at, bytes(head)))
    c.at += 10
    c.seq[0] += 1
    c.put(1, ACK)
    c.put(0, PSH | ACK, b'after')
    for policy, want in (('drop', 1), ('oob', 0)):
        r, recs = t.eve(c.packets, 'alert tcp any any -> any any (content:"X"; sid:1;)\n', '-k', 'none', '--set',
                        'stream.reassembly.urgent.policy=' + policy)
        got = ips(recs)['drop_reason']['stream_urgent'], ips(recs)['blocked'], of_type(recs, 'stats')[-1]['stats']['tcp'][
            'reassembly_gap']
        t.ok(r.code == 0 and got == (want, want, want), 'urgent data, policy %s' % policy, got, r)


def order(t):
    """Where drop comes before pass it stands, and the pass does not go for the rest of the flow."""
    c = Talk()
    for _ in range(3):
        c.put(0, PSH | ACK, b'needle')
        c.seq[0] += 6
    rules = ('pass tcp-pkt any any -> any any (content:"needle"; sid:1;)\n'
             'drop tcp-pkt any any -> any any (content:"needle"; sid:2;)\n'
             'alert tcp-pkt any any -> any any (content:"needle"; sid:3;)\n')
    want = (('', []), ('action-order:\n  - drop\n  - pass\n  - reject\n  - alert\n', [2, 2, 2]))
    for config, sids in want:
        tap.write('c.yaml', '%YAML 1.1\n---\n' + config)
        r, recs = t.eve(c.packets, rules, '-c', 'c.yaml')
        found = [a['alert']['signature_id'] for a in of_type(recs, 'alert')]
        t.ok(r.code == 0 and found == sids, 'action-order: %s' % ('drop before pass' if config else 'as it is'), found, r)


def main():
    t = Inline()
    for case in (overlap, hole, again, urgent, order):
        case(t)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
