#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which flows are no longer inspected, from when on, and what is written of them all the same."""
import os
import shutil
import sys

from talk import ACK, CLIENT, FIN, PSH, RST, SERVER, Talk, udp
from tap import Tap, of_type, pcap, place, records, run, write

DEPTH = 64 * 1024
T = Tap()
TMP, WEIR, SLOW = place()


def download(size=3 * DEPTH, port=1000, start=0):
    t = Talk(port, start)
    t.say(0, b'GET /1 needle\r\n')
    t.say(1, b'needle' + b'x' * (size - 6))
    t.say(0, b'GET /2 needle\r\n')
    t.say(1, b'needle' + b'y' * DEPTH)
    t.say(0, b'GET /3 needle\r\n')
    t.say(1, b'needle')
    return t


def closed(t):
    t.fin(1)
    t.fin(0)
    return t


COUNT = 0


def weir(packets, rules, *settings, workers=1, more=()):
    global COUNT
    COUNT += 1
    out = os.path.join(TMP, 'out%d' % COUNT)
    capture = write(os.path.join(TMP, 'in%d.pcap' % COUNT), pcap(packets))
    args = [WEIR, 'run', '-r', capture, '-l', out, '-S', write(os.path.join(TMP, 'r%d.rules' % COUNT), rules)]
    for s in ('stream.reassembly.depth=%d' % DEPTH, 'workers=%d' % workers) + settings:
        args += ['--set', s]
    r = run(args + list(more), timeout=60)
    if r.code:
        raise SystemExit('Bail out! %s' % r)
    recs = records(out + '/eve.json')
    return recs, r


def stats(recs):
    return of_type(recs, 'stats')[-1]


# Told once something was released.
def saved(recs):
    return stats(recs)['weir'].get('release', {'flows': 0})


def alerts(recs, sid):
    return [(r['pcap_cnt'] if 'pcap_cnt' in r else None, r['direction']) for r in of_type(recs, 'alert')
            if r['alert']['signature_id'] == sid]


def flows(recs):
    return of_type(recs, 'flow')


NEEDLE = 'alert tcp any any -> any any (flow:established; content:"needle"; sid:1;)\n'
HOLDS = 'alert tcp any any -> any any (flow:to_client; dsize:>2000; sid:9;)\n'

# --- one way ----------------------------------------------------------------------------------------

t = closed(download())
on, _ = weir(t.packets, NEEDLE)
off, _ = weir(t.packets, NEEDLE, 'release=no')
released = saved(on)
T.ok(released['flows'] == 1 and saved(off)['flows'] == 0, 'past its depth a way is released, unless '
     'release says no', released)
T.ok(flows(on) == flows(off), 'the flow record is the same', flows(on), flows(off))
way = [[a for a in alerts(x, 1) if a[1] == 'to_server'] for x in (on, off)]
T.ok(len(way[0]) == 3 and way[0] == way[1], 'the other way is inspected to its end, at the same packets', way)
way = [len([a for a in alerts(x, 1) if a[1] == 'to_client']) for x in (on, off)]
T.ok(way == [1, 3], 'past the depth nobody looks', way)
T.ok(released['bytes'] > 2 * DEPTH, 'most bytes were only counted', released)

held, _ = weir(t.packets, NEEDLE + HOLDS)
T.ok(saved(held)['flows'] == 0 and len(alerts(held, 1)) == 6, 'a rule on each packet holds it up',
     alerts(held, 1))
held, _ = weir(t.packets, NEEDLE + HOLDS.replace('to_client', 'to_server'))
T.ok(saved(held)['flows'] == 1, 'but not one on the other way')
later, _ = weir(t.packets, 'alert tcp any any -> any any (flow.bytes_toclient:<%d; dsize:>2000; sid:1;)\n' %
                (2 * DEPTH))
half = saved(later)
T.ok(half['flows'] == 1 and 0 < half['bytes'] < released['bytes'], 'a rule that ends holds it up for so long', half)

# --- what always comes --------------------------------------------------------------------------------

flags, _ = weir(t.packets, 'alert tcp any any -> any any (flags:F+; sid:1;)\n')
T.ok([a[1] for a in alerts(flags, 1)] == ['to_client', 'to_server'] and saved(flags)['flows'] == 1,
     'FIN is looked at in a released way', alerts(flags, 1))
t = download()
t.put(1, PSH | ACK, b'odd', options=b'\x01\x83\x04\x04')
t.seq[1] += 3
odd, _ = weir(closed(t).packets, 'alert pkthdr any any -> any any (decode-event:ipv4.opt_pad_required; sid:1;)\n'
              'alert pkthdr any any -> any any (decode-event:ipv4.opt_invalid; sid:1;rev:2;)\n'
              'alert pkthdr any any -> any any (decode-event:ipv4.opt_invalid_len; sid:2;)\n')
none, _ = weir(t.packets, 'alert pkthdr any any -> any any (decode-event:ipv4.opt_pad_required; sid:1;)\n'
               'alert pkthdr any any -> any any (decode-event:ipv4.opt_invalid; sid:1;rev:2;)\n'
               'alert pkthdr any any -> any any (decode-event:ipv4.opt_invalid_len; sid:2;)\n', 'release=no')
T.ok(len(of_type(odd, 'alert')) > 0 and of_type(odd, 'alert') == of_type(none, 'alert') and
     saved(odd)['flows'] == 1, 'and packets that are odd', of_type(odd, 'alert'))

t = download()
t.put(1, RST | ACK)
on, _ = weir(t.packets, NEEDLE)
T.ok(flows(on)[0]['flow']['state'] == 'closed' and flows(on)[0]['tcp']['rst'], 'RST closes it', flows(on))
t = download()
t.put(1, RST | ACK, seq=t.seq[1] + 1000000)
t.say(0, b'GET /4 needle\r\n')
t.put(0, ACK)
on, _ = weir(t.packets, NEEDLE)
T.ok(flows(on)[0]['flow']['state'] == 'established' and len([a for a in alerts(on, 1) if a[1] == 'to_server']) == 4,
     'one out of the window does not', flows(on))

t = closed(download())
again = closed(download(size=DEPTH // 2, start=t.at + 1000))
on, _ = weir(t.packets + again.packets, NEEDLE)
T.ok(len(flows(on)) == 2 and len(alerts(on, 1)) == 4 + 5, 'the same ports again are another flow', alerts(on, 1))

# --- the way whose acknowledgements do not come -----------------------------------------------------------

t = download()
first, second = b'GET /4 nee', b'dle\r\n'
t.put(0, PSH | ACK, second, seq=t.seq[0] + len(first))
t.put(0, PSH | ACK, first)
t.seq[0] += len(first) + len(second)
t.put(1, ACK)
t.put(0, ACK)
on, _ = weir(closed(t).packets, NEEDLE)
T.ok(len([a for a in alerts(on, 1) if a[1] == 'to_server']) == 4, 'its bytes are put in order', alerts(on, 1))
t = download()
t.seq[0] += 1000
t.say(0, b'GET /5 needle\r\n')
on, _ = weir(t.packets, NEEDLE)
T.ok(len([a for a in alerts(on, 1) if a[1] == 'to_server']) == 4, 'behind a hole at the end they are inspected there',
     alerts(on, 1))
t.say(0, b'z' * (80 * 1024))
t.say(0, b'GET /6 needle\r\n')
t.put(0, ACK)
on, _ = weir(t.packets, NEEDLE, 'stream.reassembly.depth=%d' % (3 * DEPTH - 100))
got = [a for a in alerts(on, 1) if a[1] == 'to_server']
T.ok(len(got) == 5 and None not in [a[0] for a in got] and flows(on)[0]['tcp'].get('ts_gap'),
     'a hole with much behind it is a gap', got, flows(on))

# --- the whole flow ------------------------------------------------------------------------------------------

t = closed(download())
on, _ = weir(t.packets, NEEDLE + HOLDS + 'alert tcp any any -> any any (flow:to_server; content:"/2"; bypass; sid:2;)\n')
s = stats(on)
T.ok(flows(on)[0]['flow']['state'] == 'bypassed' and flows(on)[0]['flow']['bypass'] == 'local' and
     s['stats']['flow_bypassed']['local_pkts'] > 50 and s['weir'].get('release', {'flows': 0})['flows'] == 0, 'a rule bypasses a flow', s['stats']['flow_bypassed'])
T.ok(len([a for a in alerts(on, 1) if a[1] == 'to_server']) == 2, 'from then on nothing of it is inspected', alerts(on, 1))
T.ok(flows(on)[0]['flow']['pkts_toclient'] == flows(off)[0]['flow']['pkts_toclient'] and flows(on)[0]['tcp']['fin'],
     'its record has all packets', flows(on))
on, _ = weir(t.packets, HOLDS + NEEDLE, 'stream.bypass=yes')
T.ok(flows(on)[0]['flow']['state'] == 'bypassed', 'stream.bypass takes a flow with one way past the depth', flows(on))
on, _ = weir(t.packets, HOLDS + NEEDLE, 'stream.bypass=yes', 'stream.reassembly.depth=%d' % (8 * DEPTH))
T.ok(flows(on)[0]['flow']['state'] == 'closed', 'and none before', flows(on))
t = Talk()
t.say(1, b'x' * 2 * DEPTH)
t.say(0, b'y' * 2 * DEPTH)
t.say(1, b'x' * DEPTH)
on, _ = weir(t.packets, HOLDS, 'stream.bypass=yes', 'release=no')
T.ok(flows(on)[0]['flow']['state'] == 'bypassed' and stats(on)['stats']['flow_bypassed']['local_pkts'] > 10,
     'the same where nothing is released', flows(on))
on, _ = weir(t.packets, HOLDS, 'flow.elephant=%d' % DEPTH)
T.ok(flows(on)[0]['flow']['state'] == 'established' and saved(on)['elephants'] == 1,
     'flow.elephant lets go whatever holds it up', stats(on)['weir'])

# --- without a stream --------------------------------------------------------------------------------------------

many = [(1700000000, i * 10, udp(CLIENT, SERVER, 5000, 4500, b'needle' + b'u' * 1000)) for i in range(200)]
on, _ = weir(many, 'alert udp any any -> any 4500 (content:"needle"; threshold:type limit, track by_src, count 1, '
             'seconds 60; sid:1;)\n')
T.ok(saved(on)['flows'] == 0, 'a rule on each datagram holds up a flow of UDP')
on, _ = weir(many, NEEDLE)
T.ok(saved(on)['flows'] == 1 and flows(on)[0]['flow']['pkts_toserver'] == 200,
     'else it is released as well', stats(on)['weir'])

# --- the same for any number of workers; and for comparison --------------------------------------------------------

mixed = []
for i in range(8):
    mixed += closed(download(size=DEPTH * (1 + i % 3), port=2000 + i, start=i * 37)).packets
mixed.sort(key=lambda p: p[:2])
rules = NEEDLE + 'alert tcp any any -> any any (flow:to_server; content:"/3"; bypass; sid:2;)\n'
same = [weir(mixed, rules, workers=n)[0] for n in (1, 2, 3, 8)]
T.ok(all(x == same[0] for x in same), 'the same for 1, 2, 3 and 8 workers')
strict, r = weir(mixed, NEEDLE, more=['--shadow=strict'])
plain, _ = weir(mixed, NEEDLE)
full, _ = weir(mixed, NEEDLE, 'release=no')
cost = saved(strict)['cost_alerts']
T.ok(cost == len(alerts(full, 1)) - len(alerts(plain, 1)) and cost > 0 and alerts(strict, 1) == alerts(plain, 1),
     '--shadow=strict tells the alerts that release costs, and writes the others', cost, r)
T.ok('1:1:0' in r.out and 'would' in r.out, 'and whose they are', r.out)

r = run([WEIR, 'explain', '--sid', '1', write(TMP + '/one.rules', NEEDLE), write(TMP + '/one.pcap', pcap(closed(download()).packets)),
         '--set', 'stream.reassembly.depth=%d' % DEPTH])
T.ok('nothing reached further to the client: released from packet' in r.out, 'weir explain tells it', r)

shutil.rmtree(TMP)
sys.exit(T.done())
