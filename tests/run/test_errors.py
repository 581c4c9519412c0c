#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input gets a clear error and loses nothing: every way in which `weir run` and `weir check` can go wrong.

Exit code, what is told (once, with the place), and that all which could be done was done.  Says TAP.
"""
import fcntl
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

import tap
from tap import DEMO, as_nobody, of_type, packets_of, pcap, records, run, write

RULES = ('alert tcp any any -> any any (msg:"one"; flow:established; content:"GET"; sid:1;)\n'
         'alert udp any any -> any any (msg:"two"; sid:2;)\n')


class Errors(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, self.asan = tap.place()
        os.chdir(self.tmp)
        self.header, self.packets = packets_of(DEMO)
        write('demo.pcap', pcap(self.packets))
        write('good.rules', RULES)
        self.outs = 0

    def out(self):
        """A new log folder that anybody may write into."""
        self.outs += 1
        name = os.path.join(self.tmp, 'out%d' % self.outs)
        os.mkdir(name)
        os.chmod(name, 0o777)
        return name

    def weir_run(self, out, *args, rules='good.rules', **how):
        words = [self.weir, 'run', '-l', out] + (['-S', rules] if rules else ['--disable-detection'])
        return run(words + list(args), **how)

    def expect(self, name, r, code, *texts, once=None):
        """Exit code, texts on standard error, one of them exactly once."""
        good = r.code == code and all(t in r.err for t in texts)
        good &= once is None or r.err.count(once) == 1
        good &= not any(s in r.err for s in tap.SANITIZER)
        return self.ok(good, name, 'expected exit code %s and: %s %s' % (code, texts, once or ''), r)

    def packets_read(self, out):
        return of_type(records(out + '/eve.json'), 'stats')[-1]['stats']['decoder']['pkts']

    # --- captures ---

    def captures(self):
        out = self.out()
        r = self.weir_run(out, '-r', 'demo.pcap')
        self.expect('a run without trouble', r, 0)
        self.whole = records(out + '/eve.json')
        self.alerts = len(of_type(self.whole, 'alert'))
        self.flows = len(of_type(self.whole, 'flow'))
        self.ok(self.alerts > 10 and self.packets_read(out) == len(self.packets) and r.err == '',
                'writes what it finds and is silent', r)

        out = os.path.join(self.tmp, 'never')
        self.expect('a capture that is not there', self.weir_run(out, '-r', 'nowhere.pcap'), 1,
                    'nowhere.pcap: No such file or directory')
        self.ok(not os.path.exists(out), 'makes no log folder for nothing')
        self.expect('one of two is not there', self.weir_run(out, '-r', 'demo.pcap', '-r', 'nowhere.pcap'), 1,
                    'nowhere.pcap: No such file or directory')
        shutil.copy('demo.pcap', 'secret.pcap')
        os.chmod('secret.pcap', 0)
        self.expect('a capture without permission', self.weir_run(self.out(), '-r', 'secret.pcap', **as_nobody()),
                    1, 'secret.pcap: Permission denied')
        for folder in 'locked', 'empty', 'mixed', 'pair', 'unequal':
            os.mkdir(folder)
        shutil.copy('demo.pcap', 'locked')
        os.chmod('locked', 0)
        self.expect('a folder without permission', self.weir_run(self.out(), '-r', 'locked', **as_nobody()),
                    1, 'locked: Permission denied')
        os.chmod('locked', 0o700)
        self.expect('a folder without files', self.weir_run(self.out(), '-r', 'empty'), 1, 'empty: ', 'holds no files')

        write('text', 'this is no capture at all, but a text of some length\n')
        write('nothing', b'')
        write('short', self.header[:10])
        self.expect('no capture', self.weir_run(self.out(), '-r', 'text'), 1, 'text: ')
        self.expect('an empty file', self.weir_run(self.out(), '-r', 'nothing'), 1, 'nothing: ', 'empty')
        self.expect('half a header', self.weir_run(self.out(), '-r', 'short'), 1, 'short: ')
        write('head.pcap', self.header)
        out = self.out()
        self.expect('a capture without packets', self.weir_run(out, '-r', 'head.pcap'), 0)
        self.ok(self.packets_read(out) == 0, 'has its statistics')

        shutil.copy('demo.pcap', 'mixed/a.pcap')
        shutil.copy('text', 'mixed/b')
        shutil.copy('demo.pcap', 'mixed/c.pcap')
        os.chmod('mixed/c.pcap', 0)
        out = self.out()
        r = self.weir_run(out, '-r', 'mixed', **as_nobody())
        self.expect('a folder in which not everything can be read', r, 0, 'mixed/b: ', 'mixed/c.pcap: Permission denied')
        self.ok(self.packets_read(out) == len(self.packets), 'the others are read', r)

    def damage(self):
        half = len(self.packets) // 2
        whole = pcap(self.packets)
        start = len(pcap(self.packets[:half]))
        place = ('packet %d' % (half + 1), 'offset %d' % start)
        for name, data in (
                ('cut within a packet', whole[:start + 30]),
                ('cut within a packet header', whole[:start + 7]),
                ('a length that cannot be', whole[:start + 8] + b'\xff\xff\xff\x7f' + whole[start + 12:])):
            write('damaged.pcap', data)
            out = self.out()
            r = self.weir_run(out, '-r', 'damaged.pcap')
            self.expect(name, r, 0, *place, once='damaged.pcap: ')
            self.ok(self.packets_read(out) == half, name + ': what stood before is kept', r)
            out = self.out()
            r = self.weir_run(out, '-r', 'damaged.pcap', '-r', 'demo.pcap')
            self.ok(r.code == 0 and self.packets_read(out) == half + len(self.packets),
                    name + ': the next file is read', r)
        out = self.out()
        with open('damaged.pcap', 'rb') as f:
            r = self.weir_run(out, '-r', '-', stdin=f)
        self.expect('damaged standard input', r, 0, *place, once='standard input: ')

    def ways_in(self):
        out = self.out()
        with open('demo.pcap', 'rb') as f:
            r = self.weir_run(out, '-r', '-', stdin=f)
        self.expect('standard input', r, 0)
        self.ok(records(out + '/eve.json')[:-1] == self.whole[:-1], 'says the same as the file')
        self.expect('standard input that is closed', self.weir_run(self.out(), '-r', '-', stdin=subprocess.DEVNULL), 0,
                    'standard input: ')
        write('pair/b.pcap', pcap(self.packets))
        write('pair/a.pcap', pcap(self.packets, 100000))
        out = self.out()
        r = self.weir_run(out, '-r', 'pair', '--set', 'outputs.1.eve-log.pcap-file=yes')
        names = [x['pcap_filename'] for x in of_type(records(out + '/eve.json'), 'alert')]
        self.ok(r.code == 0 and names == ['pair/b.pcap'] * self.alerts + ['pair/a.pcap'] * self.alerts,
                'a folder is read in order of time', r, names)
        out = self.out()
        self.weir_run(out, '-r', 'pair/a.pcap', '-r', 'pair/b.pcap', '--set', 'outputs.1.eve-log.pcap-file=yes')
        names = [x['pcap_filename'] for x in of_type(records(out + '/eve.json'), 'alert')]
        self.ok(names[:1] == ['pair/a.pcap'] and names[-1:] == ['pair/b.pcap'],
                'files are read in the order given', names)
        r = self.weir_run(self.out(), '-r', 'demo.pcap', 'tpc', 'port', '80')
        self.expect('a filter that is wrong', r, 1, "tpc port 80")
        out = self.out()
        r = self.weir_run(out, '-r', 'demo.pcap', 'udp')
        self.ok(r.code == 0 and 0 < self.packets_read(out) < len(self.packets), 'a filter', r)

    def checksums(self):
        wrong = []
        for s, u, d in self.packets:
            if d[12:14] == b'\x08\x00' and d[23] == 6:
                at = 14 + (d[14] & 15) * 4 + 16
                d = d[:at] + bytes([d[at] ^ 0x55]) + d[at + 1:]
            wrong.append((s, u, d))
        write('sums.pcap', pcap(wrong))
        for value, most in ('none', self.alerts), ('all', 1), ('auto', 1):
            out = self.out()
            r = self.weir_run(out, '-r', 'sums.pcap', '-k', value)
            seen = [a for a in of_type(records(out + '/eve.json'), 'alert') if a['alert']['signature_id'] == 1]
            # Of IPv6 they are right.
            self.ok(r.code == 0 and len(seen) <= most and (most == 1 or len(seen) > 1), '-k %s with wrong checksums' % value, r)
            self.ok(('checksums  wrong in' in r.out) == (value != 'none'), '-k %s: the summary says so' % value, r)
        write('many.pcap', pcap(wrong * 4))
        out = self.out()
        r = self.weir_run(out, '-r', 'many.pcap', '-k', 'auto')
        self.ok(sum(a['alert']['signature_id'] == 1 for a in of_type(records(out + '/eve.json'), 'alert')) > 1,
                '-k auto finds out that they are all wrong', r)
        # The packet that decides stands in the middle of a batch, which differs with the workers.
        same = [records(out + '/eve.json')]
        for workers in 1, 2, 3:
            out = self.out()
            self.weir_run(out, '-r', 'many.pcap', '--set', 'workers=%d' % workers)
            same.append(records(out + '/eve.json'))
        self.ok(all(s == same[0] for s in same), 'and from the same packet on with any number of workers')

    # --- outputs ---

    def outputs(self):
        write('file', 'x')
        self.expect('a log folder below a file', self.weir_run('file/out', '-r', 'demo.pcap'), 1, 'file/out: Not a dir')
        os.mkdir('closed')
        self.expect('a log folder that may not be made',
                    self.weir_run('closed/out', '-r', 'demo.pcap', **as_nobody()) if os.geteuid() == 0
                    else self.weir_run('/weir-never', '-r', 'demo.pcap'), 1, ': Permission denied')
        out = self.out()
        os.mkdir(out + '/eve.json')
        self.expect('an output that is a folder', self.weir_run(out, '-r', 'demo.pcap'), 1, 'eve.json: Is a directory')
        out = self.out()
        write(out + '/eve.json', '')
        os.chmod(out + '/eve.json', 0o444)
        self.expect('an output without permission', self.weir_run(out, '-r', 'demo.pcap', **as_nobody()), 1,
                    'eve.json: Permission denied')
        out = os.path.join(self.tmp, 'deep/er/out')
        r = self.weir_run(out, '-r', 'demo.pcap')
        self.ok(r.code == 0 and os.path.exists(out + '/eve.json'), 'a log folder is made, with those above it', r)
        self.weir_run(out, '-r', 'demo.pcap')
        self.ok(len(records(out + '/eve.json')) == 2 * len(self.whole), 'a second run appends')

    def full_disk(self):
        if os.path.exists('/dev/full'):
            out = self.out()
            r = self.weir_run(out, '-r', 'demo.pcap', '--set', 'outputs.1.eve-log.filename=/dev/full')
            self.expect('a full disk', r, 1, '%d records could not be written' % len(self.whole),
                        once='/dev/full: cannot write: No space left on device')
            self.ok('0 of %d records' % len(self.whole) in r.out, 'is in the summary', r)
            with open(out + '/fast.log') as f:
                self.ok(len(f.readlines()) == self.alerts, 'the other output is whole')
        many = ['-r', 'demo.pcap'] * 80
        out = self.out()
        r = self.weir_run(out, *many)
        all_records = records(out + '/eve.json')
        alerts = len(of_type(all_records, 'alert'))
        disk, kept = self.out(), self.out()
        script = ('mount -t tmpfs -o size=256k none "$0" || exit 77; "$@"; code=$?; cp "$0"/* "$1.kept" && exit $code'
                  ).replace('$1.kept', kept)
        words = [self.weir, 'run', '-l', disk, '-S', 'good.rules', '--set', 'outputs.0.fast.filename=' + kept + '/fast.log']
        r = run(['unshare', '-m', 'sh', '-c', script, disk] + words + many)
        if r.code in (77, 127) or 'unshare' in r.err:
            self.skip('a small disk fills up', 'no mount here')
            return
        self.expect('a small disk fills up', r, 1, once='eve.json: cannot write: No space left on device')
        got = records(kept + '/eve.json')
        lost = len(all_records) - len(got)
        self.ok(got and lost and '%d records could not' % lost in r.err and got == all_records[:len(got)],
                'ends in a whole line, and what is lost is counted', len(got), lost, r)
        with open(kept + '/fast.log') as f:
            self.ok(len(f.readlines()) == alerts, 'the other output is whole')

    def pipes(self):
        to_stdout = ['--set', 'outputs.1.eve-log.filename=-']
        out = self.out()
        r = self.weir_run(out, '-r', 'demo.pcap', *to_stdout)
        self.ok(r.code == 0 and len(r.out.splitlines()) == len(self.whole) and 'packets' in r.err,
                'records to standard output, the summary elsewhere', r)
        out = self.out()
        words = [self.weir, 'run', '-l', out, '-S', 'good.rules'] + to_stdout + ['-r', 'demo.pcap'] * 80
        p = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.readline()
        p.stdout.close()
        err = p.stderr.read()
        r = tap.Result(p.wait(), b'', err)
        self.expect('a reader that goes away', r, 1, once='standard output: cannot write: Broken pipe')
        with open(out + '/fast.log') as f:
            self.ok('alerts     %d of' % len(f.readlines()) in err.decode().replace(',', ''),
                    'the other output is whole')
        out = self.out()
        script = '"$@" >&-'
        r = run(['sh', '-c', script, 'sh', self.weir, 'run', '-l', out, '-S', 'good.rules', '-r', 'demo.pcap'] + to_stdout)
        self.expect('records to a standard output that is closed', r, 1, 'standard output: ')
        r = run(['sh', '-c', script, 'sh', self.weir, 'run', '-l', out, '-S', 'good.rules', '-r', 'demo.pcap'])
        self.expect('a summary that cannot be shown', r, 1, 'cannot write to standard output')
        self.ok(len(records(out + '/eve.json')) == len(self.whole), 'does not end up in an output', r)

    # --- rules ---

    def rules(self):
        write('bad.rules', 'alert tcp any any -> any any (msg:"x"; contnt:"abc"; sid:9;)\n' + RULES)
        write('worse.rules', 'alert tcp any any -> any any (msg:"x"; pcre:"/a(/"; sid:8;)\n'
                             'alert tpc any any -> any any (msg:"x"; sid:7;)\nnonsense\n')
        out = self.out()
        r = self.weir_run(out, '-r', 'demo.pcap', rules='bad.rules')
        self.expect('a rule with a mistake is left out', r, 0, "did you mean 'content'?", once='bad.rules:1:')
        self.ok(len(of_type(records(out + '/eve.json'), 'alert')) == self.alerts, 'the others alert', r)
        self.ok('2 loaded, 1 with errors' in r.out, 'the summary counts it', r)
        write('threshold.config', 'suppress gen_id 1, sig_id 1\nsuppress gen_id 1, sig_id 2, track by_src, ip 203.0.113.7\n'
                                  'suppress gen_id 1, sig_id 77\n')
        out = self.out()
        r = self.weir_run(out, '-r', 'demo.pcap', '--set', 'threshold-file=threshold.config', '--cost')
        alerts = of_type(records(out + '/eve.json'), 'alert')
        self.expect('an entry of threshold.config for no rule', r, 0, 'no rule has sid 77')
        self.ok(alerts and not [a for a in alerts if a['alert']['signature_id'] == 1] and
                'entries for 1 of 2 rules had something to do' in r.out, 'what entries have done is told', r)
        r = run([self.weir, 'rules', '--cost', out, 'good.rules'])
        self.ok(r.code == 0 and '1:1' in r.out and '1:2' in r.out, 'what rules have cost is told', r)
        r = self.weir_run(self.out(), '-r', 'demo.pcap', rules='worse.rules')
        self.expect('each mistake is told', r, 0, 'worse.rules:1:', 'worse.rules:2:', 'worse.rules:3:')
        out = os.path.join(self.tmp, 'never')
        r = self.weir_run(out, '-r', 'demo.pcap', '--init-errors-fatal', rules='bad.rules')
        self.expect('--init-errors-fatal', r, 3, 'bad.rules:1:', '1 of 3 rules have errors')
        self.ok(not os.path.exists(out), 'runs nothing')
        self.expect('a rule file that is not there', self.weir_run(out, '-r', 'demo.pcap', rules='nowhere.rules'), 3,
                    "no rule file matches 'nowhere.rules'")
        write('secret.rules', RULES)
        os.chmod('secret.rules', 0)
        r = self.weir_run(self.out(), '-r', 'demo.pcap', '-S', 'secret.rules', **as_nobody())
        self.expect('a rule file without permission', r, 0, 'secret.rules: ', 'Permission denied')
        r = self.weir_run(self.out(), '-r', 'demo.pcap', '-S', 'secret.rules', '--init-errors-fatal', **as_nobody())
        self.expect('the same with --init-errors-fatal', r, 3, 'secret.rules: ', 'Permission denied')
        write('listed.yaml', 'default-rule-path: %s\nrule-files: [good.rules, nowhere.rules]\n' % self.tmp)
        out = self.out()
        r = run([self.weir, 'run', '-c', 'listed.yaml', '-l', out, '-r', 'demo.pcap'])
        self.expect('a configured rule file that is not there', r, 0, 'listed.yaml:2:', 'nowhere.rules')
        r = run([self.weir, 'run', '-c', 'listed.yaml', '-l', out, '-r', 'demo.pcap', '--init-errors-fatal'])
        self.expect('the same with --init-errors-fatal', r, 3, 'listed.yaml:2:', 'nowhere.rules')

        out = os.path.join(self.tmp, 'never')
        r = self.weir_run(out, '-T', '-r', 'nowhere.pcap')
        self.ok(r.code == 0 and '2 rules' in r.out and not os.path.exists(out), '-T opens nothing', r)
        self.expect('-T with a mistake', self.weir_run(out, '-T', rules='bad.rules'), 3, 'bad.rules:1:')
        for words, code, text in (
                (['good.rules'], 0, ''),
                (['bad.rules'], 3, 'bad.rules:1:'),
                (['nowhere.rules'], 3, "'nowhere.rules'"),
                (['good.rules', 'worse.rules'], 3, 'worse.rules:3:'),
                (['empty'], 3, 'empty: ')):
            self.expect('check ' + ' '.join(words), run([self.weir, 'check'] + words), code, text)
        self.expect('check without permission', run([self.weir, 'check', 'secret.rules'], **as_nobody()), 3,
                    'secret.rules: ', 'Permission denied')

    def configuration(self):
        out = os.path.join(self.tmp, 'never')
        for words, code, texts in (
                (['--set', 'stream.midsteam=yes'], 0, ['--set:1:', 'midsteam', "did you mean 'midstream'?"]),
                (['--set', 'stream.midsteam=yes', '--strict-config'], 3, ['error', "did you mean 'midstream'?"]),
                (['--set', 'stream.midstream=perhaps'], 3, ['expected yes or no']),
                (['--set', 'memory=12 apples'], 3, ['--set:1:', 'memory']),
                (['--set', 'memory=1KiB'], 3, ['memory', 'from 16 MiB']),
                (['--set', 'workers=0x'], 3, ['workers']),
                (['--set', 'workers=-3'], 3, ['workers']),
                (['-c', 'nowhere.yaml'], 3, ['nowhere.yaml', 'No such file']),
                (['-c', 'empty'], 3, ['empty', 'Is a directory']),
                (['-k', 'some'], 2, ["expected none, all or auto after '-k', found 'some'"])):
            self.expect(' '.join(words), self.weir_run(out, '-r', 'demo.pcap', *words), code, *texts)
            if code == 0:
                shutil.rmtree(out)
            self.ok(not os.path.exists(out), 'opens nothing')
        write('secret.yaml', 'stream: {midstream: yes}\n')
        os.chmod('secret.yaml', 0)
        self.expect('a configuration without permission',
                    self.weir_run(out, '-r', 'demo.pcap', '-c', 'secret.yaml', **as_nobody()), 3,
                    'secret.yaml', 'Permission denied')

    # --- signals ---

    def fed(self, out, *args, data):
        """weir that reads data from a pipe which stays open; returns when it has taken all."""
        p = subprocess.Popen([self.weir, 'run', '-r', '-', '-S', 'good.rules', '-l', out] + list(args),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdin.write(data)
        p.stdin.flush()
        for _ in range(300):
            left = bytearray(4)
            fcntl.ioctl(p.stdin.fileno(), termios.FIONREAD, left)
            if struct.unpack('i', left)[0] == 0:
                break
            time.sleep(0.1)
        time.sleep(0.5)
        return p

    def end(self, p, seconds):
        started = time.monotonic()
        try:
            code = p.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            code = 'none: no end after %s s' % seconds
        self.took = time.monotonic() - started
        p.stdin and p.stdin.close()
        return tap.Result(code, p.stdout.read(), p.stderr.read())

    def signals(self):
        for sig in signal.SIGINT, signal.SIGTERM:
            out = self.out()
            p = self.fed(out, data=pcap(self.packets))
            p.send_signal(sig)
            r = self.end(p, 30)
            self.expect('%s while a pipe is open' % sig.name, r, 130)
            self.ok('interrupted' in r.out and records(out + '/eve.json')[:-1] == self.whole[:-1],
                    'all that was read is inspected and written, with flows and statistics', r)
        out = self.out()
        many = ['-r', 'demo.pcap'] * 6000
        p = subprocess.Popen([self.weir, 'run', '-S', 'good.rules', '-l', out, '--set', 'stream.midstream=yes'] + many,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(600):
            if os.path.exists(out + '/eve.json') and os.path.getsize(out + '/eve.json'):
                break
            time.sleep(0.05)
        p.send_signal(signal.SIGINT)
        r = self.end(p, 60)
        self.expect('SIGINT in a long run', r, 130)
        recs = records(out + '/eve.json')
        stats = recs[-1]['stats']
        self.ok(recs[-1]['event_type'] == 'stats' and stats['decoder']['pkts'] < 6000 * len(self.packets) and
                len(of_type(recs, 'flow')) == stats['flow']['total'] and
                len(of_type(recs, 'alert')) == stats['detect']['alert'],
                'ends early; each flow that began has its record, the last one is the statistics', r)

        # Nobody reads what it writes: it cannot finish.
        p = subprocess.Popen([self.weir, 'run', '-S', 'good.rules', '-l', self.out(), '--set',
                              'outputs.1.eve-log.filename=-'] + many, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        left = bytearray(4)
        for _ in range(600):
            fcntl.ioctl(p.stdout.fileno(), termios.FIONREAD, left)
            if struct.unpack('i', left)[0] >= 60000:
                break
            time.sleep(0.05)
        time.sleep(0.2)
        p.send_signal(signal.SIGINT)
        time.sleep(0.7)
        alive = p.poll() is None
        p.send_signal(signal.SIGINT)
        r = self.end(p, 20)
        self.ok(alive and r.code == 130 and self.took < 5, 'a second signal ends it at once', alive, self.took, r.code,
                r.err)

    # --- what the machine refuses ---

    def refused(self):
        env = dict(os.environ, ASAN_OPTIONS='detect_leaks=0')

        def few_threads():
            resource.setrlimit(resource.RLIMIT_NPROC, (2, 2))

        def little_space():
            resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))

        if os.geteuid() == 0:
            r = self.weir_run(self.out(), '-r', 'demo.pcap', '--set', 'workers=8', env=env, timeout=30,
                              preexec_fn=few_threads, **as_nobody())
            self.expect('threads that cannot be started', r, 1, 'cannot start a worker: Resource temporarily unavailable')
        else:
            self.skip('threads that cannot be started', 'needs root, to count those of nobody')
        if self.asan:
            self.skip('memory that cannot be reserved', 'not under a sanitizer')
            return
        r = self.weir_run(self.out(), '-r', 'demo.pcap', preexec_fn=little_space)
        self.expect('memory that cannot be reserved', r, 1, 'memory')


def main():
    t = Errors()
    try:
        t.captures()
        t.damage()
        t.ways_in()
        t.checksums()
        t.outputs()
        t.full_disk()
        t.pipes()
        t.rules()
        t.configuration()
        t.signals()
        t.refused()
    finally:
        os.chdir('/')
        shutil.rmtree(t.tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
