# SPDX-License-Identifier: Apache-2.0
"""Runs Suricata 8 in the folder that it was installed in, for the programs beside this file."""
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = os.environ.get('ORACLE_ROOT', os.path.expanduser('~/.cache/weir-oracle'))


def parsers(root):
    """The application parsers that the oracle's configuration names."""
    inside, names = False, []
    for line in open(f'{root}/etc/suricata/suricata.yaml', errors='replace'):
        if re.match(r'app-layer:', line):
            inside = True
        elif inside and re.match(r'\S', line) and not line.startswith('#'):
            break
        m = re.match(r'    ([a-z0-9_-]+):\s*$', line) if inside else None
        if m and m.group(1) != 'snmp':
            names.append(m.group(1))
    return names


def parsers_off(root, but=()):
    """--set for each application parser but these."""
    out = []
    for name in parsers(root):
        if name not in but:
            out += ['--set', f'app-layer.protocols.{name}.enabled=no']
    return out


class Server:
    """One oracle that reads capture after capture by its command socket, each as if it were its first."""

    def __init__(self, root, rules, settings=()):
        self.root = root
        self.box = tempfile.mkdtemp(prefix='server-', dir=f'{root}/tmp')
        inside = self.box[len(root):]
        with open(f'{self.box}/in.rules', 'w', errors='surrogateescape') as f:
            f.write(rules)
        cmd = ['chroot', root, 'suricata', f'--unix-socket={inside}/socket', '-S', f'{inside}/in.rules', '-l', inside,
               '-k', 'none', '--set', 'runmode=single', *settings]
        self.log = open(f'{self.box}/console', 'w')
        self.child = subprocess.Popen(cmd, stdout=self.log, stderr=subprocess.STDOUT)
        self.socket = self.connect()

    def connect(self):
        path = f'{self.box}/socket'
        for _ in range(9000):
            if self.child.poll() is not None:
                raise RuntimeError(open(f'{self.box}/console').read()[-500:])
            if os.path.exists(path):
                s = socket.socket(socket.AF_UNIX)
                try:
                    s.connect(path)
                    s.sendall(b'{"version":"0.2"}\n')
                    self.answer(s)
                    return s
                except OSError:
                    s.close()
            time.sleep(0.1)
        raise RuntimeError('the oracle does not listen')

    @staticmethod
    def answer(s):
        text = b''
        while not text.endswith(b'\n'):
            more = s.recv(65536)
            if not more:
                raise OSError('the oracle hung up')
            text += more
        return json.loads(text)

    def ask(self, command, **arguments):
        ask = {'command': command}
        if arguments:
            ask['arguments'] = arguments
        self.socket.sendall(json.dumps(ask).encode() + b'\n')
        return self.answer(self.socket)

    def read(self, capture, out):
        """Read a capture; its eve.json becomes the file `out`."""
        work = tempfile.mkdtemp(prefix='read-', dir=self.box)
        inside = work[len(self.root):]
        try:
            os.link(os.path.realpath(capture), f'{work}/in.pcap')
        except OSError:
            shutil.copy(capture, f'{work}/in.pcap')
        done = self.ask('pcap-file', filename=f'{inside}/in.pcap', **{'output-dir': inside})
        if done.get('return') != 'OK':
            raise RuntimeError(str(done))
        while True:
            waiting = self.ask('pcap-file-number')['message']
            current = self.ask('pcap-current')['message']
            if not waiting and current in ('None', None):
                break
            if self.child.poll() is not None:
                raise RuntimeError('the oracle died')
            time.sleep(0.02)
        path = f'{work}/eve.json'
        if os.path.exists(path):
            shutil.move(path, out)
        else:
            open(out, 'w').close()
        shutil.rmtree(work, ignore_errors=True)

    def close(self):
        self.child.terminate()
        self.child.wait()
        self.log.close()
        shutil.rmtree(self.box, ignore_errors=True)
