#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make-http.py FILE: writes http.pcap: one connection after another, each with something odd that clients or
servers of HTTP/1 take nevertheless."""
import gzip
import struct
import sys
import zlib

GET = b'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
OK = b'HTTP/1.1 200 OK\r\n'
TWO = OK + b'Content-Length: 2\r\n\r\nok'
TEXT = b'The quick brown fox jumps over the lazy dog. ' * 5
GZIP = gzip.compress(TEXT, mtime=0)


def answer(response, request=GET):
    return [('c', request), ('s', response)]


def ask(head, body=b''):
    return [('c', head + b'\r\n' + body), ('s', TWO)]


def encoded(coding, body):
    return answer(OK + b'Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n' % (coding, len(body)) + body)


FORM = (b'--XX\r\nContent-Disposition: form-data; name="f"; filename="up.txt"\r\n\r\nhello file\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="q"\r\n\r\nvalue\r\n--XX--\r\n')
CONNECTIONS = [
    # Everything that rules look at.
    [('c', b'GET /a%41/../b?x=%41+b HTTP/1.1\r\nHost: Example.COM:80\r\nUser-Agent: u\r\nCookie: a=b\r\n'
           b'X-A:  v  \r\nReferer: http://r/\r\nAccept: x\r\nAccept: y\r\n\r\n'),
     ('s', b'HTTP/1.1 302 Found\r\nServer: s\r\nSet-Cookie: q=1\r\nLocation: http://z/\r\n'
           b'Content-Type: text/html; charset=x\r\nContent-Length: 2\r\n\r\nok')],
    # Heads.
    ask(b'GET / HTTP/1.1\r\nHost: a\r\nX-A: one\r\n two\r\n\t three \r\n'),
    ask(b'GET / HTTP/1.1\nHost: a\nfoobar\nFo(o: bar\n'),
    ask(b'GET http://User:pw@Other.com:80/x?y#f HTTP/1.1\r\nHost: a\r\n'),
    ask(b'GET\t/%u0041%c0%afb//c\\d HTTP/1.1\r\nHost: a b\r\nAuthorization: Foo bar\r\n'),
    answer(OK + b'X: y\rZ: z\r\n Content-Length: 2\r\n\r\nok'),
    answer(b'http/1.1 0200 OK\n\rContent-Length: 2\n\r\nok'),
    answer(b'junk\r\n\0HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    # Bodies.
    ask(b'POST /dir/name.txt?x=y HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n', b'abc'),
    ask(b'POST /u HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=XX\r\n'
        b'Content-Length: %d\r\n' % len(FORM), FORM),
    ask(b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n', b'3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n'),
    answer(OK + b'Transfer-Encoding: xchunked\r\n\r\n 2\r\nok\r\n\r\n2\r\nxx\r\n0\r\n\r\n'),
    answer(OK + b'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n'),
    answer(OK + b'Content-Length: 2\r\nContent-Length: 4\r\n\r\nokxx'),
    answer(OK + b'Content-Length: 2\r\n\r\nokJUNK\r\n'),
    answer(OK + b'\r\nuntil the end'),
    answer(OK + b'Content-Length: 3\r\n\r\n', b'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n'),
    encoded(b'gzip', GZIP),
    encoded(b'deflate', zlib.compress(TEXT)),
    encoded(b'gzip', zlib.compress(TEXT)[2:-4]),
    encoded(b'gzip, gzip', gzip.compress(GZIP, mtime=0)),
    encoded(b'gzip', TEXT),
    encoded(b'foo, gzip', GZIP),
    answer(OK + b'Content-Disposition: attachment; filename="a.txt"\r\nContent-Length: 2\r\n\r\nok'),
    # Connections.
    [('c', b'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n'), ('s', TWO + TWO)],
    [('c', b'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n'),
     ('s', b'HTTP/1.1 100 Continue\r\n\r\n'), ('c', b'abc'), ('s', TWO)],
    [('c', b'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'), ('s', b'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'),
     ('c', GET), ('s', TWO)],
    [('c', GET), ('s', TWO + TWO)],
    [('c', b'GET / HTTP/1.1\r\nHost: a\r\nX: '), ('lost', 20), ('c', b'\r\nY: z\r\n\r\n'), ('s', TWO)],
    answer(b' \rHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    answer(b'HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-1/2\r\nContent-Length: 2\r\n\r\nok'),
    answer(b'HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-1/3\r\nContent-Length: 2\r\n\r\nok'),
    [('c', b'GET /old\r\nHost: a\r\n\r\n\r\n'), ('s', TWO)],
    # The answer is there before the request's first line is.
    [('c', b'GET /slow HTTP/1.1'), ('s', TWO), ('c', b'\r\nHost: a\r\n\r\n')],
    # Only the answer tells what the request was, and nobody acknowledges it.
    [('c', b'NOTIFY /u HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'),
     ('raw', ('c', 17, b'')), ('raw', ('s', 16, b'')), ('raw', ('s', 25, TWO)), ('raw', ('c', 4, b''))],
]


class Connection:
    def __init__(self, port, out):
        self.port, self.out = port, out
        self.seq = {'c': 1000, 's': 5000}

    def send(self, who, flags, data=b''):
        other = 's' if who == 'c' else 'c'
        ports = (self.port, 80) if who == 'c' else (80, self.port)
        ends = (b'\x0a\0\0\1', b'\x0a\0\0\2')[::1 if who == 'c' else -1]
        tcp = struct.pack('>HHIIBBHHH', *ports, self.seq[who], self.seq[other] if flags & 16 else 0, 0x50, flags,
                          65535, 0, 0)
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0) + ends[0] + ends[1]
        self.out.append(b'\2\0\0\0\0\2\2\0\0\0\0\1\x08\0' + ip + tcp + data)
        self.seq[who] += len(data) + (1 if flags & 3 else 0)

    def run(self, messages):
        self.send('c', 2)
        self.send('s', 18)
        self.send('c', 16)
        for who, data in messages:
            if who == 'lost':
                self.seq['c'] += data
                continue
            if who == 'raw':
                self.send(*data)
                if data[1] & 4:
                    return
                continue
            self.send(who, 24, data)
            self.send('s' if who == 'c' else 'c', 16)
        self.send('c', 17)
        self.send('s', 17)
        self.send('c', 16)


def main():
    packets = []
    for i, messages in enumerate(CONNECTIONS):
        Connection(20000 + i, packets).run(messages)
    with open(sys.argv[1], 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, p in enumerate(packets):
            f.write(struct.pack('<IIII', 1700000000 + i // 1000, i % 1000 * 1000, len(p), len(p)) + p)


main()
