#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Records of TCP packets with their session (type stream): which packets have one, and what it says.  Says TAP."""
import json
import os
import sys

import tap
from talk import ACK, PSH, Talk
from tap import of_type, run

try:
    import jsonschema
except ImportError:
    jsonschema = None


class Records(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, _ = tap.place()
        os.chdir(self.tmp)

    def told(self, packets, options, *more):
        tap.write('in.pcap', tap.pcap(packets))
        tap.write('c.yaml', '%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      types:\n        - stream:\n'
                  + ''.join('            %s: yes\n' % o for o in options))
        tap.write('t.rules', 'drop tcp-pkt any any -> any any (content:"needle"; sid:1;)\n')
        if os.path.exists('eve.json'):
            os.unlink('eve.json')
        r = run([self.weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-c', 'c.yaml', '-l', '.', *more])
        return r, of_type(tap.records('eve.json'), 'stream_tcp')


def connection():
    c = Talk()
    c.say(0, b'hello')
    c.put(1, ACK, seq=c.seq[1] - 100000)
    c.say(1, b'x' * 3000)
    c.fin(0)
    c.fin(1)
    return c


def main():
    t = Records()
    c = connection()
    # The handshake, a FIN of each side and the last acknowledgement change the state; that of the first FIN does not.
    end = len(c.packets)
    changes = [1, 2, 3, end - 3, end - 1, end]
    for options, want in ((('all',), list(range(1, len(c.packets) + 1))), (('state-update',), changes), (('event-set',), [6]),
                          (('event-set', 'state-update'), sorted(changes + [6])), ((), [])):
        r, recs = t.told(c.packets, options)
        got = [e['pcap_cnt'] for e in recs]
        t.ok(r.code == 0 and got == want, 'records of %s' % (' and '.join(options) or 'none'), got, want, r)
    r, recs = t.told(c.packets, ('all',))
    states = [e['stream_tcp']['session']['state'] for e in recs]
    t.ok(states[:3] == ['syn_sent', 'syn_recv', 'established'] and states[-1] == 'closed', 'states', states)
    second = recs[1]['stream_tcp']
    t.ok(second['session']['pstate'] == 'syn_sent' and second['packet']['flags'] == ['state_update']
         and second['packet']['syn'] and second['packet']['ack'] and not second['packet']['psh'], 'a packet that changes the state',
         second)
    side = recs[4]['stream_tcp']['session']['client']
    t.ok((side['isn'], side['next_seq'], side['last_ack'], side['segs_right_edge']) == (100, 106, 106, 106), 'a side', side)
    sixth = recs[5]['stream_tcp']
    t.ok(sixth['packet'].get('flags') == ['event_set'] and all(e.startswith('stream.') for e in sixth.get('events', [''])),
         'events by name', sixth)
    if jsonschema:
        with open(os.path.join(tap.TOP, 'docs', 'eve.schema.json')) as f:
            schema = jsonschema.Draft202012Validator(json.load(f))
        bad = [str(e.message) for rec in recs for e in schema.iter_errors(rec)]
        t.ok(recs and not bad, 'every record is valid by the schema', '\n'.join(bad[:5]))
    else:
        t.skip('every record is valid by the schema', 'no python3-jsonschema')
    d = Talk()
    d.put(0, PSH | ACK, b'needle')
    r, recs = t.told(d.packets, ('all',), '--simulate-ips')
    got = [e['stream_tcp'].get('reason') for e in recs]
    t.ok(r.code == 0 and got == [None, None, None, 'rules'], 'why a packet was dropped', got, r)
    for workers in (1, 3):
        t.told(c.packets + d.packets, ('all',), '--set', 'workers=%d' % workers)
        os.rename('eve.json', 'eve.%d' % workers)
    with open('eve.1') as one, open('eve.3') as three:
        t.ok(one.read() == three.read(), 'the same for any number of workers')
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
