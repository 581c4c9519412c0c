#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client that says hello twice: what it said first stays, and its second name is an event.  Says TAP."""
import os
import struct
import sys

import tap
from talk import Talk
from tap import of_type, run

RULES = 'alert tls any any -> any any (app-layer-event:tls.multiple_sni_extensions; sid:1;)\n'


def hello(name):
    sni = b''
    if name:
        entry = struct.pack('>BH', 0, len(name)) + name
        sni = struct.pack('>HHH', 0, len(entry) + 2, len(entry)) + entry
    body = b'\x03\x03' + bytes(32) + b'\0' + b'\0\x02\x13\x01' + b'\x01\0' + struct.pack('>H', len(sni)) + sni
    message = b'\x01' + struct.pack('>I', len(body))[1:] + body
    return b'\x16\x03\x01' + struct.pack('>H', len(message)) + message


def main():
    t = tap.Tap()
    tmp, weir, _ = tap.place()
    os.chdir(tmp)
    tap.write('t.rules', RULES)
    for names, events in (((b'a.example',), 0), ((b'a.example', b'b.example'), 1), ((b'a.example', None), 0),
                          ((None, b'b.example'), 0)):
        c = Talk()
        for name in names:
            c.say(0, hello(name))
        c.close(0)
        tap.write('in.pcap', tap.pcap(c.packets))
        if os.path.exists('eve.json'):
            os.unlink('eve.json')
        r = run([weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-l', '.'])
        records = tap.records('eve.json')
        found = [e for e in of_type(records, 'anomaly') if e['anomaly']['event'] == 'MULTIPLE_SNI_EXTENSIONS']
        t.ok(len(found) == events and bool(of_type(records, 'alert')) == bool(events),
             '%s: %d' % (', '.join((n or b'none').decode() for n in names), events), records, r)
        told = [e['tls'].get('sni') for e in of_type(records, 'alert')]
        t.ok(set(told) == ({names[0].decode()} if events else set()), 'the first name stays', told)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
