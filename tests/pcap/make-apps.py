#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make-apps.py FILE: writes apps.pcap: a mail with an attachment, a file over FTP in both ways to open its connection,
and an SSH session up to its keys."""
import base64
import struct
import sys

CLIENT, SERVER = bytes([192, 0, 2, 10]), bytes([198, 51, 100, 20])
FILE = b'one line of the file\n' * 20


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Capture:
    def __init__(self, path):
        self.file = open(path, 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        self.clock = 1700000000000000

    def packet(self, src, dst, segment):
        self.clock += 1000
        pseudo = src + dst + struct.pack('!BBH', 0, 6, len(segment))
        segment = segment[:16] + struct.pack('!H', checksum(pseudo + segment)) + segment[18:]
        head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(segment), 1, 0, 64, 6, 0) + src + dst
        head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
        frame = bytes.fromhex('0200000000020200000000010800') + head + segment
        self.file.write(struct.pack('<IIII', self.clock // 1000000, self.clock % 1000000, len(frame), len(frame)))
        self.file.write(frame)


class Connection:
    """A TCP connection; `a` opened it."""

    def __init__(self, capture, a, a_port, b, b_port):
        self.capture = capture
        self.ends = {'a': (a, a_port), 'b': (b, b_port)}
        self.seq = {'a': 1000, 'b': 5000}
        self.send('a', flags=0x02)
        self.send('b', flags=0x12)
        self.send('a')

    def send(self, end, data=b'', flags=0x10):
        other = 'b' if end == 'a' else 'a'
        (src, sport), (dst, dport) = self.ends[end], self.ends[other]
        ack = self.seq[other] if flags & 0x10 else 0
        flags |= 0x08 if data else 0
        self.capture.packet(src, dst, struct.pack('!HHIIBBHHH', sport, dport, self.seq[end], ack, 0x50, flags,
                                                  65535, 0, 0) + data)
        self.seq[end] += len(data) + (1 if flags & 0x03 else 0)

    def say(self, end, data):
        self.send(end, data)
        self.send('b' if end == 'a' else 'a')

    def close(self, end='a'):
        other = 'b' if end == 'a' else 'a'
        self.send(end, flags=0x11)
        self.send(other, flags=0x11)
        self.send(end)


def smtp(capture):
    c = Connection(capture, CLIENT, 40001, SERVER, 25)
    mail = (b'From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: a list\r\nMIME-Version: 1.0\r\n'
            b'Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\nContent-Type: text/plain\r\n\r\n'
            b'See http://www.example.com/list for more.\r\n--part\r\n'
            b'Content-Type: application/octet-stream; name="list.txt"\r\n'
            b'Content-Disposition: attachment; filename="list.txt"\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
            base64.encodebytes(FILE).replace(b'\n', b'\r\n') + b'--part--\r\n.\r\n')
    c.say('b', b'220 mail.example.net ESMTP\r\n')
    for line, reply in ((b'EHLO ann.example.org', b'250 mail.example.net'),
                        (b'MAIL FROM:<ann@example.org>', b'250 OK'), (b'RCPT TO:<bob@example.net>', b'250 OK'),
                        (b'DATA', b'354 go on')):
        c.say('a', line + b'\r\n')
        c.say('b', reply + b'\r\n')
    for at in range(0, len(mail), 400):
        c.say('a', mail[at:at + 400])
    c.say('b', b'250 OK\r\n')
    c.say('a', b'QUIT\r\n')
    c.say('b', b'221 bye\r\n')
    c.close()


def ftp(capture):
    c = Connection(capture, CLIENT, 40002, SERVER, 21)

    def ask(line, reply):
        c.say('a', line + b'\r\n')
        c.say('b', reply + b'\r\n')

    c.say('b', b'220 ready\r\n')
    ask(b'USER ann', b'331 password')
    ask(b'PASS secret', b'230-hello\r\n230 in')
    ask(b'PASV', b'227 Entering Passive Mode (198,51,100,20,156,65)')
    c.say('a', b'RETR list.txt\r\n')
    data = Connection(capture, CLIENT, 40003, SERVER, 40001)
    c.say('b', b'150 here\r\n')
    data.say('b', FILE)
    data.close('b')
    c.say('b', b'226 done\r\n')
    ask(b'PORT 192,0,2,10,156,70', b'200 OK')
    c.say('a', b'STOR back.txt\r\n')
    data = Connection(capture, SERVER, 20, CLIENT, 40006)
    c.say('b', b'150 send\r\n')
    data.say('b', FILE[:100])
    data.close('b')
    c.say('b', b'226 done\r\n')
    ask(b'QUIT', b'221 bye')
    c.close()


def ssh(capture):
    c = Connection(capture, CLIENT, 40004, SERVER, 22)
    lists = (b'curve25519-sha256', b'ssh-ed25519', b'aes128-ctr', b'aes128-ctr', b'hmac-sha2-256', b'hmac-sha2-256',
             b'none', b'none', b'', b'')
    body = b'\x14' + bytes(16) + b''.join(struct.pack('!I', len(n)) + n for n in lists) + bytes(5)
    pad = 8 - (len(body) + 5) % 8 + 4
    kex = struct.pack('!IB', 1 + len(body) + pad, pad) + body + bytes(pad)
    new_keys = struct.pack('!IB', 12, 10) + b'\x15' + bytes(10)
    c.say('a', b'SSH-2.0-client_1.0\r\n')
    c.say('b', b'SSH-2.0-server_2.1 some system\r\n')
    c.say('a', kex)
    c.say('b', kex)
    c.say('a', new_keys)
    c.say('b', new_keys)
    c.say('a', bytes(range(64)))
    c.close()


def main():
    capture = Capture(sys.argv[1])
    smtp(capture)
    ftp(capture)
    ssh(capture)


main()
