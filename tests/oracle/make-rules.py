#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write payload.rules: some hundreds of packet and payload rules, one for each pairing of a word that real
protocols carry with a way to ask for it.  Deterministic; run it after changing a list.

    tests/oracle/make-rules.py > tests/oracle/payload.rules
"""

# Words as rules write them, with a second word that often follows in the same message.
WORDS = [
    ('GET ', 'HTTP/1'), ('POST ', 'Content-Length'), ('HTTP/1.1', '|0d 0a|'), ('Host|3a|', '|0d 0a|'),
    ('User-Agent|3a 20|', 'Mozilla'), ('200 OK', 'Content-Type'), ('EHLO', '|0d 0a|'), ('MAIL FROM', '@'),
    ('RCPT TO', '>'), ('220 ', '|0d 0a|'), ('SSH-2.0', '|0d 0a|'), ('USER ', '|0d 0a|'), ('PASS ', '|0d 0a|'),
    ('|16 03|', '|02 00|'), ('|ff|SMB', '|00 00|'), ('|fe|SMB', '|00 00|'), ('|0d 0a 0d 0a|', '<'),
    ('<html', '</'), ('Accept', 'text'), ('uid=0', 'root'),
]

TCP = [
    # (name, header, options; W and V are the words)
    ('plain', 'tcp any any -> any any', 'content:"W";'),
    ('nocase', 'tcp any any -> any any', 'content:"W"; nocase;'),
    ('to server', 'tcp any any -> any any', 'flow:to_server,established; content:"W";'),
    ('to client', 'tcp any any -> any any', 'flow:to_client,established; content:"W";'),
    ('packet', 'tcp-pkt any any -> any any', 'content:"W";'),
    ('stream', 'tcp-stream any any -> any any', 'content:"W";'),
    ('only stream', 'tcp any any -> any any', 'flow:only_stream; content:"W";'),
    ('no stream', 'tcp any any -> any any', 'flow:no_stream; content:"W";'),
    ('starts', 'tcp any any -> any any', 'content:"W"; startswith;'),
    ('depth', 'tcp any any -> any any', 'content:"W"; depth:64;'),
    ('offset', 'tcp any any -> any any', 'content:"W"; offset:4;'),
    ('offset depth', 'tcp any any -> any any', 'content:"W"; offset:1; depth:200;'),
    ('distance', 'tcp any any -> any any', 'content:"W"; content:"V"; distance:0;'),
    ('within', 'tcp any any -> any any', 'content:"W"; content:"V"; within:40;'),
    ('distance within', 'tcp any any -> any any', 'content:"W"; content:"V"; distance:1; within:300;'),
    ('negated after', 'tcp any any -> any any', 'content:"W"; content:!"V"; within:20;'),
    ('negated', 'tcp any any -> any any', 'content:"W"; content:!"V";'),
    ('pcre', 'tcp any any -> any any', 'content:"W"; pcre:"/[a-z]{4,}/i";'),
    ('pcre relative', 'tcp any any -> any any', 'content:"W"; pcre:"/^[^\\r\\n]{2,}/R";'),
    ('data after', 'tcp any any -> any any', 'content:"W"; isdataat:30,relative;'),
    ('no data after', 'tcp any any -> any any', 'content:"W"; isdataat:!60,relative;'),
    ('byte test', 'tcp any any -> any any', 'content:"W"; byte_test:1,>,47,0,relative;'),
    ('byte jump', 'tcp any any -> any any', 'content:"W"; byte_jump:1,0,relative; isdataat:1,relative;'),
    ('byte extract', 'tcp any any -> any any',
     'content:"W"; byte_extract:1,0,len,relative; byte_test:1,<,len,1,relative;'),
    ('byte math', 'tcp any any -> any any',
     'content:"W"; byte_math:bytes 1, offset 0, oper +, rvalue 10, result sum, relative; byte_test:1,<,sum,1,relative;'),
    ('size', 'tcp any any -> any any', 'dsize:>100; content:"W";'),
    ('ends', 'tcp any any -> any any', 'content:"V"; endswith;'),
]

UDP = [
    ('plain', 'udp any any -> any any', 'content:"W";'),
    ('nocase', 'udp any any -> any any', 'content:"W"; nocase;'),
    ('depth', 'udp any any -> any any', 'content:"W"; depth:40;'),
    ('distance', 'udp any any -> any any', 'content:"W"; content:"V"; distance:0;'),
    ('byte test', 'udp any any -> any any', 'content:"W"; byte_test:1,>,4,0,relative;'),
    ('not within', 'udp any any -> any any', 'content:"W"; content:!"V"; within:8;'),
]
UDP_WORDS = [('|01 00 00 01|', '|00 00|'), ('|03|com|00|', '|00 01|'), ('|81 80|', '|c0 0c|'), ('|03|www', '|03|'),
             ('M-SEARCH', '|0d 0a|'), ('SIP/2.0', '|0d 0a|'), ('|00 00 00 00|', '|00|')]

PLAIN = [
    ('syn', 'tcp any any -> any any', 'flags:S;'), ('syn and others', 'tcp any any -> any any', 'flags:S+;'),
    ('syn or fin', 'tcp any any -> any any', 'tcp.flags:*SF;'), ('not ack', 'tcp any any -> any any', 'flags:!A;'),
    ('syn but ecn', 'tcp any any -> any any', 'flags:S,CE;'), ('reset', 'tcp any any -> any any', 'tcp.flags:R,A;'),
    ('window', 'tcp any any -> any any', 'window:!0; flags:S;'), ('ack 0', 'tcp any any -> any any', 'ack:0; flags:S;'),
    ('seq 0', 'tcp any any -> any any', 'seq:0;'), ('mss', 'tcp any any -> any any', 'tcp.mss:>1000;'),
    ('mss range', 'tcp any any -> any any', 'tcp.mss:536<>1461;'),
    ('ttl 64', 'ip any any -> any any', 'ttl:64;'), ('ttl low', 'ip any any -> any any', 'ttl:<10;'),
    ('ttl range', 'ip any any -> any any', 'ttl:100-128;'), ('tos', 'ip any any -> any any', 'tos:!0;'),
    ('id 0', 'ip any any -> any any', 'id:0;'), ('id 1', 'ip any any -> any any', 'id:1;'),
    ('dont fragment', 'ip any any -> any any', 'fragbits:D;'), ('more fragments', 'ip any any -> any any', 'fragbits:M+;'),
    ('fragment offset', 'ip any any -> any any', 'fragoffset:>0;'), ('same address', 'ip any any -> any any', 'sameip;'),
    ('protocol 6', 'ip any any -> any any', 'ip_proto:6;'), ('protocol over 17', 'ip any any -> any any', 'ip_proto:>17;'),
    ('options', 'ip any any -> any any', 'ipopts:any;'), ('echo', 'icmp any any -> any any', 'itype:8;'),
    ('reply', 'icmp any any -> any any', 'itype:0; icode:0;'), ('unreachable', 'icmp any any -> any any', 'itype:3; icode:<5;'),
    ('id of echo', 'icmp any any -> any any', 'icmp_id:1;'), ('sequence of echo', 'icmp any any -> any any', 'icmp_seq:1;'),
    ('icmp6', 'icmpv6 any any -> any any', 'itype:>127;'), ('size 0', 'tcp any any -> any any', 'dsize:0; flags:A;'),
    ('size range', 'tcp any any -> any any', 'dsize:10<>20;'), ('udp size', 'udp any any -> any any', 'dsize:<30;'),
    ('to port 53', 'udp any any -> any 53', 'content:"|01 00|"; offset:2; depth:2;'),
    ('from port 80', 'tcp any 80 -> any any', 'content:"HTTP/";'), ('port list', 'tcp any any -> any [80,8080,443]', 'content:"|0d 0a|";'),
    ('not port', 'tcp any any -> any !80', 'content:"|0d 0a|";'), ('both ways', 'tcp any any <> any 25', 'content:"|0d 0a|";'),
    ('private', 'tcp [10.0.0.0/8,192.168.0.0/16,172.16.0.0/12] any -> any any', 'content:"|0d 0a|";'),
    ('not private', 'tcp ![10.0.0.0/8,192.168.0.0/16] any -> any any', 'content:"|0d 0a|";'),
    ('stream size', 'tcp any any -> any any', 'stream_size:client,>,100; content:"|0d 0a|";'),
    ('stream size both', 'tcp any any -> any any', 'stream_size:both,>,50; content:"|0d 0a|";'),
    ('bit set', 'tcp any any -> any any', 'flow:to_server; content:"|0d 0a|"; flowbits:set,asked;'),
    ('bit is set', 'tcp any any -> any any', 'flow:to_client; flowbits:isset,asked; content:"|0d 0a|";'),
    ('bit is not set', 'tcp any any -> any any', 'flowbits:isnotset,never; content:"GET ";'),
    ('threshold', 'tcp any any -> any any', 'content:"|0d 0a|"; threshold:type limit, track by_src, count 1, seconds 60;'),
    ('detection filter', 'tcp any any -> any any', 'flags:S; detection_filter:track by_dst, count 3, seconds 10;'),
    ('only addresses', 'tcp 10.0.0.0/8 any -> any any', ''), ('six', 'ip [::/0] any -> any any', 'ttl:255;'),
]


def main():
    sid = 9000001

    def rule(name, header, options):
        nonlocal sid
        print(f'alert {header} (msg:"{name}"; {options} sid:{sid}; rev:1;)')
        sid += 1

    print('# SPDX-License-Identifier: Apache-2.0')
    print('# Made by make-rules.py; do not edit.')
    for kind, (name, header, options) in enumerate(TCP):
        for n, (word, other) in enumerate(WORDS):
            if (n + kind) % 2:
                continue
            text = word.lower() if name == 'nocase' else word
            clean = word.replace('|', ' ').strip()
            rule(f'tcp {name} {clean}', header, options.replace('W', text).replace('V', other))
    for name, header, options in UDP:
        for word, other in UDP_WORDS:
            clean = word.replace('|', ' ').strip()
            rule(f'udp {name} {clean}', header, options.replace('W', word).replace('V', other))
    for name, header, options in PLAIN:
        rule(name, header, options)


main()
