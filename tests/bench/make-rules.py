#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make-rules.py [--quiet]: write tests/bench/payload.rules to standard output.

Rules on packets, payload and streams alone, of every kind of condition, that real traffic meets often, seldom and never.
They are for measuring and for comparing engines, not for finding anything.  The same every time.

--quiet leaves out those that ordinary traffic meets all the time and adds more that it never meets: like a real rule
set, much looking and few alerts.
"""
import hashlib
import sys

SID = 3900000
rules = []

# Those that fire on more than one packet in two thousand of a mix of real flows, by their place.
LOUD = {
    1, 2, 11, 12, 13, 14, 15, 16, 17, 20, 22, 29, 32, 41, 46, 48, 52, 60, 73, 75, 82, 89, 90, 97, 98, 100, 103, 104, 113, 122, 123,
    128, 145, 153, 154, 155, 157, 159, 160, 164, 166, 177, 184, 187, 188, 189, 190, 191, 192, 197, 204, 208, 212, 214, 220, 225, 227,
    228, 229, 230, 231, 233, 234, 235, 236, 238, 239, 240, 241, 242, 244, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255, 258, 260,
    261, 262, 263, 265, 267, 268, 273, 274, 276, 281, 295, 296, 297, 298, 299, 300, 301, 302, 303, 310, 312, 313, 315, 316, 317, 320,
    321, 323, 324, 325, 326, 327, 332, 333, 334, 335, 337, 338, 340, 341, 342, 343, 344,
}


def rule(proto, src, dst, msg, options):
    options = ' '.join(o if o.endswith(';') else o + ';' for o in options)
    sid = SID + 1 + len(rules)
    rules.append('alert %s %s -> %s (msg:"WEIR bench %s"; %s sid:%d; rev:1;)' % (proto, src, dst, msg, options, sid))


def text(s):
    """A content's value: what may not stand there itself goes as hex."""
    return ''.join(c if c.isalnum() or c in ' /._-=%&?<>!@#+*' else '|%02x|' % ord(c) for c in s)


def content(s, *more):
    return '; '.join(['content:"%s"' % text(s), *more])


WEB = '[80,81,8000,8080,3128]'
TO_SERVER, TO_CLIENT = 'flow:established,to_server', 'flow:established,to_client'


def web():
    for m in ('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'PROPFIND', 'PATCH'):
        rule('tcp', 'any any', 'any any', 'method ' + m, [TO_SERVER, content(m + ' ', 'startswith'), content('HTTP/1.', 'distance:1', 'within:400')])
    for h in ('Host', 'User-Agent', 'Accept', 'Accept-Language', 'Accept-Encoding', 'Cookie', 'Referer', 'Content-Length', 'Content-Type',
              'Connection', 'Authorization', 'Range', 'If-Modified-Since', 'X-Forwarded-For', 'Upgrade', 'Expect', 'Origin', 'DNT'):
        rule('tcp', 'any any', 'any ' + WEB, 'header ' + h, [TO_SERVER, content('\r\n' + h + ': ', 'nocase'), content('\r\n', 'distance:1', 'within:300')])
    for u in ('curl/', 'Wget/', 'MSIE', 'Firefox/', 'Chrome/', 'python', 'Java/', 'Opera', 'sqlmap', 'Nikto', 'masscan', 'zgrab', 'Go-http'):
        rule('tcp', 'any any', 'any any', 'agent ' + u, [TO_SERVER, content('User-Agent'), content(u, 'nocase', 'distance:2', 'within:200')])
    for s in ('.php', '.asp', '.jsp', '.cgi', '.exe', '.dll', '.js', '.css', '.png', '.gif', '.jpg', '/admin', '/cgi-bin/', '/wp-', '../', '%00', '%2e%2e',
              'cmd=', 'id=', 'select', 'union', 'passwd', '/bin/sh', '<script', 'eval(', 'base64', 'login', 'upload', 'download', 'token='):
        rule('tcp', 'any any', 'any ' + WEB, 'request has ' + text(s).replace('|', ' '), [TO_SERVER, content(s, 'nocase', 'depth:300')])
    for c in (100, 200, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 407, 416, 500, 502, 503):
        rule('tcp', 'any any', 'any any', 'status %d' % c, [TO_CLIENT, content('HTTP/1.', 'depth:7'), content(' %d ' % c, 'distance:1', 'within:5')])
    for s in ('Apache', 'nginx', 'IIS', 'lighttpd', 'cloudflare', 'GWS', 'Python', 'Werkzeug'):
        rule('tcp', 'any ' + WEB, 'any any', 'server ' + s, [TO_CLIENT, content('Server: '), content(s, 'nocase', 'distance:0', 'within:40'), content('X-Cache', 'nocase').replace('content:', 'content:!')])
    for s in ('text/html', 'text/plain', 'image/gif', 'image/jpeg', 'image/png', 'application/json', 'application/x-', 'application/octet-stream',
              'application/javascript', 'text/css', 'video/', 'multipart/'):
        rule('tcp', 'any any', 'any any', 'type ' + s, [TO_CLIENT, content('Content-Type: ', 'nocase'), content(s, 'nocase', 'distance:0', 'within:30')])
    for name, magic in (('png', '|89|PNG|0d 0a 1a 0a|'), ('gif', 'GIF8'), ('jpeg', '|ff d8 ff|'), ('zip', 'PK|03 04|'), ('gzip', '|1f 8b 08|'), ('pdf', '%PDF-'),
                        ('pe', 'MZ'), ('elf', '|7f|ELF'), ('swf', 'FWS'), ('class', '|ca fe ba be|'), ('rar', 'Rar!|1a 07|'), ('7z', '7z|bc af 27 1c|'),
                        ('ole', '|d0 cf 11 e0 a1 b1 1a e1|'), ('html', '<html'), ('doctype', '<!DOCTYPE'), ('json', '{|22|'), ('xml', '<?xml')):
        rule('tcp', 'any any', 'any any', 'body ' + name, [TO_CLIENT, 'content:"|0d 0a 0d 0a|"', 'content:"%s"; distance:0; within:%d' % (magic, 24)])


def lines():
    for port, words in ((25, ('HELO ', 'EHLO ', 'MAIL FROM:', 'RCPT TO:', 'DATA', 'QUIT', 'AUTH ', 'STARTTLS', 'RSET', 'VRFY ')),
                        (21, ('USER ', 'PASS ', 'PORT ', 'PASV', 'EPSV', 'RETR ', 'STOR ', 'LIST', 'CWD ', 'TYPE ')),
                        (110, ('APOP', 'STAT', 'UIDL', 'RETR')), (143, ('LOGIN', 'SELECT', 'FETCH'))):
        for w in words:
            rule('tcp', 'any any', 'any %d' % port, 'command %d %s' % (port, text(w).replace('|', ' ').strip()), [TO_SERVER, content(w, 'nocase', 'startswith')])
    for c in (220, 221, 226, 230, 250, 331, 334, 354, 421, 530, 550):
        rule('tcp', 'any [21,25,587]', 'any any', 'reply %d' % c, [TO_CLIENT, content('%d' % c, 'depth:3'), 'pcre:"/^%d[ -][^\\r\\n]*\\r\\n/"' % c])
    for s in ('SSH-2.0-', 'SSH-1.', 'OpenSSH', 'libssh', 'dropbear'):
        rule('tcp', 'any any', 'any any', 'ssh ' + s, ['flow:established', content(s, 'depth:40')])
    for s in ('NICK ', 'USER ', 'JOIN #', 'PRIVMSG ', 'PING :'):
        rule('tcp', 'any any', 'any 1024:', 'chat ' + text(s).replace('|', ' '), [TO_SERVER, content(s), content('\n', 'distance:1', 'within:120')])


def binary():
    for name, v in (('ssl3', '03 00'), ('tls10', '03 01'), ('tls11', '03 02'), ('tls12', '03 03')):
        rule('tcp', 'any any', 'any any', 'client hello ' + name, [TO_SERVER, 'content:"|16 %s|"; depth:3' % v, 'content:"|01 00|"; distance:2; within:2'])
        rule('tcp', 'any any', 'any any', 'server hello ' + name, [TO_CLIENT, 'content:"|16 %s|"; depth:3' % v, 'content:"|02 00|"; distance:2; within:2'])
        rule('tcp', 'any any', 'any any', 'alert record ' + name, ['flow:established', 'content:"|15 %s 00 02|"' % v])
    for name, c in (('rc4', '00 05'), ('3des', '00 0a'), ('aes128', '00 2f'), ('aes256', '00 35'), ('ecdhe', 'c0 2f'), ('scsv', '00 ff')):
        rule('tcp', 'any any', 'any 443', 'cipher ' + name, [TO_SERVER, 'content:"|16 03|"; startswith', 'content:"|%s|"; distance:40; within:200' % c])
    for t in ('com', 'net', 'org', 'info', 'local', 'arpa', 'de', 'ru', 'cn', 'top', 'xyz', 'io'):
        rule('udp', 'any any', 'any 53', 'name under ' + t, ['content:"|00 01|"; offset:4; depth:2', 'content:"|%02x|%s|00|"; nocase; distance:6' % (len(t), t)])
    for name, q in (('a', 1), ('ns', 2), ('cname', 5), ('soa', 6), ('ptr', 12), ('mx', 15), ('txt', 16), ('aaaa', 28), ('srv', 33), ('any', 255)):
        rule('udp', 'any any', 'any 53', 'question ' + name, ['content:"|00 00 %02x 00 01|"; offset:12' % q, 'byte_test:1,!&,0x80,2'])
    for c in range(6):
        rule('udp', 'any 53', 'any any', 'answer code %d' % c, ['dsize:>11', 'byte_test:1,&,0x80,2', 'byte_test:1,=,%d,3,bitmask 0x0f' % c])
    for c in (0x72, 0x73, 0x75, 0xa2, 0x2e, 0x25, 0x32):
        rule('tcp', 'any any', 'any [139,445]', 'smb command %02x' % c, ['flow:established', 'content:"|ff|SMB|%02x|"; offset:4; depth:5' % c, 'byte_test:2,>,20,2'])
    for c in range(0, 12, 2):
        rule('tcp', 'any any', 'any [139,445]', 'smb2 command %d' % c, ['flow:established', 'content:"|fe|SMB|40 00|"; offset:4; depth:6', 'content:"|%02x 00|"; distance:6; within:2' % c])
    for c in (0, 2, 11, 12, 14):
        rule('tcp', 'any any', 'any any', 'rpc packet %d' % c, ['flow:established', 'content:"|05 00 %02x|"; depth:3' % c, 'byte_jump:2,8,from_beginning,little,post_offset -1', 'isdataat:!2,relative'])
    rule('tcp', 'any any', 'any any', 'tls record within', [TO_SERVER, 'content:"|16 03|"; startswith', 'byte_extract:2,1,len,relative', 'isdataat:len,relative'])
    rule('tcp', 'any any', 'any any', 'tls record cut', [TO_CLIENT, 'content:"|16 03|"; startswith', 'byte_jump:2,1,relative', 'isdataat:!1,relative'])
    rule('udp', 'any any', 'any any', 'length field matches', ['byte_extract:2,0,len', 'byte_test:2,=,len,0', 'dsize:20<>60'])
    rule('tcp', 'any any', 'any any', 'even length', [TO_CLIENT, 'content:"Content-Length|3a 20|"', 'byte_test:3,>,500,0,relative,string,dec'])
    rule('tcp', 'any any', 'any any', 'odd length', [TO_CLIENT, 'content:"Content-Length|3a 20|"', 'byte_test:3,<,501,0,relative,string,dec'])
    rule('udp', 'any any', 'any 161', 'snmp sequence', ['content:"|30|"; depth:1', 'byte_math:bytes 1,offset 1,oper +,rvalue 2,result whole', 'isdataat:!whole'])
    rule('udp', 'any any', 'any [67,68]', 'dhcp', ['content:"|63 82 53 63|"; offset:236; depth:4'])
    rule('udp', 'any any', 'any 123', 'ntp client', ['dsize:48', 'byte_test:1,=,3,0,bitmask 0x07'])
    rule('udp', 'any any', 'any [5060,5061]', 'sip', [content('SIP/2.0'), content('\r\n', 'distance:0')])
    rule('udp', 'any any', 'any 1900', 'ssdp', [content('M-SEARCH ', 'startswith')])


def packets():
    for f in ('S', 'SA', 'A', 'PA', 'FA', 'R', 'RA', 'F', 'FPU', '0'):
        rule('tcp', 'any any', 'any any', 'flags ' + f, ['flags:%s,CE' % f if f != '0' else 'flags:0', 'threshold:type limit, track by_src, count 5, seconds 60'])
    for t in ('<5', '1', '64', '128', '255', '>200', '30-40'):
        rule('ip', 'any any', 'any any', 'ttl ' + t.replace('<', 'below ').replace('>', 'above '), ['ttl:' + t, 'threshold:type limit, track by_dst, count 3, seconds 60'])
    for d in ('0', '1', '<10', '>1400', '100<>110', '512', '1460'):
        rule('tcp', 'any any', 'any any', 'size ' + d.replace('<', ' ').replace('>', ' '), ['dsize:' + d, 'flow:established', 'threshold:type both, track by_src, count 10, seconds 30'])
    for d in ('0', '<12', '>1000', '33'):
        rule('udp', 'any any', 'any any', 'datagram ' + d.replace('<', ' ').replace('>', ' '), ['dsize:' + d])
    for t, c in ((0, None), (3, 1), (3, 3), (3, 13), (5, None), (8, None), (11, 0), (13, None), (17, None)):
        rule('icmp', 'any any', 'any any', 'icmp %d %s' % (t, c), ['itype:%d' % t] + (['icode:%d' % c] if c is not None else []))
    rule('icmp', 'any any', 'any any', 'icmp first', ['itype:8', 'icmp_seq:1'])
    rule('icmp', 'any any', 'any any', 'icmp ident 1', ['itype:8', 'icmp_id:1'])
    for t in (1, 2, 3, 128, 129, 133, 135, 136, 143):
        rule('icmpv6', 'any any', 'any any', 'icmpv6 %d' % t, ['itype:%d' % t])
    for o in ('fragbits:D', 'fragbits:M', 'fragbits:!DM', 'fragoffset:>0', 'id:0', 'id:1', 'tos:16', 'sameip', 'ip_proto:2', 'ip_proto:89', 'ip_proto:>50', 'ipopts:rr', 'ipopts:any'):
        rule('ip', 'any any', 'any any', text(o).replace('|', ' '), [o, 'threshold:type limit, track by_src, count 2, seconds 60'])
    for o in ('window:0', 'window:65535', 'window:1024', 'seq:0', 'ack:0', 'tcp.mss:<600', 'tcp.mss:1460'):
        rule('tcp', 'any any', 'any any', o.replace(':', ' ').replace('<', 'below '), [o, 'flow:stateless' if 'seq' in o or 'ack' in o else 'flags:S+', 'threshold:type limit, track by_dst, count 4, seconds 60'])
    for o in ('stream_size:server,>,10000', 'stream_size:client,<,6', 'stream_size:both,>,100000'):
        rule('tcp', 'any any', 'any any', o.replace(':', ' ').replace(',', ' ').replace('<', 'below').replace('>', 'above'), [o, 'flags:F+'])


def flows():
    rule('tcp', 'any any', 'any any', 'mark a request', [TO_SERVER, content('GET /', 'startswith'), 'flowbits:set,bench.get', 'flowbits:noalert'])
    rule('tcp', 'any any', 'any any', 'answer to a marked request', [TO_CLIENT, 'flowbits:isset,bench.get', content('HTTP/1.1 404', 'startswith')])
    rule('tcp', 'any any', 'any any', 'answer without a request', [TO_CLIENT, 'flowbits:isnotset,bench.get', content('HTTP/1.', 'startswith')])
    rule('tcp', 'any any', 'any any', 'count requests', [TO_SERVER, content('GET /'), 'flowint:bench.n,+,1', 'noalert'])
    rule('tcp', 'any any', 'any any', 'third request', [TO_SERVER, 'flowint:bench.n,>,2', content('GET /')])
    rule('tcp', 'any any', 'any any', 'packet has a request line', [content('HTTP/1.1\r\n')]); rules[-1] = rules[-1].replace('alert tcp ', 'alert tcp-pkt ')
    rule('tcp', 'any any', 'any any', 'stream has a request line', [TO_SERVER, content('HTTP/1.1\r\n')]); rules[-1] = rules[-1].replace('alert tcp ', 'alert tcp-stream ')
    for n, s in ((3, 'GET /'), (10, 'HTTP/1.1'), (5, 'POST /')):
        rule('tcp', 'any any', 'any any', 'often ' + text(s), [TO_SERVER, content(s), 'detection_filter:track by_src, count %d, seconds 60' % n])


def expressions():
    for name, c, p in (
            ('number in a path', 'GET /', '/^GET \\/[a-z]+\\/[0-9]{2,6}[\\/?. ]/'), ('two parameters', 'GET /', '/^GET [^ ]*\\?[^ &]+&[^ &]+ /'),
            ('long path', 'GET /', '/^GET [^ ?]{120,}/'), ('address as host', 'Host: ', '/^Host: [0-9]{1,3}(\\.[0-9]{1,3}){3}/m'),
            ('mail address', '@', '/[a-z0-9._]{2,}@[a-z0-9-]{2,}\\.[a-z]{2,4}/i'), ('date', ' GMT', '/[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2}/'),
            ('cookie', 'Set-Cookie: ', '/^Set-Cookie: [^=]+=[^;]{8,}/mi'), ('hex value', '=0x', '/=0x[0-9a-f]{4,}/i'), ('etag', 'ETag: ', '/^ETag: "[0-9a-f-]+"/m'),
            ('title', '<title', '/<title>[^<]{3,60}<\\/title>/i'), ('iframe', '<iframe', '/<iframe[^>]+(width|height)=.?[01]\\b/i'), ('script source', '<script', '/<script[^>]+src=/i')):
        rule('tcp', 'any any', 'any any', 'expression ' + name, ['flow:established', content(c, 'nocase'), 'pcre:"%s"' % p.replace('"', '\\x22').replace(';', '\\x3b')])
    for a, b in (('GET ', '/[^ ]{1,80} HTTP\\/1\\.[01]\\r\\n/R'), ('Host: ', '/^[a-z0-9.-]{4,60}\\r\\n/Ri'), ('User-Agent: ', '/^[A-Z][a-z]+\\/[0-9.]+ /R'), ('Length: ', '/^[0-9]{1,4}\\r\\n/R')):
        rule('tcp', 'any any', 'any any', 'expression after ' + text(a).replace('|', ' '), ['flow:established', content(a), 'pcre:"%s"' % b])


def never(count):
    """Patterns that are only work: eight to fourteen bytes that no traffic has."""
    for n in range(count):
        h = hashlib.sha256(b'weir bench %d' % n).hexdigest()
        size = 8 + n % 7
        value = ' '.join(h[2 * i:2 * i + 2] for i in range(size)) if n % 2 else None
        word = '|%s|' % value if value else 'x' + h[:size]
        where = ('any any', 'any any') if n % 4 else ('any any', 'any [%d,%d,443,8443]' % (80 + n, 8000 + n))
        rule('tcp' if n % 5 else 'udp', where[0], where[1], 'never %d' % n,
             (['flow:established,to_%s' % ('server' if n % 3 else 'client')] if n % 5 else []) +
             ['content:"%s"%s' % (word, '; nocase' if n % 6 == 0 else ''), 'content:"%s"; distance:0' % h[20:24]])


quiet = '--quiet' in sys.argv[1:]
for part in (web, lines, binary, packets, flows, expressions):
    part()
# flowbits:set must stay where it is, or what asks for it cannot be right.
kept = [r for n, r in enumerate(rules, 1) if not (quiet and n in LOUD and 'noalert' not in r)]
rules_before = len(rules)
never(1500 if quiet else 160)
print('# SPDX-License-Identifier: Apache-2.0\n# Written by tests/bench/make-rules.py; for measuring and comparing, not for finding anything.\n')
print('\n'.join(kept + rules[rules_before:]))
