#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir run -i from end to end: alerts, the ledger, the sandbox, the control socket, and every kind of death.

Says TAP; skipped where the kernel allows no namespace or no program.
"""
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import live
from live import balances, command, wait_for
import tap

RULES = ('alert icmp any any -> any any (msg:"ping"; itype:8; sid:1;)\n'
         'alert tcp any any -> any any (msg:"request"; content:"GET /weir-test"; sid:2;)\n'
         'drop udp any any -> any 7777 (msg:"unwanted"; sid:3;)\n')


class Live(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, self.asan = tap.place()
        self.rules = tap.write(os.path.join(self.tmp, 'live.rules'), RULES)
        self.net = live.Net()
        self.outs = self.sent = 0
        self.running = None

    def start(self, *args, **how):
        self.outs += 1
        self.sent = 0
        out = os.path.join(self.tmp, 'out%d' % self.outs)
        os.mkdir(out)
        self.running = live.Weir(self.weir, self.net, out, self.rules, *args, **how)
        return self.running

    def ping(self, count, interval='0.01'):
        self.sent += count
        command(*self.net.in_a('ping', '-q', '-c', str(count), '-i', interval, '-W', '0.1', '10.9.0.2'), check=False)

    def flood(self):
        """Echo requests, one after the other, until it is stopped."""
        return subprocess.Popen(self.net.in_a('ping', '-q', '-i', '0.002', '10.9.0.2'), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def settled(self, w):
        """How many alerts there are when none has come for half a second: packets gather before they are looked at."""
        count = -1
        while count != len(w.records('alert')):
            count = len(w.records('alert'))
            time.sleep(0.5)
        return count

    def left_behind(self, name):
        self.ok(wait_for(lambda: not self.net.attached(), 10), '%s: no program is left attached' % name)

    # --- one run as it should be ---

    def end_to_end(self):
        w = self.start()
        if not w.ready():
            # Without capabilities or an XDP program nothing below can be shown.
            self.skip('weir run -i', 'it did not start: %s' % w.stderr().strip().splitlines()[-1])
            w.stop()
            return False
        self.ok('span mode' in w.stderr() and 'AF_XDP' in w.stderr(), 'says which mode and which way', w.stderr())
        self.ok(self.net.attached(), 'a program is attached')
        self.ping(50)
        self.ok(wait_for(lambda: len(w.records('alert')) >= 50), 'alerts appear while it runs', w.stderr())
        self.confined(w)
        self.control(w)
        code = w.stop()
        self.ok(code == 0, 'ends with 0 on SIGTERM', code, w.stderr(), w.stdout())
        alerts = w.records('alert')
        self.ok(len([a for a in alerts if a['alert']['signature_id'] == 1]) == self.sent, 'an alert for each request',
                len(alerts), self.sent)
        self.ok(all(a['in_iface'] == 'vb' and 'pcap_cnt' not in a for a in alerts), 'records name the interface')
        ledger = w.ledger()
        self.ok(ledger and balances(ledger) and ledger['in_flight'] == 0 and ledger['inspected'] >= self.sent and
                sum(ledger['lost'].values()) == 0, 'the ledger holds to the packet after the stop', ledger)
        self.ok(all(balances(s['weir']['ledger']) for s in w.records('stats')), 'and at each interval')
        last = w.records('stats')[-1]['stats']
        self.ok(last['capture']['kernel_packets'] == ledger['entered'] and
                last['decoder']['pkts'] == ledger['inspected'], 'its terms are those of capture and decoder', last)
        self.ok('%d entered = ' % ledger['entered'] in w.stdout(), 'it is printed', w.stdout())
        self.memory(w, last)
        self.ok(not os.path.exists(w.socket), 'the control socket is removed')
        self.left_behind('after a clean stop')
        return True

    def memory(self, w, stats):
        """What the run had of memory, by part."""
        told = [s['weir'].get('memory', {}) for s in w.records('stats')]
        self.ok(all(m.get('rings', 0) > 1 << 20 and m['released'] > 0 and m['captures'] == 0 and m['resident'] > 0
                    for m in told), 'rings and the rest of memory are told at each interval', told[-1])
        pools = [m for m in told[-1].values() if isinstance(m, dict)]
        self.ok(len(pools) == 8 and all(m['used'] <= m['peak'] for m in pools) and
                sum(m['reserved'] for m in pools) <= told[-1]['limit'], 'and each pool, within the limit', told[-1])
        self.ok(stats['flow']['memuse'] == told[-1]['flows']['used'] > 0 and
                stats['tcp']['memuse'] == told[-1]['sessions']['used'], "and by Suricata's names", stats['flow'])

    def confined(self, w):
        engine = w.engine()
        with open('/proc/%d/status' % engine, encoding='ascii') as f:
            status = dict(line.split(':', 1) for line in f.read().splitlines() if ':' in line)
        caps = [status[k].strip() for k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')]
        self.ok(all(int(c, 16) == 0 for c in caps), 'the engine has no capabilities', status)
        self.ok(status['NoNewPrivs'].strip() == '1', 'and cannot gain any')
        with open('/proc/%d/status' % w.process.pid, encoding='ascii') as f:
            own = [line.split()[1] for line in f if line.startswith('CapEff')][0]
        # BPF, PERFMON, NET_ADMIN, NET_RAW, IPC_LOCK.
        allowed = 1 << 39 | 1 << 38 | 1 << 12 | 1 << 13 | 1 << 14
        self.ok(int(own, 16) & ~allowed == 0, 'the supervisor has those it needs alone', own)
        if self.asan:
            self.skip('what the engine tries from inside', 'a sanitizer needs these calls')
            return
        self.ok(status['Seccomp'].strip() == '2', 'the engine is under seccomp')
        inject = os.path.join(tap.BUILD, 'tests', 'live', 'inject')
        tried = command(inject, str(engine), check=False)
        if tried.strip() == 'skip':
            self.skip('what the engine tries from inside', 'not on this processor')
            return
        results = dict(line.split() for line in tried.splitlines() if len(line.split()) == 2)
        self.ok(results.get('getpid') == str(engine), 'it can be made to call from inside', tried)
        bad = [k for k, v in results.items() if k != 'getpid' and v not in ('-1', '-13')]
        self.ok(len(results) >= 13 and not bad, 'open, execve, bpf and the like fail from inside', bad, tried)
        before = len(w.records('alert'))
        self.ping(5)
        wait_for(lambda: len(w.records('alert')) >= before + 5)

    def control(self, w):
        mode = os.stat(w.socket).st_mode & 0o7777
        self.ok(mode == 0o660, 'the control socket has mode 0660', oct(mode))
        for words, want in ((['uptime'], ''), (['iface-list'], '"vb"'), (['iface-stat', 'vb'], '"pkts": '),
                            (['capture-mode'], 'AF_XDP_DEV'), (['running-mode'], 'workers'), (['version'], 'weir '),
                            (['command-list'], '"iface-stat"'), (['help'], '"shutdown"'),
                            (['dump-counters'], '"kernel_packets"'), (['ruleset-stats'], '"rules_loaded": 3')):
            code, text = wait_for(lambda: (lambda r: r if r[0] == 0 and want in r[1] else None)(w.ctl(*words)),
                                  10) or w.ctl(*words)
            self.ok(code == 0 and want in text, 'weir ctl %s' % ' '.join(words), text)
        for words, want in ((['iface-stat', 'none'], "no capture on 'none'"), (['frobnicate'], 'Unknown command'),
                            (['block', '10.9.0.300', '5'], "argument 'address'"),
                            (['block', '10.9.0.7', '0'], "argument 'ttl'")):
            code, text = w.ctl(*words)
            self.ok(code == 1 and want in text, 'weir ctl %s is refused' % ' '.join(words), text)
        self.blocked(w)
        self.suricatasc(w)

    def blocked(self, w):
        """In span mode nothing is stopped: what is blocked is marked, counted, and inspected all the same."""
        code, text = w.ctl('block', '10.9.0.1', '600')
        self.ok(code == 0, 'weir ctl block', text)
        before = len(w.records('alert'))
        self.ping(10)
        self.ok(wait_for(lambda: len(w.records('alert')) >= before + 10), 'what is blocked is still inspected')
        listed = json.loads(w.ctl('block-list')[1])
        self.ok(len(listed) == 1 and listed[0]['address'] == '10.9.0.1' and listed[0]['packets'] >= 10,
                'and counted as marked', listed)
        self.ok(w.ctl('unblock', '10.9.0.1')[0] == 0 and w.ctl('unblock', '10.9.0.1')[0] == 1, 'weir ctl unblock')

    def suricatasc(self, w):
        program = os.environ.get('SURICATASC')
        if not program:
            self.raw(w)
            return
        done = subprocess.run([program, '-c', 'uptime', w.socket], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode(errors='replace')
        self.ok(done.returncode == 0 and '"OK"' in text, 'suricatasc connects', text)

    def raw(self, w):
        """As an old client says it: version 0.1, no newlines."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(w.socket)
        s.sendall(b'{"version": "0.1"}')
        hello = s.recv(4096)
        s.sendall(b'{"command": "uptime"}')
        answer = s.recv(4096)
        s.close()
        self.ok(json.loads(hello) == {'return': 'OK'} and json.loads(answer)['return'] == 'OK' and
                not answer.endswith(b'\n'), 'a client of version 0.1', hello, answer)


    # --- deaths ---

    def engine_killed(self):
        """Under load; alerts are there again, and the books are those of the whole run."""
        w = self.start()
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        flood = self.flood()
        wait_for(lambda: len(w.records('alert')) >= 20)
        first = w.engine()
        os.kill(first, signal.SIGKILL)
        killed = time.monotonic()
        wait_for(lambda: w.engine() not in (0, first), pause=0.005)
        seen = len(w.records('alert'))
        self.ok(wait_for(lambda: len(w.records('alert')) > seen, pause=0.005), 'alerts go on after the engine is killed',
                w.stderr())
        # The one time that is promised.
        took = time.monotonic() - killed
        self.ok(took < 1 or self.asan, 'within a second', '%.3f s' % took)
        wait_for(lambda: len(w.records('alert')) > seen + 50)
        flood.terminate()
        flood.wait()
        self.ok('was ended by signal 9' in w.stderr(), 'the death is told', w.stderr())
        code = w.stop()
        ledger = w.ledger()
        self.ok(code == 0 and ledger and balances(ledger) and ledger['in_flight'] == 0,
                'the ledger of both engines holds to the packet', code, ledger, w.stderr())
        self.ok('engine     started 2 times' in w.stdout() and w.records('stats')[-1]['weir']['engines'] == 2,
                'and says that there were two', w.stdout())
        self.left_behind('after an engine that died')

    def worker_runs(self, engine):
        """A worker does not sleep just now."""
        for thread in glob.glob('/proc/%d/task/*/stat' % engine):
            try:
                with open(thread) as f:
                    name, rest = f.read().split('(', 1)[1].rsplit(')', 1)
            except OSError:
                continue
            if name.startswith('weir-worker') and rest.split()[0] == 'R':
                return True
        return False

    def crash_kept(self):
        """An engine that is stopped in the middle of a batch and then dies leaves that batch as a capture."""
        w = self.start()
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        flood = [self.flood() for _ in range(4)]
        kept = []
        # A batch is in hand for some hundred microseconds.
        for _ in range(8):
            wait_for(lambda: w.engine() and w.records('alert'))
            engine = w.engine()
            if not engine:
                break
            wait_for(lambda: self.worker_runs(engine), 3, pause=0)
            os.kill(engine, signal.SIGKILL)
            wait_for(lambda: w.engine() not in (0, engine), pause=0.005)
            kept = glob.glob(w.out + '/weir-crash-*.pcap')
            if kept:
                break
        for f in flood:
            f.terminate()
            f.wait()
        code = w.stop()
        ledger = w.ledger()
        self.ok(code == 0 and ledger and balances(ledger), 'the ledger after many deaths', code, ledger, w.stderr())
        if not kept:
            self.skip('what the engine had in its hands is kept', 'it never had anything')
            return
        size = os.path.getsize(kept[0])
        self.ok(size > 24 and ledger['lost']['worker'] >= 1, 'what the engine had in its hands is kept and counted',
                size, ledger)
        again = tap.run([self.weir, 'run', '-r', kept[0], '-S', self.rules, '-l', w.out + '/again'])
        self.ok(again.code == 0 and tap.of_type(tap.records(w.out + '/again/eve.json'), 'alert'),
                'and weir can read it', again)

    def engine_stopped(self):
        """The policy acts for all, and is counted; afterwards it goes on."""
        w = self.start('--set', 'capture.heartbeat-ms=200')
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        self.ping(5)
        wait_for(lambda: len(w.records('alert')) >= 5)
        engine = w.engine()
        os.kill(engine, signal.SIGSTOP)
        flood = self.flood()

        def lost():
            code, text = w.ctl('iface-stat', 'vb')
            return code == 0 and json.loads(text)['drop'] >= 20

        self.ok(wait_for(lost), 'packets of a stopped engine are dropped by the policy', w.ctl('iface-stat', 'vb'))
        os.kill(engine, signal.SIGCONT)
        seen = len(w.records('alert'))
        self.ok(wait_for(lambda: len(w.records('alert')) > seen + 20), 'it goes on where it was stopped')
        self.ok(w.engine() == engine, 'by the same engine')
        flood.terminate()
        flood.wait()
        code = w.stop()
        ledger = w.ledger()
        self.ok(code == 0 and ledger and balances(ledger) and ledger['lost']['worker'] >= 20 and
                ledger['in_flight'] == 0, 'the loss is under its cause', code, ledger, w.stderr())

    def worker_held(self):
        """One thread is held: the policy acts for the packets of its address pairs, and for no others."""
        hosts = ['10.9.0.%d' % k for k in range(100, 140)]
        for host in hosts:
            command('ip', '-n', self.net.a, 'addr', 'add', host + '/24', 'dev', 'va', check=False)
        w = self.start('--set', 'capture.heartbeat-ms=200')
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        tasks = '/proc/%d/task' % w.engine()
        names = {}
        for tid in os.listdir(tasks):
            with open('%s/%s/comm' % (tasks, tid), encoding='ascii') as f:
                names[f.read().strip()] = tid
        self.ok('weir-worker-0' in names and 'weir-worker-1' in names, 'workers have names', names)
        holder = subprocess.Popen([os.path.join(tap.BUILD, 'tests', 'live', 'inject'), 'hold', names['weir-worker-0']],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdout.readline()

        def ping_all():
            pings = [subprocess.Popen(self.net.in_a('ping', '-q', '-c', '3', '-i', '0.01', '-W', '0.1', '-I', host,
                                                    '10.9.0.2'), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL) for host in hosts]
            for p in pings:
                p.wait()

        def lost():
            ping_all()
            code, text = w.ctl('iface-stat', 'vb')
            return code == 0 and json.loads(text)['drop'] > 0

        self.ok(wait_for(lost), 'packets of a held worker are dropped', w.stderr())
        wait_for(lambda: len(w.records('alert')) >= 3)
        before = self.settled(w)
        drops = json.loads(w.ctl('iface-stat', 'vb')[1])['drop']
        ping_all()
        wait_for(lambda: len(w.records('alert')) + json.loads(w.ctl('iface-stat', 'vb')[1])['drop'] >=
                 before + drops + 3 * len(hosts))
        seen = {host: 0 for host in hosts}
        for alert in w.records('alert')[before:]:
            seen[alert['src_ip']] += 1
        dropped = json.loads(w.ctl('iface-stat', 'vb')[1])['drop'] - drops
        inspected = sum(seen.values())
        self.ok(set(seen.values()) == {0, 3} and inspected + dropped == 3 * len(hosts),
                'those of the other are all inspected', seen, dropped)
        holder.stdin.close()
        holder.wait()
        held = [host for host in hosts if seen[host] == 0]
        before = len(w.records('alert'))

        def back():
            ping_all()
            return {a['src_ip'] for a in w.records('alert')[before:]} >= set(held)

        self.ok(wait_for(back), 'it goes on when it is let go')
        code = w.stop()
        ledger = w.ledger()
        self.ok(code == 0 and ledger and balances(ledger) and ledger['in_flight'] == 0 and
                ledger['lost']['worker'] >= dropped, 'and the ledger holds', code, ledger, w.stderr())

    def all_killed(self):
        w = self.start()
        if not self.ok(w.ready(), 'starts', w.stderr()):
            return
        self.ping(5)
        engine = w.engine()
        w.process.kill()
        w.process.wait()
        self.ok(wait_for(lambda: not os.path.exists('/proc/%d' % engine) or
                         open('/proc/%d/stat' % engine, encoding='ascii').read().split()[2] == 'Z', 10),
                'the engine goes with its supervisor')
        self.left_behind('after the supervisor was killed')
        # Its socket's file is in the way of nobody.
        w = self.start('--set', 'unix-command.filename=' + w.socket)
        self.ok(w.ready() and 'control socket' not in w.stderr(), 'the next run takes its place', w.stderr())
        code, text = w.ctl('uptime')
        w.socket = w.socket if code == 0 else self.running.socket
        self.ok(tap.run([self.weir, 'ctl', '-s', os.path.join(self.tmp, 'out%d' % (self.outs - 1), 'ctl.sock'),
                         'shutdown']).code == 0, 'weir ctl shutdown', text)
        self.ok(w.process.wait(live.PATIENCE_S) == 0, 'ends the run')
        self.left_behind('after weir ctl shutdown')

    # --- a host ---

    def host_mode(self):
        """A real server and a real client: capture is a copy, nothing is taken from them."""
        self.net.serve()
        w = self.start()
        if not self.ok(w.ready(), 'starts on an interface with an address', w.stderr()):
            return
        self.ok('host mode' in w.stderr() and 'AF_PACKET' in w.stderr() and not self.net.attached(),
                'in host mode, and says why', w.stderr())
        server = self.serve_http()
        if server:
            for _ in range(5):
                command(*self.net.in_a('curl', '-sf', '-o', '/dev/null', 'http://10.9.0.2:8080/weir-test'))
            self.ok(wait_for(lambda: len([a for a in w.records('alert') if a['alert']['signature_id'] == 2]) >= 5),
                    'an alert on each request to nginx', w.stderr())
            server.terminate()
            server.wait()
        else:
            self.skip('an alert on each request to nginx', 'no nginx or curl')
        code = w.stop()
        ledger = w.ledger()
        self.ok(code == 0 and ledger and balances(ledger) and ledger['in_flight'] == 0,
                'the ledger holds in host mode', code, ledger, w.stderr())
        refused = tap.run(self.net.in_b(self.weir, 'run', '-i', 'vb', '-S', self.rules, '-l', w.out, '--set',
                                        'af-xdp.0.mode=span', '--set', 'unix-command.enabled=no'))
        self.ok(refused.code == 1 and '--force-span' in refused.err, 'span mode is refused there', refused)

    def serve_http(self):
        nginx = shutil.which('nginx', path='/usr/sbin:/usr/bin:/sbin:/bin')
        if not nginx or not shutil.which('curl'):
            return None
        root = os.path.join(self.tmp, 'www')
        os.mkdir(root)
        os.chmod(root, 0o755)
        tap.write(os.path.join(root, 'weir-test'), 'found\n')
        conf = tap.write(os.path.join(self.tmp, 'nginx.conf'), """
daemon off; master_process off; pid {0}/nginx.pid; error_log {0}/nginx.err;
events {{ }}
http {{ access_log off; client_body_temp_path {0}/t1; proxy_temp_path {0}/t2; fastcgi_temp_path {0}/t3;
uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5; server {{ listen 10.9.0.2:8080; root {0}/www; }} }}
""".format(self.tmp))
        server = subprocess.Popen(self.net.in_b(nginx, '-c', conf, '-e', self.tmp + '/nginx.err'),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def answers():
            return subprocess.run(self.net.in_a('curl', '-s', '-o', '/dev/null', 'http://10.9.0.2:8080/'),
                                  check=False).returncode == 0

        if wait_for(answers, 10, 0.1):
            return server
        server.kill()
        server.wait()
        return None


def main():
    why = live.refused()
    if why:
        print('1..0 # SKIP %s' % why)
        return 0
    t = Live()
    try:
        if t.end_to_end():
            t.engine_killed()
            t.crash_kept()
            t.engine_stopped()
            t.worker_held()
            t.all_killed()
            t.host_mode()
    finally:
        if t.running and t.running.process.poll() is None:
            t.running.stop(signal.SIGKILL)
        t.net.remove()
        shutil.rmtree(t.tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
