# SPDX-License-Identifier: Apache-2.0
"""engines.py - Weir and Suricata on a capture, one after the other, and what each run cost.

In: a capture, a kind of work.  Out: a Run.  Nothing is asked of the engines: the CPU time of the process is read by
its own clock at the moment when it opens the capture (rules are loaded then) and when it has ended; resident memory
at that moment, and the peak, from the kernel.
"""
import collections
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

# Those of Weir.
PARSERS = ('bittorrent-dht dcerpc dhcp dnp3 dns.tcp dns.udp enip ftp http http2 ike imap krb5 ldap mdns modbus mqtt nfs '
           'ntp pgsql pop3 quic rdp rfb sip smb smtp snmp ssh telnet tftp tls websocket').split()

# What is looked for and what is written.
Kind = collections.namedtuple('Kind', 'name rules outputs parsers title')
KINDS = [
    Kind('none', False, 'none', True, 'no rules, no output'),
    Kind('alerts', True, 'alerts', True, 'rules, alerts only'),
    Kind('default', True, 'default', True, 'rules, default outputs'),
    Kind('rules', True, 'default', False, 'rules, default outputs, application parsers off'),
]
EQUAL_MEMCAPS = ('flow.memcap=4gb', 'stream.memcap=4gb', 'stream.reassembly.memcap=4gb', 'defrag.memcap=4gb')
OUTPUTS = {
    'none': 'outputs:\n  - eve-log:\n      enabled: no\n',
    'alerts': 'outputs:\n  - eve-log:\n      enabled: yes\n      filetype: regular\n      filename: eve.json\n'
              '      types:\n        - alert\n',
}

# load_s: CPU seconds until the capture was opened; cpu_s: all; MiB; eve: where the records are, or None.
Run = collections.namedtuple('Run', 'load_s cpu_s wall_s loaded_mib peak_mib code')

# One ARP request, for who wants to know what loading alone costs: Suricata does not start on less.
ARP = bytes.fromhex('ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002')
EMPTY_CAPTURE = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + struct.pack(
    '<IIII', 1700000000, 0, len(ARP), len(ARP)) + ARP


def packets_in(path):
    """Packets and bytes of a pcap file; (0, 0) for another kind of file."""
    with open(path, 'rb') as f:
        head = f.read(24)
        order = {b'\xd4\xc3\xb2\xa1': '<', b'\x4d\x3c\xb2\xa1': '<', b'\xa1\xb2\xc3\xd4': '>',
                 b'\xa1\xb2\x3c\x4d': '>'}.get(head[:4])
        if not order:
            return 0, 0
        # Every 16 bytes of header hold the length of what follows.
        length = struct.Struct(order + '8xI4x')
        count = total = 0
        while True:
            head = f.read(16)
            if len(head) < 16:
                return count, total
            size = length.unpack(head)[0]
            total += size
            count += 1
            f.seek(size, 1)


def clock_of(pid):
    """CPU seconds of all threads of a process, those that have ended too (CPUCLOCK_SCHED of its process clock)."""
    return time.clock_gettime((~pid << 3) | 2)


def resident_mib(pid):
    with open('/proc/%d/statm' % pid) as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGESIZE') / 1048576


def has_open(pid, capture):
    try:
        with os.scandir('/proc/%d/fd' % pid) as fds:
            for fd in fds:
                try:
                    st = os.stat(fd.path)
                except OSError:
                    continue
                if (st.st_ino, st.st_dev) == capture:
                    return True
    except OSError:
        pass
    return False


def measure(cmd, log, capture, pipe=False):
    """Run to the end; what it cost with its children.  pipe: the capture is a pipe, and stays empty until rules are loaded."""
    st = os.stat(capture)
    place = (st.st_ino, st.st_dev)
    start = time.monotonic()
    load = loaded = None
    waited = 0
    # Opened to read as well: nobody waits for the other.
    fd = os.open(capture, os.O_RDWR) if pipe else -1
    with open(log, 'wb') as out:
        child = subprocess.Popen(cmd, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        while load is None:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if has_open(child.pid, place):
                load = clock_of(child.pid)
                if pipe:
                    # Threads start; what an engine does while it waits is nobody's work.
                    time.sleep(0.3)
                    waited = clock_of(child.pid) - load
                loaded = resident_mib(child.pid)
                if pipe:
                    os.write(fd, EMPTY_CAPTURE)
                    os.close(fd)
            else:
                time.sleep(0.002)
        else:
            _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime - waited
    peak = usage.ru_maxrss / 1024
    return Run(cpu if load is None else load, cpu, time.monotonic() - start, peak if loaded is None else loaded, peak,
               child.returncode)


def complain(log):
    with open(log, errors='replace') as f:
        sys.stderr.write(f.read()[-1000:])


def sets(words):
    return [arg for word in words for arg in ('--set', word)]


def off(names):
    return ['app-layer.protocols.%s.enabled=no' % name for name in names]


def parsers_in(config):
    """The names under app-layer.protocols of a configuration's text."""
    names, depth = [], None
    for line in config.splitlines():
        if re.match(r'app-layer:', line):
            depth = 0
        elif depth == 0 and re.match(r'  protocols:', line):
            depth = 1
        elif depth is not None and re.match(r'\S', line) and not line.startswith('#'):
            break
        elif depth == 1:
            m = re.match(r'    ([a-z0-9_-]+):', line)
            if m:
                names.append(m.group(1))
    return names


class Weir:
    name = 'weir'

    def __init__(self, program, rules, equal=False, settings=(), workers=1):
        self.program = os.path.realpath(program)
        self.rules = rules
        self.settings = ['workers=%d' % workers] + list(settings)
        if equal:
            self.settings += ['watch.enabled=no', 'outputs.1.eve-log.community-id=no']
        self.equal = equal
        self.cache = tempfile.mkdtemp(prefix='weir-cache-')

    def version(self):
        text = subprocess.run([self.program, '--version'], capture_output=True, text=True).stdout
        return (re.search(r'\d+(\.\d+)+\S*', text) or ['?'])[0]

    def forget(self):
        """An empty cache folder."""
        shutil.rmtree(self.cache)
        os.mkdir(self.cache)

    def run(self, capture, kind, memcaps=EQUAL_MEMCAPS, keep=None):
        """capture None: one packet, by a pipe, once the rules are loaded."""
        work = tempfile.mkdtemp(prefix='weir-bench-')
        try:
            pipe = capture is None
            if pipe:
                capture = work + '/in.pcap'
                os.mkfifo(capture)
            words = list(self.settings) + list(memcaps) + ['detect.sgh-mpm-caching-path=' + self.cache]
            if not kind.parsers:
                words += off(PARSERS)
            cmd = [self.program, 'run', '-r', capture, '-l', work, '-k', 'none']
            if kind.outputs in OUTPUTS:
                with open(work + '/bench.yaml', 'w') as f:
                    text = OUTPUTS[kind.outputs]
                    f.write('%YAML 1.1\n---\n' + text)
                cmd += ['-c', work + '/bench.yaml']
                # The list has one item there.
                words = [w.replace('outputs.1.', 'outputs.0.') for w in words]
            cmd += ['-S', self.rules] if kind.rules else ['--disable-detection']
            r = measure(cmd + sets(words), work + '/console.log', capture, pipe)
            if r.code:
                complain(work + '/console.log')
            if keep and os.path.exists(work + '/eve.json'):
                shutil.move(work + '/eve.json', keep)
            return r
        finally:
            shutil.rmtree(work)

    def close(self):
        shutil.rmtree(self.cache, ignore_errors=True)


class Suricata:
    """In a chroot, as root: a folder with Debian's packages in it."""
    name = 'suricata'

    def __init__(self, root, rules):
        self.root = root
        self.rules = rules
        with open(root + '/etc/suricata/suricata.yaml') as f:
            self.config = f.read()
        # Turned off, snmp stops the start.
        self.parsers = [n for n in parsers_in(self.config) if n != 'snmp']
        self.cache = tempfile.mkdtemp(prefix='bench-cache.', dir=root + '/tmp')

    @staticmethod
    def is_there(root):
        return os.geteuid() == 0 and os.path.exists(root + '/usr/bin/suricata')

    def version(self):
        text = subprocess.run(['chroot', self.root, 'suricata', '-V'], capture_output=True, text=True).stdout
        return (re.search(r'version (\S+)', text) or ['', '?'])[1]

    def forget(self):
        shutil.rmtree(self.cache)
        os.mkdir(self.cache)

    @staticmethod
    def give(capture, path):
        try:
            os.link(capture, path)
        except OSError:
            shutil.copy(capture, path)

    def with_outputs(self, text):
        """The stock configuration with another list of outputs."""
        out, inside = [], False
        for line in self.config.splitlines(True):
            if line.startswith('outputs:'):
                inside = True
                out.append(text)
            elif inside and re.match(r'[a-z]', line):
                inside = False
            if not inside:
                out.append(line)
        return ''.join(out)

    def run(self, capture, kind, memcaps=EQUAL_MEMCAPS, keep=None):
        work = tempfile.mkdtemp(prefix='bench.', dir=self.root + '/tmp')
        inside = '/tmp/' + os.path.basename(work)
        try:
            os.mkdir(work + '/log')
            if capture is None:
                os.mkfifo(work + '/in.pcap')
            else:
                self.give(capture, work + '/in.pcap')
            words = ['unix-command.enabled=no', 'mpm-algo=hs', 'spm-algo=hs', 'packet-alert-max=255',
                     'stream.reassembly.randomize-chunk-size=no', 'detect.sgh-mpm-caching=yes',
                     'detect.sgh-mpm-caching-path=/tmp/' + os.path.basename(self.cache)] + list(memcaps)
            if not kind.parsers:
                words += off(self.parsers)
            cmd = ['chroot', self.root, 'suricata', '-r', inside + '/in.pcap', '-l', inside + '/log', '-k', 'none',
                   '--runmode', 'single']
            if kind.outputs in OUTPUTS:
                with open(work + '/bench.yaml', 'w') as f:
                    f.write(self.with_outputs(OUTPUTS[kind.outputs]))
                cmd += ['-c', inside + '/bench.yaml']
            if kind.rules:
                shutil.copy(self.rules, work + '/in.rules')
                cmd += ['-S', inside + '/in.rules']
            else:
                cmd += ['--disable-detection']
            r = measure(cmd + sets(words), work + '/log/console', work + '/in.pcap', capture is None)
            if r.code:
                complain(work + '/log/console')
            if keep and os.path.exists(work + '/log/eve.json'):
                shutil.move(work + '/log/eve.json', keep)
            return r
        finally:
            shutil.rmtree(work)

    def close(self):
        shutil.rmtree(self.cache, ignore_errors=True)
