#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Connections that become another protocol, told to rules one step after the other.  Says TAP."""
import os
import sys

import tap
from talk import Talk
from tap import of_type, run

RULES = '''alert http any any -> any any (app-layer-event:http.failed_protocol_change; sid:1;)
alert smtp any any -> any any (app-layer-event:smtp.failed_protocol_change; sid:2;)
alert tcp any any -> any any (app-layer-protocol:http1,original; sid:3;)
alert tcp any any -> any any (app-layer-protocol:smtp,original; sid:4;)
alert tcp any any -> any any (app-layer-protocol:unknown,to_client; flow:to_client; sid:5;)
alert http any any -> any any (flow:to_client; http.header; content:!"X-Late"; sid:6;)
alert http any any -> any any (flow:to_client; http.header; content:"X-Late"; sid:7;)
alert http any any -> any any (flow:to_client; http.location; absent; sid:8;)
alert http any any -> any any (app-layer-event:http.failed_protocol_change; flowint:http.anomaly.count,+,1; sid:9;)
alert http any any -> any any (http.header; content:"Pair"; pcre:"/Pair: (\\w+)=(\\w+)/,flow:key,flow:value"; sid:10;)
alert http any any -> any any (app-layer-event:http.request_line_incomplete; sid:11;)
alert http any any -> any any (app-layer-event:http.request_line_unknown_method_no_protocol; sid:12;)
'''


def starttls_then_upgrade():
    c = Talk(port=2000)
    c.say(1, b'220 mail\r\n')
    c.say(0, b'EHLO a\r\n')
    c.say(1, b'250 STARTTLS\r\n')
    c.say(0, b'STARTTLS\r\n')
    c.say(1, b'220 go\r\n')
    c.say(1, b'HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n')
    c.say(1, b'x')
    c.close(0)
    return c.packets


def connect():
    c = Talk(port=2001)
    c.say(0, b'CONNECT 10.0.0.9:443 HTTP/1.1\r\nHost: 10.0.0.9\r\n\r\n')
    c.say(1, b'HTTP/1.1 200 OK\r\n\r\n')
    c.say(1, b'SSH-2.0-a\r\n')
    c.say(0, b'SSH-2.0-b\r\n')
    c.close(0)
    return c.packets


def chunked():
    c = Talk(port=2002)
    c.say(0, b'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    c.say(1, b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n')
    for _ in range(5):
        c.say(1, b'4\r\nabcd\r\n')
    c.say(1, b'0\r\nX-Late: 1\r\n\r\n')
    c.close(0)
    return c.packets


def pair():
    c = Talk(port=2003)
    c.say(0, b'GET / HTTP/1.1\r\nHost: a\r\nPair: colour=red\r\n\r\n')
    c.say(1, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    c.close(0)
    return c.packets


def hasty():
    c = Talk(port=2004)
    c.say(0, b'1026 what is it that is here')
    c.say(1, b'HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno')
    c.close(0)
    return c.packets


def alerts(weir, packets):
    """The sids of alerts, each with the number of its packet."""
    tap.write('in.pcap', tap.pcap(packets))
    if os.path.exists('eve.json'):
        os.unlink('eve.json')
    r = run([weir, 'run', '-r', 'in.pcap', '-S', 't.rules', '-l', '.'])
    found = {}
    for e in of_type(tap.records('eve.json'), 'alert'):
        found.setdefault(e['alert']['signature_id'], []).append((e.get('pcap_cnt'), e['direction']))
    return found, of_type(tap.records('eve.json'), 'flow')[0], r


def main():
    t = tap.Tap()
    tmp, weir, _ = tap.place()
    os.chdir(tmp)
    tap.write('t.rules', RULES)

    found, flow, r = alerts(weir, starttls_then_upgrade())
    t.ok([d for _, d in found.get(1, [])] == ['to_server', 'to_client'],
         'a change that is asked for while another is on its way is an event of both directions', found, r)
    told = [e.get('metadata', {}).get('flowints') for e in of_type(tap.records('eve.json'), 'alert') if e['alert']['signature_id'] == 9]
    t.ok(told == [{'http.anomaly.count': 1}, {'http.anomaly.count': 2}] and flow.get('metadata') == {'flowints': told[1]},
         'what rules count with the flow stands in its records', told, flow)
    t.ok(flow['app_proto'] == 'http' and flow['app_proto_expected'] == 'http2', 'and the flow stays what it is', flow)

    found, flow, r = alerts(weir, connect())
    t.ok(flow['app_proto'] == 'ssh' and flow['app_proto_orig'] == 'http', 'a tunnel is recognised', flow, r)
    t.ok('to_client' in [d for _, d in found.get(3, [])] and 'to_server' in [d for _, d in found[3]],
         'the original protocol is known from the change on', found)
    t.ok(len(found.get(5, [])) == 1, 'in between the direction that changed is unknown', found)

    packets = chunked()
    found, _, r = alerts(weir, packets)
    head = 8  # handshake 3, request and its ACK 2, head and its ACK 2: the next packet of the server
    t.ok(found.get(6) == [(head, 'to_client')], 'what is not in a head is decided with the head', found, r)
    t.ok(found.get(8) == [(head, 'to_client')], 'so is what is absent', found)
    t.ok(not any(sid in found for sid in (10, 11, 12)), 'and nothing else', found)
    t.ok(7 in found and found[7][0][0] > head + 8, 'a trailer is looked at when it comes', found)

    found, flow, r = alerts(weir, pair())
    t.ok(10 in found and flow.get('metadata') == {'flowvars': [{'key': 'colour'}, {'value': 'red'}]},
         'what was caught with its name is told as key and value', flow, r)

    found, flow, r = alerts(weir, hasty())
    t.ok(11 in found and 12 not in found, 'a request whose line has no end when its answer comes', found, r)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
