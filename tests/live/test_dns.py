#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DNS between unbound and dig: what dig printed of each answer stands in its record, over UDP with and without EDNS, and over
TCP where an answer does not fit."""
import ipaddress
import re
import sys

from wire import SERVER, Wire, of

CONFIG = '''server:
  interface: %s
  access-control: 0.0.0.0/0 allow
  chroot: ""
  username: ""
  directory: "%s"
  pidfile: "%s/unbound.pid"
  use-syslog: no
  do-ip6: no
  module-config: "iterator"
  max-udp-size: 1232
  minimal-responses: no
  local-zone: "example." static
''' % (SERVER, '%s', '%s')
DATA = ['example. 300 IN SOA ns.example. host.example. 7 3600 600 86400 300', 'example. 300 IN NS ns.example.',
        'ns.example. 300 IN A 10.79.0.10', 'www.example. 60 IN A 192.0.2.1', 'www.example. 60 IN AAAA 2001:db8::1',
        'mail.example. 60 IN MX 10 mx.example.', 'alias.example. 60 IN CNAME www.example.',
        'text.example. 60 IN TXT "one two" "three"', '_sip._tcp.example. 60 IN SRV 1 2 5060 sip.example.',
        'key.example. 60 IN SSHFP 1 1 dd465c09cfa51fb45020cc83316fff21b9ec74ac',
        'back.example. 60 IN PTR there.example.']
ASKS = [('www.example', 'A'), ('www.example', 'AAAA'), ('WWW.Example', 'A'), ('mail.example', 'MX'), ('alias.example', 'CNAME'),
        ('text.example', 'TXT'), ('_sip._tcp.example', 'SRV'), ('key.example', 'SSHFP'), ('back.example', 'PTR'),
        ('example', 'SOA'), ('example', 'NS'), ('none.example', 'A'), ('www.example', 'ANY')]


def read(text):
    """Of dig's answer: id, status, flags, [(name, type, ttl, data)]."""
    head = re.search(r'opcode: (\w+), status: (\w+), id: (\d+)\n;; flags: ([a-z ]*);', text)
    rows, inside = [], False
    for line in text.splitlines():
        if line.startswith(';; ANSWER SECTION'):
            inside = True
        elif not line or line.startswith(';;'):
            inside = False
        elif inside:
            name, ttl, _, kind, data = line.split(None, 4)
            rows.append((name.rstrip('.'), kind, int(ttl), data))
    return int(head.group(3)), head.group(2), set(head.group(4).split()), rows


def data_of(answer):
    """A record's data as dig writes it."""
    kind = answer['rrtype']
    if kind == 'AAAA':
        return str(ipaddress.ip_address(answer['rdata']))
    if kind == 'SRV':
        s = answer['srv']
        return f'{s["priority"]} {s["weight"]} {s["port"]} {s["name"]}.'
    if kind == 'SSHFP':
        s = answer['sshfp']
        return f'{s["algo"]} {s["type"]} {s["fingerprint"].replace(":", "").upper()}'
    if kind == 'SOA':
        s = answer['soa']
        return f'{s["mname"]}. {s["rname"]}. {s["serial"]} {s["refresh"]} {s["retry"]} {s["expire"]} {s["minimum"]}'
    return answer['rdata'] + ('.' if kind in ('NS', 'PTR', 'CNAME', 'MX') else '')


def data_of_dig(kind, data):
    if kind == 'MX':
        return [data.split()[1]]
    if kind == 'TXT':
        return re.findall(r'"([^"]*)"', data)
    return [data.replace(' ', ' ') if kind != 'SSHFP' else ' '.join(data.split()[:2]) + ' ' + ''.join(data.split()[2:])]


def main():
    with Wire('unbound', 'dig') as w:
        with open(w.tmp + '/unbound.conf', 'w') as f:
            f.write(CONFIG % (w.tmp, w.tmp))
            for row in DATA:
                f.write(f"  local-data: '{row}'\n")
            for i in range(100):
                f.write(f"  local-data: 'many.example. 60 IN A 192.0.2.{i}'\n")
                f.write(f"  local-data: 'long.example. 60 IN TXT \"{i:03d}{'x' * 200}\"'\n")
        w.serve(53, 'unbound', '-d', '-c', w.tmp + '/unbound.conf')
        said = []
        for how in ('+noedns', '+edns=0', '+bufsize=512', '+dnssec', '+tcp', '+cookie=0123456789abcdef'):
            for name, kind in ASKS:
                if kind == 'ANY' and how != '+tcp':
                    continue
                said.append((how, w.run('dig', '@' + SERVER, '+tries=1', '+time=3', how, name, kind).stdout))
        for name, kind in (('many.example', 'A'), ('long.example', 'TXT')):
            said.append(('fallback', w.run('dig', '@' + SERVER, '+tries=1', '+time=3', '+noedns', name, kind).stdout))
        w.run('dig', '@' + SERVER, '+tries=1', '+time=3', '+noedns', '+ignore', 'many.example', 'A')
        w.end()
        events = w.weir(rules='alert dns any any -> any any (msg:"n"; dns.query; content:"many.example"; sid:1;)\n'
                              'alert dns any any -> any any (msg:"a"; dns.answers.rrname; content:"many.example"; sid:2;)\n')
        t = w.tap
        dns = of(events, 'dns')
        answers = {}
        for e in dns:
            if e['dns']['type'] == 'response' and not e['dns'].get('tc'):
                answers.setdefault(e['dns']['id'], []).append(e)
        for how, text in said:
            number, status, flags, rows = read(text)
            wrong = []
            # Asked one after the other: where an id was drawn twice, the first response is the first one's.
            mine = answers.get(number)
            if not mine:
                wrong.append(f'no response of id {number}')
            else:
                d = mine.pop(0)['dns']
                if d['rcode'] != status or {f for f in ('aa', 'rd', 'ra', 'qr') if d.get(f)} != flags & {'aa', 'rd', 'ra', 'qr'}:
                    wrong.append(d)
                have = sorted((a['rrname'].lower(), a['rrtype'], a['ttl'], data_of(a)) for a in d.get('answers', ()))
                want = sorted((n.lower(), k, ttl, x) for n, k, ttl, data in rows for x in data_of_dig(k, data))
                if have != want:
                    wrong += [h for h in have if h not in want] + ['-- dig:'] + [x for x in want if x not in have]
            name = re.search(r'^;(\S+)\s+IN\s+(\S+)', text, re.M)
            t.ok(not wrong, f'{how} {name.group(1)} {name.group(2)}', *wrong)
        left = [e for several in answers.values() for e in several]
        t.ok(not left, 'no response is told that dig did not get', *left)
        t.ok(len(of(events, 'anomaly')) == 0, 'nothing is odd', *of(events, 'anomaly'))
        cut = [e for e in dns if e['dns'].get('tc')]
        t.ok(len(cut) >= 3 and all(e['proto'] == 'UDP' for e in cut), 'answers that did not fit are told as cut', len(cut))
        big = [e for e in dns if e['dns']['type'] == 'response' and len(e['dns'].get('answers', ())) == 100]
        t.ok(len(big) == 2 and all(e['proto'] == 'TCP' for e in big), 'and came whole over TCP', len(big))
        edns = [a for e in dns if e['dns']['type'] == 'request' for a in e['dns'].get('additionals', ()) if a['rrtype'] == 'OPT']
        t.ok(any(o['code'] == 10 for a in edns for o in a.get('opt', ())), 'options of EDNS are told', edns[:2])
        alerts = of(events, 'alert')
        t.ok(sum(a['alert']['signature_id'] == 1 for a in alerts) == 3, 'rules see questions on both transports',
             [a['alert']['signature_id'] for a in alerts])
        t.ok(sum(a['alert']['signature_id'] == 2 for a in alerts) >= 1, 'and answers')
        return t.done()


if __name__ == '__main__':
    sys.exit(main())
