#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bulk TCP past the stream's depth, and what TLS and SSH carry after their handshakes: at least nine of ten bytes never
leave the kernel, alerts and records are those of the file, and of TLS and SSH those of full inspection too.

    test_bulk.py [MEGABYTES [FLOWS]]    of each download; 4 and 8 in make check, 50 and 8 in make check-live
"""
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'run'))
sys.path.insert(0, HERE)
import talk  # noqa: E402
from tap import Tap, pcap, write  # noqa: E402
from test_soundness import FILES, WEIR, Run, Skip, comparable, run  # noqa: E402

RULES = '''alert tcp any any -> any any (flow:established; content:"needle"; sid:1;)
alert tcp any any -> any any (flow:established,to_server; content:"GET /"; startswith; sid:2;)
alert tcp any any -> any any (flags:S,12; sid:3;)
alert ip any any -> 10.0.1.1 any (sid:4;)
alert tcp any any -> any any (flow:to_server; dsize:>1300; sid:5;)
'''
SECRET_RULES = '''alert tcp any any -> any any (content:"needle"; sid:1;)
alert tcp any any -> any any (flow:established,to_server; content:"|16 03|"; startswith; sid:2;)
alert tcp any any -> any any (flow:to_server; dsize:>1000; sid:3;)
alert tls any any -> any any (tls.sni; content:"server"; sid:4;)
alert ssh any any -> any any (ssh.software; content:"OpenSSH"; sid:5;)
alert ip any any -> any any (ip_proto:41; sid:6;)
alert tcp any any -> any any (flags:F+; sid:7;)
alert tcp any 3001 -> any any (flow:to_server; ttl:5; sid:8;)
alert tcp any any -> any [3002,3003] (flow:to_client; ttl:5; sid:9;)
'''
DEPTH = 128 * 1024


def downloads(flows, size):
    """Packets of that many downloads at the same time; a request before each and one after it."""
    packets = []
    for i in range(flows):
        t = talk.Talk(3000 + i, i, 0x0a000001 + i, 0x0a000101, check=False, step=flows)
        t.say(0, b'GET /1 needle\r\n')
        t.say(1, b'needle' + bytes(size))
        t.say(0, b'GET /2 needle\r\n')
        t.say(1, b'needle, and no more')
        t.close(i % 3)
        packets += t.packets
    return sorted(packets, key=lambda p: p[:2])


def sized(data, digits):
    return len(data).to_bytes(digits, 'big') + data


def record(kind, data):
    return bytes((kind, 3, 3)) + sized(data, 2)


def application(data):
    return b''.join(record(23, data[i:i + 16384]) for i in range(0, len(data), 16384))


def extension(kind, data):
    return kind.to_bytes(2, 'big') + sized(data, 2)


def tls(t, size):
    """TLS 1.3 as it looks from outside (RFC 8446, section 2)."""
    name = extension(0, sized(b'\0' + sized(b'server.example', 2), 2))
    hello = b'\3\3' + b'c' * 32 + sized(b's' * 32, 1) + sized(b'\x13\1\x13\2', 2) + sized(b'\0', 1)
    hello += sized(name + extension(43, sized(b'\3\4', 1)), 2)
    t.say(0, record(22, b'\1' + sized(hello, 3)))
    hello = b'\3\3' + b'v' * 32 + sized(b's' * 32, 1) + b'\x13\1\0' + sized(extension(43, b'\3\4'), 2)
    t.say(1, record(22, b'\2' + sized(hello, 3)) + record(20, b'\1') + application(b'x' * 2000))
    t.say(0, record(20, b'\1') + application(b'f' * 60))
    t.say(0, application(b'needle' + b'r' * 200))
    t.say(1, application(b'needle' + bytes(size)))


def ssh(t, size):
    """SSH up to its new keys (RFC 4253), and what cannot be read behind them."""
    def packet(payload):
        padding = bytes(4 + -(9 + len(payload)) % 8)
        return sized(bytes((len(padding),)) + payload + padding, 4)

    lists = b''.join(sized(x, 4) for x in (b'curve25519-sha256', b'ssh-ed25519', b'aes128-ctr', b'aes128-ctr', b'hmac-sha2-256',
                                           b'hmac-sha2-256', b'none', b'none', b'', b''))
    init = packet(b'\x14' + b'k' * 16 + lists + bytes(5))
    t.say(0, b'SSH-2.0-OpenSSH_9.2\r\n')
    t.say(1, b'SSH-2.0-OpenSSH_9.1\r\n')
    t.say(0, init)
    t.say(1, init)
    t.say(0, packet(b'\x1e' + sized(b'e' * 32, 4)))
    t.say(1, packet(b'\x1f' + sized(b'h' * 51, 4) + sized(b'f' * 32, 4)) + packet(b'\x15'))
    t.say(0, packet(b'\x15'))
    t.say(0, b'r' * 300 + b'needle')
    t.say(1, b'needle' + b'd' * size)


def secrets(flows, size):
    packets = []
    for i in range(flows):
        t = talk.Talk(3000 + i, i, 0x0a000001 + i, 0x0a000101, check=False, step=flows)
        # What rules on headers hold up is small.
        (ssh if i % 2 else tls)(t, size // 16 if i in (2, 3) else size)
        t.close(i % 3)
        packets += t.packets
    return sorted(packets, key=lambda p: p[:2])


def full(tmp, capture, rules, options):
    """The records of a run in which everything is inspected."""
    out = tmp + '/full'
    done = run([WEIR, 'run', '-r', capture, '-S', rules, '-l', out, '--set', 'workers=1', '--set', 'release=no'] + FILES + options, 1800)
    return comparable(out + '/eve.json')[0] if not done.returncode else done.stderr


def encrypted(t, tmp, megabytes, flows):
    capture = write(tmp + '/secrets.pcap', pcap(secrets(flows, megabytes << 20)))
    rules = write(tmp + '/secrets.rules', SECRET_RULES)
    options = ['-k', 'none', '--set', 'app-layer.protocols.ssh.hassh=yes']
    r = Run(tmp, capture, rules, options)
    t.ok(r.good(), 'TLS and SSH: alerts and records are those of the file', *r.why())
    t.ok(r.live == full(tmp, capture, rules, options), 'and those of full inspection')
    t.ok(r.fate.get('kept_bytes', 0) >= 0.9 * r.fate.get('bytes', 1),
         '%d sessions of %d MB: at least 90 %% of the bytes never leave the kernel' % (flows, megabytes), r.fate)
    kinds = [json.loads(x)['event_type'] for x in r.live.elements()]
    t.ok(kinds.count('flow') == flows and kinds.count('tls') == (flows + 1) // 2 and kinds.count('ssh') == flows // 2 and
         kinds.count('alert') >= 3 * flows, 'there is something to compare here too', kinds)
    print('# %s' % r.fate)


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    flows = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    t, tmp = Tap(), tempfile.mkdtemp(prefix='weir-bulk-')
    depth = DEPTH if megabytes < 50 else 1024 * 1024
    try:
        packets = downloads(flows, megabytes << 20)
        capture = write(tmp + '/bulk.pcap', pcap(packets))
        rules = write(tmp + '/bulk.rules', RULES)
        r = Run(tmp, capture, rules, ['-k', 'none', '--set', 'stream.reassembly.depth=%d' % depth])
        t.ok(r.good(), 'alerts and flow records are those of the file', *r.why())
        t.ok(r.fate.get('kept_bytes', 0) >= 0.9 * r.fate.get('bytes', 1),
             '%d downloads of %d MB: at least 90 %% of the bytes never leave the kernel' % (flows, megabytes), r.fate)
        kinds = [json.loads(x)['event_type'] for x in r.live.elements()]
        t.ok(kinds.count('flow') == flows and kinds.count('alert') > 3 * flows, 'there is something to compare', kinds)
        t.ok(r.fate.get('flows') == flows and r.fate.get('kept') == r.fate.get('released'),
             'what the kernel kept is in the records', r.fate)
        print('# %s' % r.fate)
        encrypted(t, tmp, megabytes, flows)
    except Skip as e:
        print('1..0 # SKIP %s' % e)
        return 0
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
