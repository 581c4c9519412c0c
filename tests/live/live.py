# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: two namespaces with a veth pair, and a weir in one of them."""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'run'))
import tap  # noqa: E402  pylint: disable=wrong-import-position

# Nothing here is timed; this is when a test that hangs is given up.
PATIENCE_S = 60


def command(*words, check=True):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if check and done.returncode:
        raise RuntimeError('%s: %s' % (' '.join(words), done.stdout.decode(errors='replace')))
    return done.stdout.decode(errors='replace')


def wait_for(what, patience=PATIENCE_S, pause=0.02):
    """The first true answer, or a false one when patience is at its end."""
    end = time.monotonic() + patience
    while True:
        answer = what()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(pause)


class Net:
    """Namespace A with the host that talks (va), namespace B with the mirror's end (vb)."""

    def __init__(self):
        self.a, self.b = 'weir-a-%d' % os.getpid(), 'weir-b-%d' % os.getpid()
        self.made = []
        for name in (self.a, self.b):
            command('ip', 'netns', 'add', name)
            self.made.append(name)
            command('ip', 'netns', 'exec', name, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1')
            command('ip', '-n', name, 'link', 'set', 'lo', 'up')
        command('ip', '-n', self.a, 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb', 'netns', self.b)
        command('ip', '-n', self.a, 'addr', 'add', '10.9.0.1/24', 'dev', 'va')
        command('ip', '-n', self.a, 'link', 'set', 'va', 'up')
        command('ip', '-n', self.b, 'link', 'set', 'vb', 'up')
        # Nobody answers there: the address has to be known.
        command('ip', '-n', self.a, 'neigh', 'add', '10.9.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'va')

    def serve(self):
        """Addresses for both ends: B answers, and so capture has to be a copy."""
        command('ip', '-n', self.a, 'neigh', 'del', '10.9.0.2', 'dev', 'va', check=False)
        command('ip', '-n', self.b, 'addr', 'add', '10.9.0.2/24', 'dev', 'vb')

    def in_a(self, *words):
        return ['ip', 'netns', 'exec', self.a] + list(words)

    def in_b(self, *words):
        return ['ip', 'netns', 'exec', self.b] + list(words)

    def attached(self):
        return 'prog/xdp' in command('ip', '-n', self.b, '-d', 'link', 'show', 'vb')

    def remove(self):
        for name in self.made:
            command('ip', 'netns', 'del', name, check=False)
        self.made = []


def refused():
    """Why nothing live can be tested here, or None."""
    if os.geteuid() != 0:
        return 'not root'
    try:
        Net().remove()
    except (OSError, RuntimeError) as e:
        return 'no network namespace: %s' % str(e).splitlines()[0]
    return None


class Weir:
    """`weir run -i vb`, from its start to its end."""

    def __init__(self, program, net, out, rules, *args, env=None):
        self.program, self.out = program, out
        self.eve = os.path.join(out, 'eve.json')
        self.socket = os.path.join(out, 'ctl.sock')
        self.err_path = os.path.join(out, 'stderr')
        self.out_path = os.path.join(out, 'stdout')
        words = [program, 'run', '-i', 'vb', '-S', rules, '-l', out, '--set', 'unix-command.filename=' + self.socket,
                 '--set', 'stats.interval=1', '--set', 'workers=2'] + list(args)
        with open(self.out_path, 'wb') as stdout, open(self.err_path, 'wb') as stderr:
            self.process = subprocess.Popen(net.in_b(*words), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                            env=dict(os.environ, **(env or {})))

    def stderr(self):
        with open(self.err_path, encoding='utf-8', errors='replace') as f:
            return f.read()

    def stdout(self):
        with open(self.out_path, encoding='utf-8', errors='replace') as f:
            return f.read()

    def ready(self):
        wait_for(lambda: 'weir: running:' in self.stderr() or self.process.poll() is not None)
        return 'weir: running:' in self.stderr()

    def engine(self):
        """The engine's process, 0: there is none."""
        path = '/proc/%d/task/%d/children' % (self.process.pid, self.process.pid)
        try:
            with open(path, encoding='ascii') as f:
                children = f.read().split()
        except OSError:
            return 0
        return int(children[0]) if children else 0

    def records(self, kind=None):
        if not os.path.exists(self.eve):
            return []
        with open(self.eve, 'rb') as f:
            lines = f.read().split(b'\n')[:-1]
        recs = [json.loads(line) for line in lines]
        return [r for r in recs if kind in (None, r['event_type'])]

    def ctl(self, *words):
        done = subprocess.run([self.program, 'ctl', '-s', self.socket] + list(words), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode(errors='replace')

    def stop(self, how=signal.SIGTERM):
        """Ends it; the exit code, or None: it did not end."""
        self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def ledger(self):
        """Of the last record of statistics."""
        stats = self.records('stats')
        return stats[-1]['weir']['ledger'] if stats and 'ledger' in stats[-1]['weir'] else None


def balances(ledger):
    return (ledger['holds'] and ledger['entered'] == ledger['inspected'] + ledger['released'] + ledger['unwanted'] +
            ledger['blocked'] + sum(ledger['lost'].values()) + ledger['in_flight'])
