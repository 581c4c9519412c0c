#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir evade: variants say the same to a plain reassembler, rules on streams survive them, rules on packets do not.

The judge is scapy: it checks checksums, joins fragments and puts segments in order, the first byte of a place winning, as
every stack does with bytes that it has handed over.  Says TAP.
"""
import concurrent.futures
import glob
import json
import os
import sys

import tap
from tap import DEMO, TOP, run, write

try:
    from scapy.all import IP, TCP, UDP, Ether, IPv6, Raw, defragment, rdpcap, wrpcap
except ImportError:
    print('1..0 # SKIP scapy is not installed')
    sys.exit(0)

REQUEST = b'GET /index.html?name=alpha HTTP/1.1\r\nHost: www.example.org\r\n\r\n'
WHOLE = ['bytes', 'reorder', 'reverse', 'retransmit', 'retransmit-whole', 'overlap', 'overlap-reverse', 'conflict',
         'chaff-checksum', 'chaff-window', 'chaff-no-ack', 'chaff-rst', 'fragment-8', 'fragment-reverse',
         'fragment-twice', 'fragment-overlap', 'ip-options', 'vlan', 'qinq', 'mpls', 'pppoe', 'ip-in-ip', 'gre', 'erspan',
         'vxlan', 'geneve', 'gtp-u', 'chaff-syn', 'tunnel-in-tunnel', 'vxlan-in-vxlan', 'fragments-in-vxlan',
         'vxlan-in-fragments']
# What rules may look at, each by its own means; the demo fires all of them.
DIVERSE = r'''alert tcp any any -> any 80 (msg:"contents that follow one another"; flow:established,to_server; content:"GET /"; content:"UNION"; distance:0; content:"SELECT"; distance:3; within:6; content:"FROM"; distance:0; sid:1;)
alert tcp any any -> any 80 (msg:"a regular expression alone"; flow:established,to_server; pcre:"/UNION%20SELECT%20[a-z]+,password/"; sid:2;)
alert tcp any any -> any 80 (msg:"a regular expression behind a content"; flow:established,to_server; content:"GET /"; pcre:"/^search\?q=%3Cscript%3E/R"; sid:3;)
alert tcp any any -> any 80 (msg:"a number in a text"; flow:established,to_server; content:"GET "; byte_test:1,=,0x2f,0,relative; content:"passwd"; distance:0; sid:4;)
alert tcp any any -> any 80 (msg:"the start and the rest"; flow:established,to_server; content:"GET /static/"; startswith; content:"/etc/passwd"; distance:0; isdataat:20,relative; sid:5;)
alert tcp any 80 -> any any (msg:"an answer"; flow:established,to_client; content:"HTTP/1.1 302"; startswith; content:"Location|3a 20|"; distance:0; sid:6;)
alert tcp any 80 -> any any (msg:"at its place"; flow:established,to_client; content:"200 OK"; offset:9; depth:6; sid:7;)
alert tcp any any -> any 80 (msg:"what is not there"; flow:established,to_server; content:"POST /login"; content:!"HTTP/1.0"; sid:8;)
alert http any any -> any any (msg:"the path as it is meant"; http.uri; content:"' UNION SELECT user,password"; sid:9;)
alert http any any -> any any (msg:"a path in small letters"; http.uri; to_lowercase; content:"union select"; sid:10;)
alert http any any -> any any (msg:"two buffers"; http.method; content:"POST"; http.uri; content:"/login"; sid:11;)
alert http any any -> any any (msg:"request and answer"; http.uri; content:"/setup.exe"; sid:12;)
alert http any any -> any any (msg:"a header"; http.user_agent; content:"() {"; startswith; sid:13;)
alert http any any -> any any (msg:"a host"; http.host; content:"www.widgets.example"; bsize:19; sid:14;)
alert http any any -> any any (msg:"a status"; http.stat_code; content:"302"; sid:15;)
alert http any any -> any any (msg:"a file's name"; flow:to_client; fileext:"exe"; sid:16;)
alert http any any -> any any (msg:"a file's first bytes"; flow:to_client; file.data; content:"MZ"; startswith; sid:17;)
alert http any any -> any any (msg:"an expression on headers"; http.header; pcre:"/User-Agent: curl\/\d+\.\d+/"; sid:18;)
alert tls any any -> any any (msg:"a name"; tls.sni; content:"cdn.example.net"; sid:19;)
alert tls any any -> any any (msg:"a certificate"; flow:to_client; tls.cert_subject; content:"CN=cdn.example.net"; sid:20;)
alert tls any any -> any any (msg:"a serial"; flow:to_client; tls.cert_serial; content:"04:C1:E5:63"; startswith; sid:21;)
alert dns any any -> any any (msg:"a question"; dns.query; content:"verify-account.top"; endswith; sid:22;)
alert dns any any -> any any (msg:"an expression on a question"; dns.query; pcre:"/^info\.w[a-z]+\.example$/"; sid:23;)
alert udp any any -> any 53 (msg:"a datagram"; content:"|07|widgets|07|example"; offset:12; sid:24;)
alert tcp any any -> any 80 (msg:"sets a bit"; flow:established,to_server; content:"POST /login"; flowbits:set,login; noalert; sid:25;)
alert tcp any 80 -> any any (msg:"wants the bit"; flow:established,to_client; flowbits:isset,login; content:"302"; sid:26;)
alert tcp any any -> any 80 (msg:"a SYN"; flags:S,12; sid:27;)
'''
# Each variant is a run of its own: what it reserves is made and cleared hundreds of times.
LITTLE = ['--set', 'memory=16mb', '--set', 'workers=1', '--set', 'flow.memcap=256kb', '--set', 'flow.hash-size=256']
# Techniques that are used at one place only.
ONCE = [word for t in WHOLE for word in ('--technique', t)]
# What a rule on one packet's payload as it was sent cannot see any more.
CUT = ['bytes', 'reorder', 'reverse', 'retransmit-whole', 'overlap', 'overlap-reverse']


def connection(ip, request):
    """One request and its answer, every packet with right checksums."""
    ours, theirs = 1000, 5000
    client = ip / TCP(sport=40000, dport=80)
    server = type(ip)(src=ip.dst, dst=ip.src) / TCP(sport=80, dport=40000)
    say = []

    def add(side, **fields):
        p = side.copy()
        data = fields.pop('data', b'')
        for name, value in fields.items():
            setattr(p[TCP], name, value)
        say.append(Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / p / Raw(data) if data else
                   Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / p)

    add(client, flags='S', seq=ours)
    add(server, flags='SA', seq=theirs, ack=ours + 1)
    add(client, flags='A', seq=ours + 1, ack=theirs + 1)
    add(client, flags='PA', seq=ours + 1, ack=theirs + 1, data=request)
    add(server, flags='A', seq=theirs + 1, ack=ours + 1 + len(request))
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    add(server, flags='PA', seq=theirs + 1, ack=ours + 1 + len(request), data=answer)
    add(client, flags='A', seq=ours + 1 + len(request), ack=theirs + 1 + len(answer))
    add(client, flags='FA', seq=ours + 1 + len(request), ack=theirs + 1 + len(answer))
    add(server, flags='FA', seq=theirs + 1 + len(answer), ack=ours + 2 + len(request))
    add(client, flags='A', seq=ours + 2 + len(request), ack=theirs + 2 + len(answer))
    for i, p in enumerate(say):
        p.time = 1700000000 + i * 0.01
    return say


def side_by_side(commands):
    """Results in order; two at a time, as each is one thread."""
    with concurrent.futures.ThreadPoolExecutor(min(2, len(os.sched_getaffinity(0)))) as pool:
        return list(pool.map(lambda words: run(words, timeout=600), commands))


def right_checksum(p):
    again = p[IP].copy()
    del again[TCP].chksum
    return type(again)(bytes(again))[TCP].chksum == p[TCP].chksum


def read_by_host(path):
    """What the server's application gets."""
    frames = [p[IP] for p in rdpcap(path) if IP in p]
    got, start = {}, None
    for p in defragment(frames):
        if TCP not in p:
            p = IP(bytes(p))
        if TCP not in p or p[TCP].dport != 80 or not right_checksum(p):
            continue
        t = p[TCP]
        if t.flags.S:
            start = t.seq + 1
            continue
        at = (t.seq - start) & 0xffffffff
        if not t.flags.A or at > 65535:
            continue
        for i, byte in enumerate(bytes(t.payload)[:p[IP].len - p[IP].ihl * 4 - t.dataofs * 4]):
            got.setdefault(at + i, byte)
    return bytes(got[i] for i in sorted(got))


class Evade(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, self.asan = tap.place()
        os.chdir(self.tmp)
        wrpcap('one.pcap', connection(IP(src='192.0.2.1', dst='192.0.2.2'), REQUEST))
        wrpcap('six.pcap', connection(IPv6(src='2001:db8::1', dst='2001:db8::2'), REQUEST))

    def evade(self, rule, capture='one.pcap', sid=1, *args):
        write('t.rules', rule + '\n')
        r = run([self.weir, 'evade', '--sid', str(sid), '--json', 't.rules', capture, *args, *LITTLE], timeout=300)
        lines = [json.loads(line) for line in r.out.splitlines()]
        return r, {f['technique']: f for f in lines if 'technique' in f}, lines[-1] if lines else {}

    def escaped(self, found):
        return sorted(name for name, f in found.items() if f['escapes'])

    def streams(self):
        rule = 'alert tcp any any -> any 80 (msg:"s"; flow:established,to_server; content:"?name=alpha HTTP"; sid:1;)'
        r, found, end = self.evade(rule)
        self.ok(r.code == 0 and end['escapes'] == 0, 'a stream rule survives every variant', r, self.escaped(found))
        self.ok(all(found[t]['variants'] == 1 for t in WHOLE), 'every technique finds a packet in IPv4', found)
        self.ok(found['split']['variants'] == len(REQUEST) - 1, 'split cuts at every byte', found['split'])
        r, found, end = self.evade(rule, 'six.pcap')
        self.ok(r.code == 0 and end['escapes'] == 0 and found['teredo']['variants'] == 1, 'the same in IPv6', r,
                self.escaped(found))
        self.ok(not found['fragment-overlap']['variants'] and not found['ip-options']['variants'],
                'IPv6 has no overlapping fragments and no such options', found)
        rule = 'alert http any any -> any any (msg:"h"; http.uri; content:"/index.html?name=alpha"; bsize:22; sid:1;)'
        r, found, end = self.evade(rule)
        self.ok(r.code == 0 and end['escapes'] == 0, 'a rule on HTTP survives every variant', r, self.escaped(found))

    def packets(self):
        at = REQUEST.index(b'alpha')
        rule = 'alert tcp-pkt any any -> any 80 (msg:"p"; content:"alpha"; sid:1;)'
        r, found, end = self.evade(rule, 'one.pcap', 1, '--technique', 'split')
        f = found['split']
        self.ok(r.code == 1 and f['escapes'] == 4 and f['at'] == list(range(at + 1, at + 5)),
                'split escapes a packet rule exactly where it cuts the content', r)
        r, found, end = self.evade('alert tcp any any -> any 80 (msg:"d"; dsize:%d; sid:1;)' % len(REQUEST), 'one.pcap', 1,
                                   '--write', 'kept')
        wanted = sorted(CUT + ['split'])
        if not self.ok(r.code == 1 and self.escaped(found) == [t for t in wanted if t != 'retransmit-whole'],
                       'what cuts segments escapes dsize', r, self.escaped(found)):
            return
        kept = sorted(glob.glob('kept/*.pcap'))
        self.ok(len(kept) == end['escapes'], 'each such variant is kept', kept)
        wrong = [k for k in kept if read_by_host(k) != REQUEST]
        self.ok(not wrong, 'the server reads the same in each', wrong)
        r = run([self.weir, 'explain', '--sid', '1', 't.rules', 'kept/bytes.pcap'])
        self.ok(r.code == 0 and 'dsize' in r.out, 'weir explain reads what is kept', r)

    def chaff(self):
        """A rule that wants nothing but the request: chaff and doubles must not reach it, nor hide it."""
        rule = 'alert tcp any any -> any 80 (msg:"c"; flow:established,to_server; content:!"|12|"; content:"GET"; sid:1;)'
        r, found, end = self.evade(rule)
        self.ok(r.code == 0 and end['escapes'] == 0, 'no chaff gets into the stream', r, self.escaped(found))
        # One that is alerted by chaff alone, were it taken: 'G' ^ 0x55 is 0x12.
        rule = 'alert tcp-stream any any -> any 80 (msg:"x"; content:"|12|"; sid:1;)'
        r, _, _ = self.evade(rule)
        self.ok(r.code == 1 and 'does not alert' in r.err, 'the capture itself has none of its bytes', r)

    def demo(self):
        r = run([self.weir, 'run', '-r', DEMO, '-l', self.tmp, '-S', os.path.join(TOP, 'rules', 'weir.rules')])
        sids = sorted({a['alert']['signature_id'] for a in tap.of_type(tap.records('eve.json'), 'alert')})
        self.ok(r.code == 0 and len(sids) >= 19, 'the shipped rules alert on the demo', r, sids)
        rules = os.path.join(TOP, 'rules', 'weir.rules')
        runs = side_by_side([self.weir, 'evade', '--sid', str(sid), rules, DEMO, *ONCE, *LITTLE] for sid in sids)
        for sid, r in zip(sids, runs):
            self.ok(r.code == 0 and ', 0 without the alert' in r.out, 'rule %d has no survivor' % sid, r)

    def diverse(self):
        """No technique hides anything of the demo from any of them: there is no survivor to explain."""
        write('d.rules', DIVERSE)
        sids = [i for i in range(1, DIVERSE.count('sid:') + 1) if i != 25]
        # Every place of a cut under the sanitizers for some.
        few = [sid for sid in sids if self.asan and sid % 5]
        runs = side_by_side([self.weir, 'evade', '--sid', str(sid), '--json', 'd.rules', DEMO, *LITTLE,
                             *(ONCE if sid in few else [])] for sid in sids)
        for sid, r in zip(sids, runs):
            techniques = len(WHOLE) + (0 if sid in few else 3)
            lines = [json.loads(line) for line in r.out.splitlines()]
            found = {f['technique']: f for f in lines if 'technique' in f}
            self.ok(r.code == 0 and lines[-1]['escapes'] == 0 and len(found) == techniques and lines[-1]['variants'] > 12,
                    'rule %d of %d has no survivor' % (sid, len(sids)), r.err, self.escaped(found))

    def words(self):
        write('t.rules', 'alert tcp any any -> any 80 (msg:"n"; content:"no such thing"; sid:1;)\n')
        r = run([self.weir, 'evade', '--sid', '1', 't.rules', 'one.pcap'])
        self.ok(r.code == 1 and 'does not alert on one.pcap' in r.err and 'weir explain' in r.err,
                'a rule that does not alert is told', r)
        r = run([self.weir, 'evade', '--sid', '2', 't.rules', 'one.pcap'])
        self.ok(r.code == 3 and 'none of the 1 rules' in r.err, 'no such rule', r)
        r = run([self.weir, 'evade', '--sid', '1', '--technique', 'spilt', 't.rules', 'one.pcap'])
        self.ok(r.code == 2 and "did you mean 'split'" in r.err, 'a misspelt technique', r)
        r = run([self.weir, 'evade', '--sid', '1', 't.rules'])
        self.ok(r.code == 2 and 'expected a rule file and a capture' in r.err, 'no capture', r)
        r = run([self.weir, 'evade', '--sid', '1', 't.rules', 'none.pcap'])
        self.ok(r.code == 1 and 'none.pcap' in r.err, 'a capture that is not there', r)
        r = run([self.weir, 'evade', '--list'])
        self.ok(r.code == 0 and len(r.out.splitlines()) == len(WHOLE) + 3, 'the list has every technique', r)
        r = run([self.weir, 'help', 'evade'])
        self.ok(r.code == 0 and r.out.startswith('usage: weir evade'), 'help', r)


def main():
    t = Evade()
    for part in (t.streams, t.packets, t.chaff, t.words, t.demo, t.diverse):
        try:
            part()
        except Exception as e:  # a part that breaks is one failure; the others still run
            t.ok(False, part.__name__, repr(e))
    return t.done()


sys.exit(main())
