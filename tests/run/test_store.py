#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A file that a rule stores is not cut where bodies are.  Says TAP."""
import hashlib
import os
import sys

import tap
from talk import Talk
from tap import of_type, run

SIZE = 150000


def main():
    t = tap.Tap()
    tmp, weir, _ = tap.place()
    os.chdir(tmp)
    body = bytes(range(256)) * (SIZE // 256 + 1)
    body = body[:SIZE]
    c = Talk()
    c.say(0, b'GET /a.bin HTTP/1.1\r\nHost: example.org\r\n\r\n')
    c.say(1, b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % SIZE + body)
    c.close(0)
    tap.write('in.pcap', tap.pcap(c.packets))
    tap.write('c.yaml', '%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      types:\n        - files:\n            force-hash: [sha256]\n'
                        '  - file-store:\n      version: 2\n      enabled: yes\n')
    whole = hashlib.sha256(body).hexdigest()
    for rule, want in (('alert http any any -> any any (filestore; sid:1;)\n', ('CLOSED', SIZE, True)),
                       ('alert http any any -> any any (http.method; content:"PUT"; filestore; sid:1;)\n',
                        ('TRUNCATED', 102400, False))):
        tap.write('t.rules', rule)
        if os.path.exists('eve.json'):
            os.unlink('eve.json')
        r = run([weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-c', 'c.yaml', '-l', '.'])
        f = [e['fileinfo'] for e in of_type(tap.records('eve.json'), 'fileinfo')]
        got = (f[0]['state'], f[0]['size'], f[0]['stored']) if len(f) == 1 else f
        t.ok(r.code == 0 and got == want, 'a file of %d bytes, %s' % (SIZE, 'stored' if want[2] else 'not stored'), got, r)
        t.ok(os.path.exists('filestore/%s/%s' % (whole[:2], whole)) or not want[2], 'what is on disk is all of it', os.listdir('.'))

    c = Talk()
    c.say(0, b'GET /a.bin HTTP/1.1\r\nHost: example.org\r\n\r\n')
    c.say(1, b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % SIZE + body[:50000])
    c.seq[1] += 1400
    c.say(1, body[51400:])
    c.close(0)
    tap.write('in.pcap', tap.pcap(c.packets))
    tap.write('t.rules', 'alert http any any -> any any (filestore; sid:1;)\n')
    os.unlink('eve.json')
    run([weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-c', 'c.yaml', '-l', '.', '--set', 'outputs.0.eve-log.types.1=stats'])
    f = [e['fileinfo'] for e in of_type(tap.records('eve.json'), 'fileinfo')]
    there = hashlib.sha256(body[:50000] + body[51400:]).hexdigest()
    t.ok(len(f) == 1 and (f[0]['state'], f[0]['size'], f[0].get('sha256'), 'md5' in f[0]) == ('TRUNCATED', SIZE, there, False),
         'of a file with a hole what there is gives the name', f)
    t.ok(os.path.exists('filestore/%s/%s' % (there[:2], there)), 'under which it is stored', os.listdir('.'))
    stats = of_type(tap.records('eve.json'), 'stats')
    t.ok(stats and stats[0]['stats'].get('file_store') == {'fs_errors': 0}, 'who stores is told that nothing went wrong', stats)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
