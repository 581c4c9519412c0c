#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP between real programs: nginx, Apache, aiohttp and websockets against curl, wget, ab and aiohttp, in namespaces of
their own.  Weir reads what tcpdump saw of it: each request has its record, each file that travelled is extracted
with the digest of the original; where Suricata is installed (ORACLE_ROOT), its records are the same."""
import collections
import glob
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
sys.path.insert(0, os.path.join(HERE, '..', 'oracle'))
sys.path.insert(0, HERE)
import net  # noqa: E402
import oracle  # noqa: E402
from tap import BUILD, TOP, Tap, of_type, records, run, write  # noqa: E402

WEIR = os.environ.get('WEIR') or os.path.join(BUILD, 'weir')
ENDS = os.path.join(HERE, 'http_ends.py')
SERVER, CLIENT = '10.78.0.10', '10.78.0.20'
PROGRAMS = 'ip tcpdump nginx apache2 ab curl wget'.split()
NGINX = '''user root;
worker_processes 1;
daemon off;
pid %(tmp)s/nginx.pid;
error_log %(tmp)s/nginx.log;
events { worker_connections 128; }
http {
  access_log off;
  types { text/html html; text/plain txt; application/octet-stream bin; }
  gzip on;
  gzip_types text/plain;
  gzip_min_length 10;
  client_max_body_size 100m;
  client_body_temp_path %(tmp)s/body;
  proxy_temp_path %(tmp)s/proxy;
  fastcgi_temp_path %(tmp)s/fastcgi;
  uwsgi_temp_path %(tmp)s/uwsgi;
  scgi_temp_path %(tmp)s/scgi;
  server { listen 80; root %(tmp)s/www; location /put/ { dav_methods PUT DELETE; create_full_put_path on; } }
}
'''
APACHE = '''ServerName server
ServerRoot %(tmp)s
PidFile %(tmp)s/apache.pid
ErrorLog %(tmp)s/apache.log
Listen 81
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
LoadModule brotli_module /usr/lib/apache2/modules/mod_brotli.so
TypesConfig /etc/mime.types
DocumentRoot %(tmp)s/www
KeepAlive On
AddOutputFilterByType BROTLI_COMPRESS;DEFLATE text/html text/plain
'''
STORE = '''outputs:
  - eve-log:
      enabled: yes
      types:
        - http
        - files: {force-hash: [sha256]}
        - flow
        - anomaly
  - file-store: {version: 2, enabled: yes, force-filestore: yes}
stream: {reassembly: {depth: 0}}
app-layer:
  protocols:
    http:
      libhtp:
        default-config: {request-body-limit: 0, response-body-limit: 0}
'''


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Traffic:
    """What is said on the wire, and what is expected to be told of it."""

    def __init__(self, network, ns, tmp):
        self.net, self.ns, self.tmp = network, ns, tmp
        self.said = collections.Counter()   # (port, method, url, status)
        self.files = collections.Counter()  # (name, digest, size)
        self.code = 0

    def say(self, port, method, url, status, times=1):
        self.said[(port, method, url, status)] += times

    def file(self, url, data, times=1):
        self.files[(url, sha(data), len(data))] += times

    def run(self, *args):
        done = self.net.run(self.ns, *args, check=False)
        self.code |= done.returncode
        if done.returncode:
            print('# %s: %d %s' % (' '.join(args), done.returncode, done.stderr[-300:]))
        return done.stdout

    def curl(self, *args):
        return self.run('curl', '-s', '-S', '--max-time', '20', *args)

    def ends(self, *args):
        return self.run('/usr/bin/python3', ENDS, *args)


def content(tmp):
    os.makedirs(tmp + '/www/put')
    words = b' '.join(b'word%d' % (i * i % 977) for i in range(12000))
    data = {'page.html': b'<html>' + words[:30000] + b'</html>\n', 'words.txt': words, 'noise.bin': os.urandom(150000),
            'small.txt': b'a few bytes only\n', 'empty.bin': b''}
    for name, bytes_ in data.items():
        write('%s/www/%s' % (tmp, name), bytes_)
    for name in ('up.bin', 'form1.bin', 'form2.txt', 'chunks.bin'):
        data[name] = os.urandom(90000) if name != 'form2.txt' else words[:5000]
        write('%s/%s' % (tmp, name), data[name])
    return data


def fetch(t, data):
    """Files, by each server and client, plain and encoded, whole and in part."""
    for port in (80, 81):
        base = 'http://%s:%d' % (SERVER, port)
        # One connection, several requests.
        t.curl(*sum((['-o', '/dev/null', '%s/%s' % (base, n)] for n in ('noise.bin', 'small.txt', 'empty.bin')), []))
        for name in ('noise.bin', 'small.txt', 'empty.bin'):
            t.say(port, 'GET', '/' + name, 200)
            if data[name]:
                t.file('/' + name, data[name])
        t.curl('-o', '/dev/null', '--compressed', '-H', 'Accept-Encoding: gzip', base + '/words.txt')
        t.say(port, 'GET', '/words.txt', 200)
        t.file('/words.txt', data['words.txt'])
        t.curl('-o', '/dev/null', '-r', '1000-50999', base + '/noise.bin')
        t.say(port, 'GET', '/noise.bin', 206)
        t.file('/noise.bin', data['noise.bin'][1000:51000])
        t.curl('-o', '/dev/null', '-I', base + '/page.html')
        t.say(port, 'HEAD', '/page.html', 200)
        t.run('curl', '-s', base + '/no/such/file')
        t.say(port, 'GET', '/no/such/file', 404)
        t.run('wget', '-q', '-O', '/dev/null', base + '/page.html')
        t.say(port, 'GET', '/page.html', 200)
        t.file('/page.html', data['page.html'])
        t.run('ab', '-q', '-k', '-n', '40', '-c', '3', base + '/small.txt')
        t.say(port, 'GET', '/small.txt', 200, 40)
        t.file('/small.txt', data['small.txt'], 40)
        t.ends('pipeline', SERVER, str(port), '6', '/small.txt', '/noise.bin')
        for name in ('small.txt', 'noise.bin'):
            t.say(port, 'GET', '/' + name, 200, 6)
            t.file('/' + name, data[name], 6)
    t.curl('-o', '/dev/null', '-H', 'Accept-Encoding: br', 'http://%s:81/words.txt' % SERVER)
    t.say(81, 'GET', '/words.txt', 200)
    t.file('/words.txt', data['words.txt'])
    t.curl('-o', '/dev/null', 'http://%s:8080/drip/noise.bin' % SERVER)
    t.say(8080, 'GET', '/drip/noise.bin', 200)
    t.file('/drip/noise.bin', data['noise.bin'])
    t.ends('slow', SERVER, '80', '/small.txt')
    t.say(80, 'GET', '/small.txt', 200)
    t.file('/small.txt', data['small.txt'])
    t.curl('-o', '/dev/null', 'http://%s:8083/close' % SERVER)
    t.say(8083, 'GET', '/close', 200)
    t.file('/close', b''.join(b'line %d\n' % i for i in range(50)))


def send(t, data):
    """Uploads: PUT with and without 100-continue, forms, chunks, an encoded body."""
    up = t.tmp + '/up.bin'
    t.curl('-o', '/dev/null', '-T', up, '-H', 'Expect: 100-continue', 'http://%s:80/put/up.bin' % SERVER)
    t.say(80, 'PUT', '/put/up.bin', 201)
    t.file('/put/up.bin', data['up.bin'])
    text = t.curl('-T', up, '-H', 'Transfer-Encoding: chunked', '-H', 'Expect:', 'http://%s:8080/sink' % SERVER)
    t.say(8080, 'PUT', '/sink', 200)
    t.file('/sink', data['up.bin'])
    t.file('/sink', text.encode())
    text = t.ends('stream', SERVER, '8080', '/sink', t.tmp + '/chunks.bin')
    t.say(8080, 'PUT', '/sink', 200)
    t.file('/sink', data['chunks.bin'])
    t.file('/sink', text.encode())
    t.curl('-o', '/dev/null', '-F', 'a=b', '-F', 'f=@%s/form1.bin' % t.tmp, '-F', 'g=@%s/form2.txt' % t.tmp,
           'http://%s:8080/sink' % SERVER)
    t.ends('form', SERVER, '8080', '/sink', t.tmp + '/form1.bin', t.tmp + '/form2.txt')
    t.say(8080, 'POST', '/sink', 200, 2)
    t.file('form1.bin', data['form1.bin'], 2)
    t.file('form2.txt', data['form2.txt'], 2)


def change(t, data):
    """Connections that become something else, or end early."""
    t.curl('-o', '/dev/null', '-p', '-x', 'http://%s:8082' % SERVER, 'http://%s:80/small.txt' % SERVER)
    t.say(8082, 'CONNECT', '%s:80' % SERVER, 200)
    t.say(8082, 'GET', '/small.txt', 200)
    t.file('/small.txt', data['small.txt'])
    # What the proxy asks for on its own machine stays on it.
    t.ends('websocket', SERVER, '8081')
    t.say(8081, 'GET', '/chat', 101)
    t.run('curl', '-s', '-o', '/dev/null', '--max-time', '5', 'http://%s:80/small.txt' % SERVER)
    t.say(80, 'GET', '/small.txt', 200)
    t.file('/small.txt', data['small.txt'])
    t.net.run(t.ns, 'curl', '-s', '-o', '/dev/null', 'http://%s:8083/reset' % SERVER, check=False)
    t.say(8083, 'GET', '/reset', 200)
    t.ends('cut', SERVER, '80', '/noise.bin')
    t.say(80, 'GET', '/noise.bin', 200)


def begin_servers(network, ns, tmp):
    write(tmp + '/nginx.conf', NGINX % {'tmp': tmp})
    write(tmp + '/apache.conf', APACHE % {'tmp': tmp})
    quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    network.start(ns, 'nginx', '-c', tmp + '/nginx.conf', **quiet)
    network.start(ns, 'apache2', '-DFOREGROUND', '-f', tmp + '/apache.conf', **quiet)
    own = network.start(ns, '/usr/bin/python3', ENDS, 'serve', tmp + '/www', stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    ready = own.stdout.readline() == b'ready\n'
    for port in ('80', '81'):
        end = time.monotonic() + 10
        while time.monotonic() < end and network.run(ns, 'curl', '-s', 'http://127.0.0.1:%s/small.txt' % port, check=False).returncode:
            time.sleep(0.05)
    return ready


def capture(network, ns, tmp):
    path = tmp + '/wire.pcap'
    # Without a change of user: the folder is ours.
    child = network.start(ns, 'tcpdump', '-Z', 'root', '-B', '16384', '-s', '0', '--immediate-mode', '-U', '-n', '-i', 's0', '-w', path, 'tcp',
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    child.stderr.readline()
    return child, path


def told(recs):
    return collections.Counter((r['dest_port'], r['http'].get('http_method'), r['http'].get('url'), r['http'].get('status'))
                               for r in of_type(recs, 'http'))


def files_of(recs):
    return collections.Counter((r['fileinfo']['filename'], r['fileinfo'].get('sha256'), r['fileinfo']['size'])
                               for r in of_type(recs, 'fileinfo'))


def examine(t, traffic, path):
    out = traffic.tmp + '/out'
    os.mkdir(out)
    write(traffic.tmp + '/store.yaml', STORE)
    done = run([WEIR, 'run', '-r', path, '--disable-detection', '-c', traffic.tmp + '/store.yaml', '-l', out, '-k', 'none'])
    t.ok(done.code == 0, 'weir reads the capture', done)
    recs = records(out + '/eve.json')
    got = told(recs)
    t.ok(got == traffic.said, 'each of %d requests has its record' % sum(traffic.said.values()),
         'missing: %s' % (traffic.said - got), 'extra: %s' % (got - traffic.said))
    files = files_of(recs)
    t.ok(not traffic.files - files, 'each of %d files has its record, with the digest of the original' % sum(traffic.files.values()),
         'missing: %s' % (traffic.files - files), 'extra: %s' % (files - traffic.files))
    lost = [f for f in traffic.files if not os.path.exists('%s/filestore/%s/%s' % (out, f[1][:2], f[1]))]
    t.ok(not lost, 'each is extracted', lost)
    wrong = [f for f in glob.glob(out + '/filestore/??/*') if len(os.path.basename(f)) == 64 and
             sha(open(f, 'rb').read()) != os.path.basename(f)]
    t.ok(not wrong, 'what is extracted is what its name says', wrong)
    cut = [r['fileinfo']['state'] for r in of_type(recs, 'fileinfo') if r['fileinfo']['filename'] == '/reset']
    t.ok(cut == ['CLOSED'], 'a file whose connection was reset ends there', cut)
    odd = [r['anomaly'] for r in of_type(recs, 'anomaly')]
    t.ok(not odd, 'nothing of it is an anomaly', odd[:5])
    ranges = [(r['fileinfo'].get('start'), r['fileinfo'].get('end')) for r in of_type(recs, 'fileinfo')
              if r['http'].get('status') == 206]
    t.ok(ranges == [(1000, 50999)] * 2, 'a part of a file says which', ranges)


def as_oracle(r, kind):
    return json.dumps([r['src_ip'], r.get('src_port'), r['dest_ip'], r.get('dest_port'), r.get('tx_id'), r[kind]], sort_keys=True)


def same_as_oracle(t, tmp, path):
    if not os.path.exists(oracle.ROOT + '/etc/suricata/suricata.yaml') or os.geteuid() != 0:
        t.skip('the oracle', 'it is not installed')
        return
    out = tmp + '/plain'
    os.mkdir(out)
    run([WEIR, 'run', '-r', path, '--disable-detection', '-l', out, '-k', 'none'])
    server = oracle.Server(oracle.ROOT, '', oracle.parsers_off(oracle.ROOT, ('http',)))
    try:
        server.read(path, tmp + '/oracle.json')
    finally:
        server.close()
    own, other = records(out + '/eve.json'), records(tmp + '/oracle.json')
    for kind in ('http', 'fileinfo'):
        a = collections.Counter(as_oracle(r, kind) for r in of_type(own, kind))
        b = collections.Counter(as_oracle(r, kind) for r in of_type(other, kind))
        t.ok(a == b, 'the %d %s records are those of the oracle' % (sum(b.values()), kind),
             *(['missing: ' + x for x in list(b - a)[:8]] + ['extra: ' + x for x in list(a - b)[:8]]))


def main():
    missing = [x for x in PROGRAMS if not shutil.which(x)]
    modules = run(['/usr/bin/python3', '-c', 'import aiohttp, websockets']).code
    if os.geteuid() != 0 or missing or modules:
        print('1..0 # SKIP needs root, %s, python3-aiohttp and python3-websockets' % ', '.join(PROGRAMS))
        return 0
    t, tmp, network = Tap(), tempfile.mkdtemp(prefix='weir-programs-'), net.Net()
    os.chmod(tmp, 0o755)
    try:
        try:
            srv, cli = network.namespace('server'), network.namespace('client')
            network.veth(srv, 's0', cli, 'c0')
        except (OSError, subprocess.CalledProcessError) as e:
            print('1..0 # SKIP no namespaces: %s' % e)
            return 0
        for ns, port, address in ((srv, 's0', SERVER), (cli, 'c0', CLIENT)):
            net.sh('ip', '-n', ns, 'address', 'add', address + '/24', 'dev', port)
            network.plain(ns, port)
        data = content(tmp)
        t.ok(begin_servers(network, srv, tmp), 'the servers are up')
        dump, path = capture(network, srv, tmp)
        traffic = Traffic(network, cli, tmp)
        for part in (fetch, send, change):
            part(traffic, data)
        time.sleep(0.5)
        dump.send_signal(signal.SIGINT)
        dump.wait()
        t.ok(traffic.code == 0, 'the clients had their answers')
        examine(t, traffic, path)
        same_as_oracle(t, tmp, path)
    finally:
        network.close()
        if t.failed:
            print('# left in %s' % tmp)
        else:
            shutil.rmtree(tmp, ignore_errors=True)
    return t.done()


if __name__ == '__main__':
    sys.exit(main())
