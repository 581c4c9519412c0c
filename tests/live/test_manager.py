#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd unit, and what weir tells a service manager: this test plays the manager.  Says TAP."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import live
import tap

UNIT = os.path.join(tap.TOP, 'docs', 'weir.service')


class Manager(tap.Tap):
    def unit(self):
        analyze = shutil.which('systemd-analyze')
        if not analyze:
            self.skip('systemd-analyze verify', 'no systemd-analyze')
            return
        with open(UNIT, encoding='utf-8') as f:
            text = f.read()
        # The program's place is that of an installation; here it is another.
        folder = tap.tempfile.mkdtemp(prefix='weir-unit-')
        path = tap.write(os.path.join(folder, 'weir.service'), text.replace('/usr/bin/weir', sys.executable))
        done = subprocess.run([analyze, 'verify', '--man=no', '--recursive-errors=no', path],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        said = done.stdout.decode(errors='replace')
        if done.returncode and 'weir.service' not in said:
            self.skip('systemd-analyze verify', said.strip().splitlines()[0] if said.strip() else 'it does not run here')
        else:
            self.ok(done.returncode == 0 and 'weir.service:' not in said, 'systemd-analyze verify', said)
        shutil.rmtree(folder)
        for word in ('Type=notify', 'WatchdogSec=', 'NoNewPrivileges=yes', 'ProtectSystem=strict',
                     'CapabilityBoundingSet=CAP_BPF CAP_PERFMON CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK'):
            self.ok(word in text, 'the unit has %s' % word)

    def played(self, why):
        names = ('is told when it is ready', 'and that it lives', 'and that it stops', 'in this order')
        if why:
            for name in names:
                self.skip(name, why)
            return
        tmp, weir, _ = tap.place()
        net = live.Net()
        path = os.path.join(tmp, 'notify')
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(path)
        s.settimeout(live.PATIENCE_S)
        rules = tap.write(os.path.join(tmp, 'm.rules'), 'alert icmp any any -> any any (sid:1;)\n')
        out = os.path.join(tmp, 'out')
        os.mkdir(out)
        w = live.Weir(weir, net, out, rules, env={'NOTIFY_SOCKET': path, 'WATCHDOG_USEC': '200000'})
        heard = []
        try:
            self.hear(s, heard, 'READY=1')
            if not heard or 'READY=1' not in heard[-1]:
                why = 'weir did not start: %s' % (w.stderr().strip().splitlines() or [''])[-1]
                for name in names:
                    self.skip(name, why)
                return
            self.ok('READY=1' in heard[-1].splitlines() and w.ready(), names[0], heard, w.stderr())
            for _ in range(5):
                self.hear(s, heard, 'WATCHDOG=1')
            self.ok(len([h for h in heard if 'WATCHDOG=1' in h]) >= 5, names[1], heard)
            w.process.send_signal(signal.SIGTERM)
            self.hear(s, heard, 'STOPPING=1')
            self.ok('STOPPING=1' in heard[-1], names[2], heard)
            self.ok(w.process.wait(live.PATIENCE_S) == 0 and 'READY' in ''.join(heard).split('STOPPING')[0], names[3], heard)
        finally:
            if w.process.poll() is None:
                w.stop(signal.SIGKILL)
            s.close()
            net.remove()
            shutil.rmtree(tmp, ignore_errors=True)

    @staticmethod
    def hear(s, heard, word):
        end = time.monotonic() + live.PATIENCE_S
        while time.monotonic() < end:
            try:
                heard.append(s.recv(4096).decode(errors='replace'))
            except OSError:
                return
            if word in heard[-1]:
                return


def main():
    t = Manager()
    t.unit()
    t.played(live.refused())
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
