# SPDX-License-Identifier: Apache-2.0
"""Network namespaces for live tests: hosts on a hub, and an interface that sees what passes there."""
import json
import os
import subprocess


def sh(*args, **how):
    how.setdefault('check', True)
    return subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, text=True, **how)


class Net:
    """Everything goes with close(); names hold the process's number."""

    def __init__(self):
        self.made = []

    def namespace(self, name):
        ns = 'weir%d-%s' % (os.getpid(), name)
        sh('ip', 'netns', 'add', ns)
        self.made.append(ns)
        # IPv6 would speak unasked.
        for what in ('all', 'default'):
            self.run(ns, 'sysctl', '-qw', 'net.ipv6.conf.%s.disable_ipv6=1' % what)
        sh('ip', '-n', ns, 'link', 'set', 'lo', 'up')
        return ns

    def run(self, ns, *args, **how):
        return sh('ip', 'netns', 'exec', ns, *args, **how)

    def start(self, ns, *args, **how):
        how.setdefault('stdin', subprocess.DEVNULL)
        return subprocess.Popen(('ip', 'netns', 'exec', ns) + args, **how)

    def veth(self, ns, name, peer_ns, peer, queues=1):
        sh('ip', 'link', 'add', name, 'netns', ns, 'numtxqueues', str(queues), 'numrxqueues', str(queues),
           'type', 'veth', 'peer', 'name', peer, 'netns', peer_ns, 'numtxqueues', str(queues), 'numrxqueues', str(queues))
        for where, which in ((ns, name), (peer_ns, peer)):
            sh('ip', '-n', where, 'link', 'set', which, 'up')

    def plain(self, ns, name):
        """Right checksums, and no packet that is larger than the wire would have it."""
        self.run(ns, 'ethtool', '-K', name, 'tx', 'off', 'tso', 'off', 'gso', 'off', check=False)

    def hub(self, ns, ports):
        """A bridge that learns nothing and so sends everything everywhere."""
        sh('ip', '-n', ns, 'link', 'add', 'hub', 'type', 'bridge', 'mcast_snooping', '0', 'ageing_time', '0')
        sh('ip', '-n', ns, 'link', 'set', 'hub', 'up')
        for port in ports:
            sh('ip', '-n', ns, 'link', 'set', port, 'master', 'hub')
            sh('ip', '-n', ns, 'link', 'set', port, 'type', 'bridge_slave', 'learning', 'off', check=False)

    def counters(self, ns, name):
        return json.loads(sh('ip', '-n', ns, '-s', '-j', 'link', 'show', name).stdout)[0]['stats64']

    def close(self):
        for ns in reversed(self.made):
            for pid in sh('ip', 'netns', 'pids', ns, check=False).stdout.split():
                try:
                    os.kill(int(pid), 9)
                except OSError:
                    pass
            sh('ip', 'netns', 'del', ns, check=False)


def children(pid):
    """Of a process, and theirs."""
    try:
        with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
            own = [int(x) for x in f.read().split()]
    except OSError:
        return []
    return own + [y for x in own for y in children(x)]


def cpu_seconds(pids):
    """User and system time of processes that are still there, with what they waited for."""
    total = 0.0
    for pid in pids:
        try:
            with open('/proc/%d/stat' % pid) as f:
                fields = f.read().rsplit(')', 1)[1].split()
        except OSError:
            continue
        total += sum(int(x) for x in fields[11:15]) / os.sysconf('SC_CLK_TCK')
    return total
