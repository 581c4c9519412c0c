#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rules that ask what is known of hosts: they hold from the packet on that they should, whatever the workers.  Says TAP."""
import os
import sys

import tap
from tap import run

try:
    from scapy.all import IP, TCP, UDP, Ether, Raw, wrpcap
except ImportError:
    print('1..0 # SKIP scapy is not installed')
    sys.exit(0)

SCANNER, TARGET = '192.0.2.66', '198.51.100.1'
PROBES, SLOW_START = 20, 1700000000.0

# Each with the probes of the scan at which it alerts: at the SYN of the n-th, n - 1 are known.
RULES = [
    (1, 'flags:S; weir.watch:src,scan.syn,>5;', range(7, PROBES + 1)),
    (2, 'flags:S; weir.watch:src,scan.syn;', range(16, PROBES + 1)),
    (3, 'flags:S; weir.watch:src,scan,isset;', range(16, PROBES + 1)),
    (4, 'flags:S; weir.watch:any,scan.syn,4-6;', (6,)),
    (5, 'flags:S; weir.watch:src,scan.fin;', ()),
    (6, 'flags:S; weir.watch:src,flood,>900;', ()),
    (7, 'flags:S; weir.watch:dst,scan.syn;', ()),
    (8, 'flags:S; weir.watch:both,scan,>0;', ()),
    # The answers go to the source: those of the first six are not told yet.
    (9, 'flags:RA; weir.watch:dst,scan.syn,>5;', range(7, PROBES + 1)),
    # Once for each direction of a flow.
    (10, 'weir.watch:src,scan.syn,>17;', range(19, PROBES + 1)),
]


def segment(src, dst, sport, dport, flags, at, seq=1, ack=0, data=b''):
    p = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / IP(src=src, dst=dst) / TCP(
        sport=sport, dport=dport, flags=flags, seq=seq, ack=ack, window=8192)
    if data:
        p = p / Raw(data)
    p.time = at
    return p


def traffic():
    """A scan that is refused, one probe every 50 ms, among the connections and queries of others."""
    packets = []
    for i in range(PROBES):
        at = SLOW_START + i * 0.05
        packets += [segment(SCANNER, TARGET, 50000 + i, 100 + i, 'S', at),
                    segment(TARGET, SCANNER, 100 + i, 50000 + i, 'RA', at + 0.0002, 0, 2)]
        for k in range(12):
            other, when = '203.0.113.%d' % (1 + (i * 12 + k) % 200), at + 0.001 + k * 0.003
            port = 20000 + i * 12 + k
            packets += [segment(other, TARGET, port, 80, 'S', when),
                        segment(TARGET, other, 80, port, 'SA', when + 0.0001, 70000 * port, 2),
                        segment(other, TARGET, port, 80, 'A', when + 0.0002, 2, 70000 * port + 1),
                        segment(other, TARGET, port, 80, 'PA', when + 0.0003, 2, 70000 * port + 1, b'GET / HTTP/1.0\r\n\r\n')]
            q = Ether() / IP(src=other, dst='198.51.100.53') / UDP(sport=port, dport=53) / Raw(b'x' * 20)
            q.time = when + 0.0004
            packets.append(q)
    return sorted(packets, key=lambda p: p.time)


class Rules(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, _ = tap.place()
        os.chdir(self.tmp)

    def read(self, name, rules, *more):
        with open('t.rules', 'w') as f:
            f.write(rules)
        return run([self.weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-k', 'none', '-l', name] + list(more))


def text_of(rules):
    return ''.join('alert tcp any any -> any any (msg:"x"; %s sid:%d;)\n' % (body, sid) for sid, body, _ in rules)


def main():
    t = Rules()
    wrpcap('in.pcap', traffic())
    outs = {}
    for workers in (1, 2, 3, 8):
        r = t.read('w%d' % workers, text_of(RULES), '--set', 'workers=%d' % workers)
        with open('w%d/eve.json' % workers, 'rb') as f:
            outs[workers] = f.read()
        if workers > 1:
            t.ok(r.code == 0 and outs[workers] == outs[1], 'the same with %d workers' % workers, r)
    alerts = tap.of_type(tap.records('w1/eve.json'), 'alert')
    for sid, body, probes in RULES:
        got = [e for e in alerts if e['alert']['signature_id'] == sid]
        places = [(e['src_port'] if e['src_ip'] == TARGET else e['dest_port']) - 99 for e in got]
        t.ok(places == list(probes) and all(SCANNER in (e['src_ip'], e['dest_ip']) for e in got), body, places)
    negated = 'alert tcp any any -> any any (flags:S; weir.watch:src,scan.syn,isnotset; sid:1;)\n'
    t.read('n', negated)
    t.ok(len(tap.of_type(tap.records('n/eve.json'), 'alert')) == 12 * PROBES + 15, 'isnotset holds for all others')

    # Where no record is wanted, rules find it all the same; where nothing is watched, they do not.
    t.read('q', text_of(RULES[1:2]), '--set', 'outputs.1.eve-log.types.2.anomaly.enabled=no', '--set', 'workers=2')
    got = tap.records('q/eve.json')
    t.ok(len(tap.of_type(got, 'alert')) == 5 and not tap.of_type(got, 'anomaly'), 'without records of it')
    t.read('o', negated + text_of([(2, 'flags:S; weir.watch:src,scan,<1000;', ())]), '--set', 'watch.enabled=no')
    t.ok(not tap.of_type(tap.records('o/eve.json'), 'alert'), 'nothing holds where nothing is watched')

    with open('t.rules', 'w') as f:
        f.write(text_of(RULES))
    r = run([t.weir, 'explain', '--sid', '1', 't.rules', 'in.pcap'])
    t.ok(r.code == 0 and 'source: 6' in r.out, 'explain says the count', r)
    r = run([t.weir, 'check', 't.rules'])
    t.ok(r.code == 0, 'check takes them', r)
    return t.done()


sys.exit(main())
