#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real server and real clients on a hub, HTTP and TLS, and scans; Weir on a port that sees all of it. The ledger holds at
every interval, and to the packet after the stop; what is lost while the engine is held stands under its cause.

    test_network.py [SECONDS]       make check-live: 600
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'run'))
sys.path.insert(0, HERE)
import net  # noqa: E402
from tap import BUILD, TOP, Tap, write  # noqa: E402

WEIR = os.environ.get('WEIR') or os.path.join(BUILD, 'weir')
SERVER, CLIENT = '10.77.0.10', '10.77.0.20'
FILES = {'1k.bin': 1 << 10, '100k.bin': 100 << 10, '2m.bin': 2 << 20, '20m.bin': 20 << 20}
RULES = '''alert tcp any any -> any 80 (msg:"request"; flow:established,to_server; content:"marker=needle"; sid:1;)
alert tcp any any -> any any (msg:"no flags"; flags:0; threshold:type limit, track by_src, count 1, seconds 1; sid:2;)
alert tcp any any -> any any (msg:"xmas"; flags:FPU; threshold:type limit, track by_src, count 1, seconds 1; sid:3;)
alert tcp any any -> any 443 (msg:"hello"; flow:established,to_server; content:"|16 03|"; startswith; sid:4;)
'''
CONFIG = '''stats:
  interval: 1
outputs:
  - eve-log:
      enabled: yes
      types: [alert, flow, stats]
'''
NGINX = '''user root;
worker_processes 1;
daemon off;
pid %(tmp)s/nginx.pid;
error_log %(tmp)s/error.log;
events { worker_connections 512; }
http {
  access_log off;
  keepalive_requests 1000;
  client_body_temp_path %(tmp)s/body;
  proxy_temp_path %(tmp)s/proxy;
  fastcgi_temp_path %(tmp)s/fastcgi;
  uwsgi_temp_path %(tmp)s/uwsgi;
  scgi_temp_path %(tmp)s/scgi;
  server { listen 80; root %(tmp)s/www; }
  server { listen 443 ssl; root %(tmp)s/www; ssl_certificate %(tmp)s/cert.pem; ssl_certificate_key %(tmp)s/key.pem; }
}
'''


class Clients:
    def __init__(self, network, ns, seconds):
        self.net, self.ns, self.end = network, ns, time.monotonic() + seconds
        self.requests = self.failed = self.scans = 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.fetch, args=(i,)) for i in range(4)]
        self.threads.append(threading.Thread(target=self.scan))

    def fetch(self, seed):
        draw = random.Random(seed)
        while time.monotonic() < self.end:
            scheme = draw.choice(('http', 'http', 'https'))
            names = draw.choices(list(FILES), (40, 20, 6, 1), k=draw.randint(1, 4))
            urls = ['%s://%s/%s?marker=needle' % (scheme, SERVER, n) for n in names]
            done = self.net.run(self.ns, 'curl', '-sk', '--max-time', '60', *sum((['-o', '/dev/null', u] for u in urls), []),
                                check=False)
            with self.lock:
                self.failed += done.returncode != 0
                self.requests += len(urls) if scheme == 'http' and not done.returncode else 0

    def scan(self):
        kinds = (['-sS', '--top-ports', '300'], ['-sN', '--top-ports', '50'], ['-sX', '--top-ports', '50'],
                 ['-sT', '--top-ports', '100'], ['-sU', '--top-ports', '10'], ['-sS', '-f', '--top-ports', '50'])
        n = 0
        while time.monotonic() < self.end:
            self.net.run(self.ns, 'nmap', '-n', '-Pn', '-T4', '--max-retries', '0', *kinds[n % len(kinds)], SERVER, check=False)
            n += 1
            self.scans = n
            time.sleep(1)

    def go(self):
        for t in self.threads:
            t.start()

    def wait(self):
        for t in self.threads:
            t.join()


def server(network, ns, tmp):
    os.mkdir(tmp + '/www')
    for name, size in FILES.items():
        write('%s/www/%s' % (tmp, name), os.urandom(size))
    net.sh('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=server.example',
           '-keyout', tmp + '/key.pem', '-out', tmp + '/cert.pem')
    write(tmp + '/nginx.conf', NGINX % {'tmp': tmp})
    return network.start(ns, 'nginx', '-c', tmp + '/nginx.conf', stderr=subprocess.DEVNULL)


def stats_of(path):
    """The stats records that are whole."""
    with open(path, 'rb') as f:
        for line in f:
            if line.endswith(b'\n') and b'"event_type":"stats"' in line:
                yield json.loads(line)


def total(ledger):
    return sum(ledger[k] for k in ('inspected', 'released', 'unwanted', 'blocked', 'in_flight')) + sum(ledger['lost'].values())


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


def hold_engine(weir):
    """Stop the engine for a second and a half; its packets have nobody then."""
    engines = [p for p in net.children(weir.pid) if net.children(p) == []]
    for p in engines:
        os.kill(p, signal.SIGSTOP)
    time.sleep(1.5)
    for p in engines:
        os.kill(p, signal.SIGCONT)
    return len(engines)


def examine(t, tmp, clients, out):
    eve = tmp + '/out/eve.json'
    records = list(stats_of(eve))
    ledgers = [r['weir']['ledger'] for r in records]
    bad = [x for x in ledgers if not x['holds'] or total(x) != x['entered']]
    t.ok(len(ledgers) > 5 and not bad, 'the ledger holds at each of %d intervals' % len(ledgers), bad[:3])
    t.ok(all(b['entered'] >= a['entered'] for a, b in zip(ledgers, ledgers[1:])), 'and never goes back')
    last = ledgers[-1]
    t.ok(last['in_flight'] == 0 and last['holds'] and total(last) == last['entered'],
         'and to the packet after the stop', last)
    t.ok(last['lost']['worker'] > 0, 'what came while the engine was held is lost with its worker', last)
    with open(eve, 'rb') as f:
        alerts = [json.loads(x) for x in f if b'"event_type":"alert"' in x]
    count = {sid: sum(a['alert']['signature_id'] == sid for a in alerts) for sid in (1, 2, 3, 4)}
    lost = sum(last['lost'].values())
    t.ok(clients.requests and 0.5 * clients.requests <= count[1] <= clients.requests + 100,
         'requests raise their alerts', clients.requests, count, lost)
    t.ok(all(count.values()), 'scans and hellos too', count)
    released = records[-1]['weir']['release']
    t.ok(released['flows'] > 0 and last['released'] > 0, 'the kernel kept released flows', released, last)
    print('# %d requests by HTTP, %d calls failed, %d scans; alerts %s; ledger %s; release %s' % (
        clients.requests, clients.failed, clients.scans, count, last, released))
    return out


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600
    if os.geteuid() != 0 or not all(shutil.which(x) for x in ('ip', 'nginx', 'curl', 'openssl', 'nmap', 'ethtool')):
        print('1..0 # SKIP needs root, ip, nginx, curl, openssl, nmap and ethtool')
        return 0
    t, tmp, network = Tap(), tempfile.mkdtemp(prefix='weir-network-'), net.Net()
    os.chmod(tmp, 0o755)
    try:
        hub, srv, cli, own = (network.namespace(x) for x in ('hub', 'server', 'client', 'weir'))
        for ns, port in ((srv, 's'), (cli, 'c'), (own, 'm')):
            network.veth(ns, port + '0', hub, port + '1')
        network.hub(hub, ('s1', 'c1', 'm1'))
        for ns, port, address in ((srv, 's0', SERVER), (cli, 'c0', CLIENT)):
            net.sh('ip', '-n', ns, 'address', 'add', address + '/24', 'dev', port)
            network.plain(ns, port)
        nginx = server(network, srv, tmp)
        write(tmp + '/own.rules', RULES)
        write(tmp + '/weir.yaml', CONFIG)
        os.mkdir(tmp + '/out')
        log = open(tmp + '/weir.log', 'wb')
        weir = network.start(own, WEIR, 'run', '-i', 'm0', '-c', tmp + '/weir.yaml', '-S', tmp + '/own.rules', '-l', tmp + '/out',
                             '--set', 'classification-file=%s/rules/classification.config' % TOP,
                             '--set', 'reference-config-file=%s/rules/reference.config' % TOP,
                             '--set', 'unix-command.filename=%s/weir.socket' % tmp, stdout=log, stderr=log)
        up = wait_for(lambda: os.path.exists(tmp + '/out/eve.json') and list(stats_of(tmp + '/out/eve.json')), 20)
        t.ok(up and weir.poll() is None, 'weir is up', open(tmp + '/weir.log').read())
        clients = Clients(network, cli, seconds)
        clients.go()
        time.sleep(seconds / 2)
        t.ok(hold_engine(weir) > 0, 'the engine was held')
        clients.wait()
        time.sleep(2)
        before = set(network.run(own, 'ip', '-o', 'link', 'show', 'm0').stdout.split())
        os.kill(net.children(weir.pid)[0] if net.children(weir.pid) and weir.args[0] == 'sudo' else weir.pid, signal.SIGINT)
        t.ok(wait_for(lambda: weir.poll() is not None, 20), 'it ends when told')
        t.ok('xdp' not in network.run(own, 'ip', 'link', 'show', 'm0').stdout, 'and leaves no program behind', before)
        examine(t, tmp, clients, None)
        nginx.terminate()
        if t.failed:
            print('# ' + open(tmp + '/weir.log', errors='replace').read()[-3000:].replace('\n', '\n# '))
    finally:
        network.close()
        if t.failed:
            print('# left in %s' % tmp)
        else:
            shutil.rmtree(tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
