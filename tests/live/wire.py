# SPDX-License-Identifier: Apache-2.0
"""A wire between a server's and a client's namespace, what tcpdump saw on it, and what Weir says of that."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'run'))
import net  # noqa: E402
from tap import BUILD, Tap  # noqa: E402

WEIR = os.environ.get('WEIR') or os.path.join(BUILD, 'weir')
SERVER, CLIENT = '10.79.0.10', '10.79.0.20'


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Wire:
    """with Wire('dig', 'unbound') as w: everything that was started in it goes with it.  Exits as skipped where programs or
    privileges are missing."""

    def __init__(self, *programs):
        missing = [p for p in ('ip', 'tcpdump', *programs) if not shutil.which(p, path=os.environ['PATH'] + ':/usr/sbin:/sbin')]
        if missing or os.geteuid():
            self.skip('not installed: ' + ', '.join(missing) if missing else 'needs root')
        self.tap = Tap()
        self.net = net.Net()
        self.tmp = tempfile.mkdtemp(prefix='weir-wire-')
        os.chmod(self.tmp, 0o755)
        self.capture = self.tmp + '/wire.pcap'
        self.children = []

    @staticmethod
    def skip(why):
        print('1..0 # SKIP ' + why)
        sys.exit(0)

    def __enter__(self):
        try:
            self.server = self.net.namespace('server')
            self.client = self.net.namespace('client')
            self.net.veth(self.server, 'srv0', self.client, 'cli0')
        except subprocess.CalledProcessError as e:
            self.net.close()
            shutil.rmtree(self.tmp)
            self.skip('no network namespace: ' + e.stderr.strip())
        for ns, name, address in ((self.server, 'srv0', SERVER), (self.client, 'cli0', CLIENT)):
            net.sh('ip', '-n', ns, 'addr', 'add', address + '/24', 'dev', name)
            self.net.plain(ns, name)
        # Names that a program looks up lead nowhere.
        self.dump = self.net.start(self.server, 'tcpdump', '-i', 'srv0', '-U', '--immediate-mode', '-B', '65536', '-s', '0', '-w', self.capture, 'ip',
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.until(lambda: os.path.exists(self.capture) and os.path.getsize(self.capture) >= 24, 'tcpdump')
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.terminate()
        self.dump.kill()
        self.net.close()
        shutil.rmtree(self.tmp, ignore_errors=True)

    @staticmethod
    def until(there, what, seconds=15):
        end = time.monotonic() + seconds
        while not there():
            if time.monotonic() > end:
                raise RuntimeError(what + ' does not come')
            time.sleep(0.02)

    def serve(self, port, *args, **how):
        """A server, once it listens."""
        how.setdefault('stdout', subprocess.DEVNULL)
        how.setdefault('stderr', subprocess.DEVNULL)
        child = self.net.start(self.server, *args, **how)
        self.children.append(child)
        if port:
            def listens():
                if child.poll() is not None and how.get('stays', True):
                    raise RuntimeError(f'{args[0]} ends: {child.returncode}')
                return f':{port} ' in self.net.run(self.server, 'ss', '-lntu').stdout
            self.until(listens, args[0])
        return child

    def run(self, *args, **how):
        """A client; what it says."""
        how.setdefault('check', False)
        how.setdefault('timeout', 30)
        return self.net.run(self.client, *args, **how)

    def end(self):
        """What is under way is captured, then no more."""
        size = -1
        while os.path.getsize(self.capture) != size:
            size = os.path.getsize(self.capture)
            time.sleep(0.3)
        inner = net.sh('ip', 'netns', 'pids', self.server, check=False).stdout.split()
        for pid in inner:
            try:
                with open(f'/proc/{pid}/comm') as f:
                    if f.read().strip() == 'tcpdump':
                        os.kill(int(pid), signal.SIGINT)
            except OSError:
                pass
        self.dump.wait(timeout=10)

    def weir(self, config='', rules=''):
        """The records of what was captured."""
        out = tempfile.mkdtemp(dir=self.tmp)
        with open(out + '/own.rules', 'w') as f:
            f.write(rules)
        with open(out + '/weir.yaml', 'w') as f:
            f.write('%YAML 1.1\n---\n' + config)
        done = subprocess.run([WEIR, 'run', '-c', out + '/weir.yaml', '-r', self.capture, '-S', out + '/own.rules', '-l', out],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-1000:])
        with open(out + '/eve.json') as f:
            return [json.loads(line) for line in f]

    def tshark(self, filter_, *fields):
        """Rows of fields, in the order of packets; None where tshark is not installed."""
        if not shutil.which('tshark'):
            return None
        cmd = ['tshark', '-r', self.capture, '-Y', filter_, '-T', 'fields']
        for f in fields:
            cmd += ['-e', f]
        done = subprocess.run(cmd, capture_output=True, text=True)
        return [line.split('\t') for line in done.stdout.splitlines()]


def of(events, kind):
    return [e for e in events if e['event_type'] == kind]
