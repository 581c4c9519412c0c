#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every code of a diagnostic is shown by a mistake that has it.

Those of rules have a file in tests/rules/invalid; the others, of settings, lists, lints and what a file of text cannot
hold, are here with the first line that is told.  Says TAP.
"""
import glob
import os
import re
import sys

import tap
from tap import TOP, run, write

RULE = 'alert tcp any any -> any any (%s sid:1;)\n'
GOOD = RULE % 'content:"abc";'
# What a message with such a code is; options make errors of some warnings.
LEVELS = {'E': ('error',), 'W': ('warning', 'error'), 'N': ('note',)}

# Files by their names; c.yaml is the configuration; what is asked; its first line.
CASES = [
    ({'r.rules': 'alert tcp ' + '[' * 17 + '10.0.0.1' + ']' * 17 + ' any -> any any (content:"a"; sid:1;)\n'}, [],
     'r.rules:1:28: error: more than 16 lists inside each other [E0023]'),
    ({'r.rules': RULE % 'content:"a\0b";'}, [], 'r.rules:1:41: error: a zero byte in the rule [E0034]'),
    ({'r.rules': RULE % 'content:"a"; pcre:"/(b/";'}, [],
     'r.rules:1:44: error: the regular expression is wrong at its byte 3: missing closing parenthesis [E0093]'),
    ({'r.rules': GOOD, 'th.config': 'suppress gen_id 1, sig_id 1, track by_flow, ip 10.0.0.1\n',
      'c.yaml': 'threshold-file: th.config\n'}, [],
     "th.config:1:36: error: expected which address to suppress by, found 'by_flow' [E0210]"),
    ({'r.rules': GOOD, 'th.config': 'suppress gen_id 1, sig_id 9\n', 'c.yaml': 'threshold-file: th.config\n'}, [],
     'th.config:1:1: warning: no rule has sid 9 and gid 1: the entry does nothing [W0026]'),
    ({'r.rules': RULE % 'content:"abc"; iprep:src,Bad,>,10;', 'cat.txt': '1,Bad,words\n', 'rep.list': '10.0.0.1,1\n',
      'c.yaml': 'default-reputation-path: .\nreputation-categories-file: cat.txt\nreputation-files: [rep.list]\n'}, [],
     "./rep.list:1:1: error: expected an address, a category's number, and a score to 127 [E0212]"),
    ({'r.rules': RULE % 'content:"a"; ip.src; dataset:isset,a,type ipv4,load set.lst;', 'set.lst': '10.0.0\n'}, [],
     './set.lst:1:1: error: expected an address [E0213]'),
    ({'r.rules': RULE % 'content:"a"; ip.src; dataset:isset,a,type ipv4,load set.lst,memcap 1000,hashsize 1;',
      'set.lst': '10.0.0.1\n'}, [],
     "./set.lst: error: the set 'a' does not fit: it is charged 96064 bytes, and its memcap is 1000 [E0213]"),
    ({'r.rules': GOOD, 'off.conf': 're:(\n', 'c.yaml': 'rule-changes:\n  disable: off.conf\n'}, [],
     'off.conf:1:4: error: an expression that does not compile [E0220]'),
    ({'r.rules': GOOD}, ['rules', '--where', 'sid =='],
     '--where:1:7: error: expected a value at the end of the expression [E0230]'),
    ({'r.rules': GOOD, 'c.yaml': 'a: *x\n'}, [], "c.yaml:1:4: error: no anchor '&x' stands above [E0300]"),
    ({'r.rules': GOOD, 'c.yaml': 'workers: many\n'}, [],
     "c.yaml:1:10: error: expected a number or auto for 'workers', found 'many' [E0301]"),
    ({'r.rules': GOOD, 'c.yaml': 'stream: {midstream-policy: drop-packet}\n'}, [],
     "c.yaml:1:28: error: 'drop-packet' is about one packet, and 'midstream-policy' about flows [E0304]"),
    ({'r.rules': GOOD, 'c.yaml': 'app-layer: {protocols: {http: {detection-ports: {dp: 99999}}}}\n'}, [],
     "c.yaml:1:54: error: '99999' is no list of ports, or there are too many [E0305]"),
    ({'c.yaml': 'default-rule-path: .\nrule-files: [nothing-*.rules]\n'}, ['run', '-T'],
     "c.yaml:2:14: warning: 'rule-files' names no file that is there: './nothing-*.rules' [W0306]"),
    ({'c.yaml': 'default-rule-path: .\nrule-files: [nothing-*.rules]\n'}, ['run', '-T', '--init-errors-fatal'],
     "c.yaml:2:14: error: 'rule-files' names no file that is there: './nothing-*.rules' [W0306]"),
    ({}, ['check', 'nothing.rules'], "-S: error: no rule file matches 'nothing.rules' [E0306]"),
    ({'r.rules': RULE % 'flow:established; pcre:"/^a/"; dsize:>2;'}, [],
     'r.rules:1:49: warning: a pcre over all payload without a content [W0021]'),
    ({'r.rules': 'alert http any any -> any any (http.uri; bsize:>2; sid:1;)\n'}, [],
     'r.rules:1:42: warning: no content to search for: every packet or buffer is looked at [W0020]'),
    ({'r.rules': RULE % 'content:"abc"; flowbits:isset,never;'}, [],
     "r.rules:1:46: warning: the flow bit 'never' is asked for and is never set [W0023]"),
    ({'r.rules': 'alert http any any -> any any (http.uri; content:"abc"; http.method; content:"GET"; distance:0; sid:1;)\n'},
     [], "r.rules:1:70: warning: nothing was matched in 'http.method' before: it counts from the start [W0025]"),
    ({'r.rules': GOOD, 'c.yaml': 'mpm-algo: hs\n'}, [],
     'c.yaml: warning: known, but without effect in this version: mpm-algo [W0301]'),
    ({'r.rules': GOOD, 'c.yaml': 'wrkers: 2\n'}, ['run', '-T', '-S', 'r.rules'],
     "c.yaml:1:1: warning: unknown key 'wrkers' [W0302]"),
    ({'r.rules': GOOD, 'c.yaml': 'workers: 1\nworkers: 2\n'}, [],
     "c.yaml:2:1: warning: 'workers' is given again; what line 1 says of it is forgotten [W0303]"),
    ({'r.rules': GOOD, 'c.yaml': 'outputs:\n  - eve-log: {enabled: yes, types: [alert], filetype: redis}\n'},
     ['run', '-T', '-S', 'r.rules'],
     "c.yaml:2:55: warning: this output is left out: 'redis' cannot be written to in this version [W0304]"),
    ({'r.rules': RULE % 'content:"abc"; geoip:src,DE;', 'c.yaml': 'geoip-database: none.mmdb\n'}, [],
     'geoip-database: warning: none.mmdb: Error opening the specified MaxMind DB file: rules with geoip cannot hold '
     '[W0305]'),
    ({'r.rules': RULE % 'content:"abc"; requires:version>=9;'}, [],
     "r.rules:1:55: note: rule skipped: it requires 'version>=9', and this is the language of 8.0.7 [N0001]"),
]


class Codes(tap.Tap):
    def __init__(self):
        super().__init__()
        self.tmp, self.weir, self.asan = tap.place()
        self.shown = set()
        self.levels = []

    def case(self, number, files, words, want):
        folder = os.path.join(self.tmp, str(number))
        os.mkdir(folder)
        os.chdir(folder)
        for name, text in files.items():
            write(name, text)
        command = [self.weir] + (words or ['check'])
        if 'c.yaml' in files:
            command += ['-c', 'c.yaml']
        if 'r.rules' in files and '-S' not in command:
            command.append('r.rules')
        r = run(command)
        lines = [l for l in (r.err + r.out).splitlines() if re.search(r': (error|warning|note): ', l)]
        self.ok(lines and lines[0] == want, want, *(lines or [r]))
        self.tell(lines)

    def tell(self, lines):
        """Codes of messages, and the messages whose code says something else than they."""
        for line in lines:
            m = re.search(r': (error|warning|note): .*\[([EWN]\d{4})\]$', line)
            if m:
                self.shown.add(m[2])
                if m[1] not in LEVELS[m[2][0]]:
                    self.levels.append(line)

    def all(self):
        for i, case in enumerate(CASES):
            self.case(i, *case)
        os.chdir(self.tmp)
        known = set(re.findall(r'^([EWN]\d{4})\b', run([self.weir, 'check', '--explain']).out, re.M))
        for path in glob.glob(os.path.join(TOP, 'tests', 'rules', 'invalid', '*.expect')):
            with open(path, encoding='utf-8', errors='replace') as f:
                self.tell(f.read().splitlines())
        self.ok(len(known) > 100, 'codes are told', known)
        self.ok(known <= self.shown, 'each code is shown', sorted(known - self.shown))
        self.ok(self.shown <= known, 'each code that is shown is explained', sorted(self.shown - known))
        self.ok(not self.levels, 'errors, warnings and notes have codes of their own', *self.levels)
        return self.done()


sys.exit(Codes().all())
