#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Servers of some networks are read in other ways than the rest (libhtp.server-config).  Says TAP."""
import os
import sys

import tap
from talk import Talk
from tap import of_type, run

SIZE = 5000
CONFIG = '''%%YAML 1.1
---
outputs:
  - eve-log: {enabled: yes, types: [files, http, alert]}
app-layer:
  protocols:
    http:
      libhtp:
        default-config: {response-body-limit: 3000}
        server-config:
          - net: {address: 10.2.0.0/16, response-body-limit: 2000, double-decode-path: yes}
          - one: {address: ["%s", "2001:db8::/32"], response-body-limit: 1000}
'''
RULES = '''alert http any any -> any any (http.uri; content:"/a b"; sid:1;)
alert http any any -> any any (http.uri; content:"/a%20b"; sid:2;)
'''


def download(server, port):
    c = Talk(port=port, server=server)
    c.say(0, b'GET /a%2520b HTTP/1.1\r\nHost: a\r\n\r\n')
    c.say(1, b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % SIZE + bytes(SIZE))
    c.close(0)
    return c.packets


def main():
    t = tap.Tap()
    tmp, weir, _ = tap.place()
    os.chdir(tmp)
    servers = ((0x0a010001, 3000, 2), (0x0a020001, 2000, 1), (0x0a020302, 1000, 2))
    packets = sorted(sum((download(s, 2000 + i) for i, (s, _, _) in enumerate(servers)), []))
    tap.write('in.pcap', tap.pcap(packets))
    tap.write('t.rules', RULES)
    tap.write('c.yaml', CONFIG % '10.2.3.2')
    r = run([weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-c', 'c.yaml', '-l', '.'])
    if not t.ok(r.code == 0, 'it runs', r):
        return t.done()
    found = tap.records('eve.json')
    for i, (_, limit, sid) in enumerate(servers):
        got = [e['fileinfo']['size'] for e in of_type(found, 'fileinfo') if e['dest_port'] == 2000 + i]
        t.ok(got == [limit], 'a body is cut where its network says: %d' % limit, got, r)
        got = [e['alert']['signature_id'] for e in of_type(found, 'alert') if e['src_port'] == 2000 + i]
        t.ok(got == [sid], 'and its paths are read as it says', got)
    tap.write('c.yaml', CONFIG % '10.2.3.2.4')
    r = run([weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-c', 'c.yaml', '-l', '.'])
    t.ok(r.code == 3 and 'c.yaml:12' in r.err and 'is no network' in r.err, 'what is no network is told', r)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
