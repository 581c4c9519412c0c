#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make-resets.py FILE: writes resets.pcap: the first words of a connection, and a RST before anybody acknowledges them: from who
said them, with and without an acknowledgement of its own, from the other end, and after words that were acknowledged."""
import os
import runpy
import struct
import sys

APPS = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'make-apps.py'))
RST, ACK = 0x04, 0x10
QUESTION = struct.pack('!6H', 0x1234, 0x0100, 1, 0, 0, 0) + b'\3www\7example\3com\0' + struct.pack('!HH', 1, 1)
ASKED = struct.pack('!H', len(QUESTION)) + QUESTION
REQUEST = b'GET /example HTTP/1.1\r\nHost: a\r\n\r\n'


def main():
    capture = APPS['Capture'](sys.argv[1])

    def connect(port, to):
        return APPS['Connection'](capture, APPS['CLIENT'], port, APPS['SERVER'], to)

    for number, (to, words) in enumerate(((53, ASKED), (80, REQUEST))):
        for way, (end, flags) in enumerate((('a', RST | ACK), ('a', RST), ('b', RST | ACK))):
            c = connect(46000 + 10 * number + way, to)
            c.send('a', words)
            c.send(end, flags=flags)
    c = connect(46020, 53)
    c.say('a', ASKED)
    c.send('a', ASKED)
    c.send('a', flags=RST | ACK)


if __name__ == '__main__':
    main()
