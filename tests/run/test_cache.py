#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Cached rules find what compiled ones find, and no state of the cache keeps weir from running.  Says TAP."""
import glob
import os
import shutil
import sys

import tap
from tap import DEMO, TOP, as_nobody, of_type, records, run, write


class Cache(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, self.asan = tap.place()
        os.chdir(self.tmp)
        shutil.copy(DEMO, 'demo.pcap')
        rules = glob.glob(os.path.join(TOP, 'rules', '*.rules'))
        more = ''.join('alert ip any any -> any any (msg:"%d"; content:"%s"; sid:%d;)\n' % (i, word, 7000000 + i)
                       for i, word in enumerate(['GET', 'HTTP/1.1', 'example', '|00 01|', 'Host|3a|'] * 30))
        write('all.rules', ''.join(open(r).read() for r in sorted(rules)) + more)
        self.outs = 0

    def out(self):
        self.outs += 1
        name = os.path.join(self.tmp, 'out%d' % self.outs)
        os.mkdir(name)
        os.chmod(name, 0o777)
        return name

    def load(self, *args, env=None, **how):
        out = self.out()
        r = run([self.weir, 'run', '-k', 'none', '-r', 'demo.pcap', '-S', 'all.rules', '-l', out, *args],
                env=dict(os.environ, **(env or {})), **how)
        with open(out + '/eve.json', 'rb') as f:
            eve = f.read()
        return r, eve, out

    def kept(self, folder):
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def same_records(self):
        at = self.tmp + '/kept'
        key = 'detect.sgh-mpm-caching-path=' + at
        off, without, out = self.load('--set', 'detect.sgh-mpm-caching=no')
        self.ok(off.code == 0 and len(of_type(records(out + '/eve.json'), 'alert')) > 50, 'rules find something', off)
        first, fresh, _ = self.load('--set', key)
        self.ok(first.code == 0 and len(self.kept(at)) == 2, 'the first run keeps the rules, and what loading came to', first, self.kept(at))
        second, cached, _ = self.load('--set', key)
        self.ok(second.code == 0 and len(self.kept(at)) == 2, 'the second run finds them', second, self.kept(at))
        self.ok(without == fresh == cached, 'the records are the same, byte for byte')
        sims, _, _ = self.load('--set', key, '--set', 'vars.address-groups.HOME_NET=10.1.0.0/16')
        self.ok(sims.code == 0 and len(self.kept(at)) == 4, 'other networks are other rules', sims, self.kept(at))
        name = os.path.join(at, self.kept(at)[0])
        for path in glob.glob(at + '/*'):
            with open(path, 'r+b') as f:
                f.seek(-min(200, os.path.getsize(path) // 2), 2)
                f.write(b'damage')
        third, damaged, _ = self.load('--set', key)
        self.ok(third.code == 0 and damaged == cached and not third.err, 'a damaged file changes nothing', third, name)

    def diagnostics(self):
        at = 'detect.sgh-mpm-caching-path=' + self.tmp + '/checked'
        write('bad.rules', 'alert tcp any any -> any any (content:"x"; pcre:"/(a/"; sid:1;)\n'
              'alert tcp any any -> any any (content:"x" sid:2;)\n' + open('all.rules').read())
        one = run([self.weir, 'check', 'bad.rules', '--set', at])
        two = run([self.weir, 'check', 'bad.rules', '--set', at])
        self.ok(one.code == 3 and 'bad.rules:1:' in one.err and 'bad.rules:2:' in one.err, 'check tells mistakes', one)
        self.ok(one.out == two.out and one.err == two.err and len(self.kept(self.tmp + '/checked')) == 1,
                'and the same again from the cache', one, two)

    def starts(self):
        """A start that reads no rules tells and finds what one that reads them does, and sees every change."""
        key = 'detect.sgh-mpm-caching-path=' + self.tmp + '/starts'
        text = ('alert tcp any any -> any any (content:"x"; pcre:"/(a/"; sid:1;)\n'
                'alert tcp any any -> any any (content:"x" sid:2;)\n'
                'alert ip any any -> any any (msg:"before"; content:"GET"; sid:3; classtype:one;)\n' + open('all.rules').read())
        write('all.rules', text)
        write('c.config', 'config classification: one,the first,1\n')
        more = ['--set', key, '--set', 'classification-file=' + self.tmp + '/c.config']
        runs = [self.load(*more) for _ in range(3)]
        said = [r.err for r, _, _ in runs]
        self.ok('all.rules:1:' in said[0] and 'all.rules:2:' in said[0] and len(set(said)) == 1, 'mistakes are told each time',
                *[r for r, _, _ in runs])
        self.ok(len({eve for _, eve, _ in runs}) == 1, 'and the records are the same')
        summary = [[line for line in r.out.splitlines() if line.startswith('rules')] for r, _, _ in runs]
        self.ok(summary[0] and summary[0] == summary[1] == summary[2], 'and the numbers of rules', summary)
        write('all.rules', text.replace('"before"', '"behind"'))
        r, eve, _ = self.load(*more)
        self.ok(b'"behind"' in eve and b'"before"' not in eve, 'a rule that changed is read', r)
        write('c.config', 'config classification: one,the other,1\n')
        r, eve, _ = self.load(*more)
        self.ok(b'the other' in eve and b'the first' not in eve, 'so is another description of a class', r)

    def places(self):
        home = self.tmp + '/home'
        os.mkdir(home)
        os.chmod(home, 0o777)
        plain = dict(os.environ, HOME=home)
        plain.pop('XDG_CACHE_HOME', None)
        r = run([self.weir, 'check', 'all.rules'], env=plain, **as_nobody())
        self.ok(r.code == 0 and len(self.kept(home + '/.cache/weir')) == 1, 'a user\'s is ~/.cache/weir', r)
        xdg = dict(plain, XDG_CACHE_HOME=home + '/xdg')
        r = run([self.weir, 'check', 'all.rules'], env=xdg, **as_nobody())
        self.ok(r.code == 0 and len(self.kept(home + '/xdg/weir')) == 1, 'XDG_CACHE_HOME moves it', r)
        nowhere = dict(plain, HOME='/nonexistent')
        r = run([self.weir, 'check', 'all.rules'], env=nowhere, **as_nobody())
        self.ok(r.code == 0 and not r.err, 'where nothing can be written nothing is said', r)
        os.chmod(home + '/xdg/weir', 0o500)
        shutil.copy('all.rules', 'other.rules')
        r = run([self.weir, 'check', 'other.rules'], env=xdg, **as_nobody())
        self.ok(r.code == 0 and not r.err, 'nor in a folder that must not be written', r)
        os.chmod(home + '/xdg/weir', 0o700)

    def main(self):
        try:
            self.same_records()
            self.diagnostics()
            self.places()
            self.starts()
        finally:
            os.chdir('/')
            shutil.rmtree(self.tmp, ignore_errors=True)
        return self.done()


sys.exit(Cache().main())
