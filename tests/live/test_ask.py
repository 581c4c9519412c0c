#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the control socket asks a running engine: sets and their files, marks on hosts, flows, what rules cost; files that
are stored.

Says TAP; skipped where the kernel allows no namespace or no program.
"""
import glob
import hashlib
import json
import os
import shutil
import signal
import struct
import sys

import live
from live import wait_for
import tap
import test_reload
from test_reload import udp

RULES = '''
alert udp any any -> any 7000 (msg:"marked"; xbits:isset,bad,track ip_src; content:"ping"; sid:1;)
alert udp any any -> any 7000 (msg:"listed"; ip.src; dataset:isset,addr,type ipv4,load addr.lst; sid:2;)
alert udp any any -> any 7000 (msg:"learnt"; ip.src; dataset:set,learnt,type ipv4,state learnt.lst; noalert; sid:3;)
alert http any any -> any any (msg:"stored"; flow:to_client; file.data; content:"the-tail"; filestore; sid:4;)
alert udp any any -> any 7001 (msg:"quiet"; content:"ping"; sid:5;)
'''
BODY = b'0123456789abcdefthe-tail'
HOST = '10.9.1.%d'


class Ask(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, _ = tap.place()
        self.net = live.Net()
        for name in ('addr.lst', 'learnt.lst'):
            self.learnt = tap.write(os.path.join(self.tmp, name), HOST % 5 + '\n')
        self.rules = tap.write(os.path.join(self.tmp, 'live.rules'), RULES)
        self.port = 1000
        self.outs = 0

    def start(self, *args):
        self.outs += 1
        out = os.path.join(self.tmp, 'out%d' % self.outs)
        os.mkdir(out)
        return live.Weir(self.weir, self.net, out, self.rules, '--data-dir', self.tmp, *args)

    def play(self, frames):
        path = os.path.join(self.tmp, 'some')
        with open(path, 'wb') as f:
            for data in frames:
                f.write(struct.pack('<dI', 0, len(data)) + data)
        live.command(*self.net.in_a(sys.executable, os.path.realpath(test_reload.__file__), '--play', path))

    def ping(self, *hosts):
        self.port += 1
        self.play([udp(HOST % h, self.port, 7000, b'ping') for h in hosts])

    def pings(self, w, hosts, want, name):
        """Alerts, as (sid, host), that come of a ping of each."""
        before = len(w.records('alert'))
        inspected = w.ledger()['inspected'] if w.ledger() else 0
        self.ping(*hosts)
        wait_for(lambda: (w.ledger() or {'inspected': 0})['inspected'] >= inspected + len(hosts) and
                 len(w.records('alert')) >= before + len(want), 10)
        got = sorted((a['alert']['signature_id'], int(a['src_ip'].split('.')[3])) for a in w.records('alert')[before:])
        self.ok(got == sorted(want), name, got, want)

    def said(self, w, code, text, *words):
        answer = w.ctl(*words)
        self.ok(answer == (code, text + '\n'), 'weir ctl %s' % ' '.join(words), answer)

    def sets(self, w):
        value = lambda name, h: ('setname=' + name, 'settype=ipv4', 'datavalue=' + HOST % h)
        self.pings(w, (5, 6), [(2, 5)], 'a set from a file')
        self.said(w, 1, 'weir ctl: item not found in set', 'dataset-lookup', *value('addr', 6))
        self.said(w, 0, 'data added', 'dataset-add', *value('addr', 6))
        self.said(w, 0, 'data already in set', 'dataset-add', *value('addr', 6))
        self.said(w, 0, 'item found in set', 'dataset-lookup', *value('addr', 6))
        self.said(w, 0, 'data removed', 'dataset-remove', *value('addr', 5))
        self.said(w, 1, 'weir ctl: item not found in set', 'dataset-remove', *value('addr', 5))
        self.said(w, 1, 'weir ctl: set not found', 'dataset-lookup', *value('nothing', 5))
        self.pings(w, (5, 6), [(2, 6)], 'what was put in and taken out decides')
        self.said(w, 0, 'dataset cleared', 'dataset-clear', 'setname=addr', 'settype=ipv4')
        self.pings(w, (5, 6), [], 'and that all was')
        self.said(w, 0, 'datasets dump done', 'dataset-dump')
        self.ok(self.saved() == {HOST % h for h in (5, 6)}, 'a set that is saved has what was learnt', self.saved())

    def saved(self):
        with open(self.learnt, encoding='ascii') as f:
            return set(f.read().split())

    def kept(self, w):
        """What rules learnt goes on; what only a file says is read again."""
        tap.write(self.rules, RULES + 'alert udp any any -> any 7009 (content:"x"; sid:9;)\n')
        code, text = w.ctl('reload')
        self.ok(code == 0, 'reload', text)
        for name, h in (('addr', 5), ('learnt', 6)):
            self.said(w, 0, 'item found in set', 'dataset-lookup', 'setname=' + name, 'settype=ipv4',
                      'datavalue=' + HOST % h)
        self.pings(w, (5,), [(2, 5)], 'the set from a file is as its file says')

    def marks(self, w):
        self.said(w, 0, 'hostbit added', 'add-hostbit', 'ipaddress=' + HOST % 7, 'hostbit=bad', 'expire=100')
        listed = json.loads(w.ctl('list-hostbit', 'ipaddress=' + HOST % 7)[1])
        self.ok(listed['count'] == 1 and listed['hostbits'][0]['hostbit'] == 'bad' and
                0 < listed['hostbits'][0]['expire'] <= 100, 'list-hostbit', listed)
        self.pings(w, (7, 8), [(1, 7)], 'a mark on a host decides')
        self.said(w, 0, 'hostbit removed', 'remove-hostbit', 'ipaddress=' + HOST % 7, 'hostbit=bad')
        self.said(w, 1, 'weir ctl: the hostbit is not set', 'remove-hostbit', 'ipaddress=' + HOST % 7, 'hostbit=bad')
        self.pings(w, (7,), [], 'until it is taken away')

    def flows(self, w):
        flow = w.records('alert')[0]
        answer = json.loads(w.ctl('get-flow-stats-by-id', 'flow_id=%d' % flow['flow_id'])[1])
        self.ok(answer['pkts_toserver'] == 1 and answer['pkts_toclient'] == 0 and answer['bytes_toserver'] >= 46,
                'get-flow-stats-by-id', answer)
        self.said(w, 1, 'weir ctl: there is no such flow', 'get-flow-stats-by-id', 'flow_id=1')

    def costs(self, w):
        """Five packets that a rule alerts on and a line of threshold.config keeps back; others it does not even check."""
        self.play([udp(HOST % 9, 30000 + i, 7001, b'ping' if i < 5 else b'none') for i in range(8)])
        found = lambda: {r['sid']: r for r in json.loads(w.ctl('rule-costs')[1])['rules']}
        self.ok(wait_for(lambda: found().get(5, {}).get('matches') == 5, 10), 'rule-costs', w.ctl('rule-costs'))
        answer = json.loads(w.ctl('rule-costs', '100')[1])
        rules = found()
        self.ok((rules[5]['msg'], rules[5]['buffer'], rules[5]['candidates'], rules[5]['checks']) ==
                ('quiet', 'payload', 5, 5), 'a rule was tried where its pattern stood', rules[5])
        self.ok(answer['filters'] == [{'gid': 1, 'sid': 5, 'msg': 'quiet', 'suppressed': 5, 'rated': 0}],
                'and what kept it back is counted', answer['filters'])
        for name in ('candidates', 'checks', 'matches'):
            self.ok(answer['all'][name] == sum(r[name] for r in answer['rules']) ==
                    sum(b[name] for b in answer['buffers']), 'sums of %s' % name, answer)
        self.ok(len(json.loads(w.ctl('rule-costs', '1')[1])['rules']) == 1, 'no more than are asked for')
        self.ok(w.ctl('rule-costs', '101')[0] == 1, 'and not more than a hundred')

    def costs_told(self, w):
        """The last statistics have them too."""
        last = w.records('stats')[-1]['weir']
        quiet = [r for r in last['rules'] if r['sid'] == 5]
        self.ok(len(quiet) == 1 and quiet[0]['matches'] == 5 and quiet[0]['buffer'] == 'payload',
                'weir.rules in stats', last)
        self.ok(last['filters'] == [{'gid': 1, 'sid': 5, 'suppressed': 5, 'rated': 0}], 'weir.filters in stats', last)

    def supervisors(self, w):
        self.said(w, 0, w.socket, 'conf-get', 'variable=unix-command.filename')
        self.said(w, 1, 'weir ctl: there is no such value', 'conf-get', 'variable=no.such')
        pools = json.loads(w.ctl('memcap-list')[1])
        shown = json.loads(w.ctl('memcap-show', 'config=flow')[1])
        self.ok({'name': 'flow', 'value': shown['value']} in pools, 'memcap-list and memcap-show', pools, shown)
        self.ok(w.ctl('memcap-set', 'config=flow', 'memcap=1mb')[0] == 1, 'memcap-set is refused')
        self.ok('vb' in json.loads(w.ctl('iface-bypassed-stat')[1]), 'iface-bypassed-stat')

    def asked(self):
        quiet = tap.write(os.path.join(self.tmp, 'threshold.config'), 'suppress gen_id 1, sig_id 5\n')
        w = self.start('--set', 'threshold-file=' + quiet)
        if not w.ready():
            self.skip('weir run -i', 'it did not start: %s' % w.stderr().strip().splitlines()[-1])
            return False
        self.sets(w)
        self.kept(w)
        self.marks(w)
        self.flows(w)
        self.costs(w)
        self.supervisors(w)
        self.ping(99)
        wait_for(lambda: w.ctl('dataset-lookup', 'setname=learnt', 'settype=ipv4', 'datavalue=' + HOST % 99)[0] == 0, 10)
        self.ok(w.stop() == 0, 'ends with 0', w.stderr())
        self.costs_told(w)
        self.ok(HOST % 99 in self.saved() and HOST % 5 in self.saved(), 'the stop saves what was learnt', self.saved())
        return True

    # --- files ---

    def stored(self):
        """A file that a rule wants is kept; an engine that dies leaves none behind half written."""
        tap.write(self.rules, RULES)
        w = self.start('--set', 'outputs.1.file-store.enabled=yes', '--set', 'file-store.enabled=yes', '-c',
                       self.configuration())
        if not self.ok(w.ready(), 'starts with files to be stored', w.stderr()):
            return
        self.play(test_reload.http('10.9.1.20', 21000))
        digest = hashlib.sha256(BODY).hexdigest()
        path = os.path.join(w.out, 'filestore', digest[:2], digest)
        self.ok(wait_for(lambda: os.path.exists(path), 10) and open(path, 'rb').read() == BODY,
                'a file is stored by its digest', glob.glob(w.out + '/filestore/*/*'), w.stderr())
        self.ok(wait_for(lambda: [r for r in w.records('fileinfo') if r['fileinfo'].get('stored')], 10),
                'and its record says so', w.records('fileinfo'))
        half = test_reload.http('10.9.1.21', 21001)[:12]
        self.play(half)
        self.ok(wait_for(lambda: glob.glob(w.out + '/filestore/tmp/*'), 10), 'another one is under way')
        first = w.engine()
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: w.engine() not in (0, first))
        self.ok(wait_for(lambda: not glob.glob(w.out + '/filestore/tmp/*'), 10), 'the next engine leaves nothing half written',
                glob.glob(w.out + '/filestore/tmp/*'))
        self.ok(w.stop() == 0, 'ends with 0', w.stderr())

    def configuration(self):
        return tap.write(os.path.join(self.tmp, 'store.yaml'),
                         '%YAML 1.1\n---\noutputs:\n'
                         '  - eve-log: {enabled: yes, filename: eve.json, types: [alert, files, stats: {totals: yes}]}\n'
                         '  - file-store: {version: 2, enabled: yes, dir: filestore}\n')

    def end(self):
        self.net.remove()
        shutil.rmtree(self.tmp, ignore_errors=True)


def main():
    why = live.refused()
    if why:
        print('1..0 # SKIP %s' % why)
        return 0
    t = Ask()
    try:
        if t.asked():
            t.stored()
    finally:
        t.end()
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
