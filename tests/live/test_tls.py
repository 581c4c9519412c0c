#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TLS between openssl, nginx and curl in every version, and hellos of SSL 2.0 and 3.0: what openssl says of the certificates
stands in the records, and fingerprints of more than 50 different hellos are those that tshark computes."""
import collections
import datetime
import os
import re
import subprocess
import sys

from wire import SERVER, Wire, of

SUBJECT = '/C=DE/ST=Berlin/L=Mitte/O=Example, Inc./OU=Test/CN=server.example/emailAddress=x@server.example'
TOLD = 'C=DE, ST=Berlin, L=Mitte, O=Example, Inc., OU=Test, CN=server.example, Email=x@server.example'
NAMES = 'DNS:server.example,DNS:*.server.example,IP:192.0.2.1'
CONFIG = '''outputs:
  - eve-log:
      enabled: yes
      types:
        - tls:
            custom: [subject, issuer, session_resumed, serial, fingerprint, sni, version, not_before, not_after, certificate,
                     chain, ja3, ja3s, ja4, client, client_certificate, client_chain, subjectaltname, client_alpns, server_alpns]
            session-resumption: yes
        - anomaly
app-layer: {protocols: {tls: {ja3-fingerprints: yes, ja4-fingerprints: yes, detection-ports: {dp: "443-600"}}}}
'''
WEAK = 'ALL:@SECLEVEL=0'
VERSIONS = {'-tls1': 'TLSv1', '-tls1_1': 'TLS 1.1', '-tls1_2': 'TLS 1.2', '-tls1_3': 'TLS 1.3'}
NGINX = '''user root;
daemon off;
pid %(tmp)s/nginx.pid;
error_log %(tmp)s/nginx.log;
events { }
http {
  access_log off;
  client_body_temp_path %(tmp)s/a; proxy_temp_path %(tmp)s/a; fastcgi_temp_path %(tmp)s/a; uwsgi_temp_path %(tmp)s/a;
  scgi_temp_path %(tmp)s/a;
  server {
    listen 500 ssl http2;
    ssl_certificate %(tmp)s/server.pem; ssl_certificate_key %(tmp)s/server.key; ssl_protocols TLSv1.2 TLSv1.3;
    location / { return 200 "hello"; }
  }
}
'''
# Whatever makes one hello differ from another.
SHAPES = [['-servername', 'a.example'], ['-noservername'], ['-alpn', 'h2,http/1.1'], ['-alpn', 'http/1.0'], ['-curves', 'X25519'],
          ['-curves', 'P-256:P-384'], ['-sigalgs', 'RSA+SHA256:RSA-PSS+SHA256'], ['-no_ticket'], ['-status'],
          ['-nextprotoneg', 'a'], ['-no_etm'], ['-legacy_renegotiation'], ['-maxfraglen', '1024']]
CIPHERS = ['ALL:@SECLEVEL=0', 'ECDHE+AESGCM', 'CHACHA20:AES256-SHA', 'AES128-SHA']


def openssl(*args):
    return subprocess.run(['openssl', *args], capture_output=True, text=True, check=True).stdout


def certificates(tmp):
    """A root, the server's certificate, a client's."""
    with open(tmp + '/ext', 'w') as f:
        f.write('subjectAltName=' + NAMES + '\n')
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', tmp + '/ca.key', '-out', tmp + '/ca.pem', '-days', '30',
            '-subj', '/O=Example Root/CN=root.example')
    for name, subject in (('server', SUBJECT), ('client', '/O=Example/CN=client.example')):
        openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{tmp}/{name}.key', '-out', f'{tmp}/{name}.csr', '-subj', subject)
        more = ['-extfile', tmp + '/ext'] if name == 'server' else []
        openssl('x509', '-req', '-in', f'{tmp}/{name}.csr', '-CA', tmp + '/ca.pem', '-CAkey', tmp + '/ca.key', '-CAcreateserial',
                '-days', '30', '-out', f'{tmp}/{name}.pem', *more)


def said_by_openssl(path):
    text = openssl('x509', '-in', path, '-noout', '-serial', '-fingerprint', '-sha1', '-dates')
    serial = re.search(r'serial=(\w+)', text).group(1)
    if int(serial[0], 16) >= 8:
        # DER has an octet for the sign, which records show; openssl prints the number.
        serial = '00' + serial
    dates = [datetime.datetime.strptime(re.search(f'{what}=(.*)', text).group(1), '%b %d %H:%M:%S %Y %Z').strftime(
        '%Y-%m-%dT%H:%M:%S') for what in ('notBefore', 'notAfter')]
    der = openssl('x509', '-in', path, '-outform', 'PEM').split('-----')[2].replace('\n', '')
    return {'serial': ':'.join(serial[i:i + 2] for i in range(0, len(serial), 2)),
            'fingerprint': re.search(r'Fingerprint=(\S+)', text).group(1).lower(), 'notbefore': dates[0], 'notafter': dates[1],
            'certificate': der}


def old_hello(version):
    """SSL 2.0's form of a hello, for this version; and SSL 3.0's own."""
    if version == 2:
        body = b'\x01\x00\x02' + b'\x00\x06' + b'\x00\x00' + b'\x00\x10' + b'\x01\x00\x80\x07\x00\xc0' + bytes(range(16))
        return (0x8000 | len(body)).to_bytes(2, 'big') + body
    hello = b'\x03\x00' + bytes(32) + b'\x00' + b'\x00\x04\x00\x0a\x00\x05' + b'\x01\x00'
    body = b'\x01' + len(hello).to_bytes(3, 'big') + hello
    return b'\x16\x03\x00' + len(body).to_bytes(2, 'big') + body


def old_answer(der):
    hello = b'\x03\x00' + bytes(32) + b'\x00' + b'\x00\x0a' + b'\x00'
    certificate = len(der).to_bytes(3, 'big') + der
    certificate = len(certificate).to_bytes(3, 'big') + certificate
    out = b''
    for kind, body in ((2, hello), (11, certificate), (14, b'')):
        message = bytes([kind]) + len(body).to_bytes(3, 'big') + body
        out += b'\x16\x03\x00' + len(message).to_bytes(2, 'big') + message
    return out


def speak_old(version, answer):
    """In the namespaces' place: python as the one end or the other."""
    return ('import socket,sys;s=socket.create_connection(("%s",%d));s.sendall(bytes.fromhex("%s"));print(len(s.recv(65536)))'
            % (SERVER, 510 + version, old_hello(version).hex()),
            'import socket\ns=socket.create_server(("",%d))\nc,_=s.accept()\nc.recv(65536)\nc.sendall(bytes.fromhex("%s"))\nc.recv(10)'
            % (510 + version, answer.hex()))


def talk(w, port, *args):
    return w.run('openssl', 's_client', '-connect', f'{SERVER}:{port}', *args).stdout


def check_certificate(t, name, told, path, client=False):
    want = said_by_openssl(path)
    if client:
        want['issuerdn'], want['subject'] = 'O=Example Root, CN=root.example', 'O=Example, CN=client.example'
    else:
        want['issuerdn'], want['subject'] = 'O=Example Root, CN=root.example', TOLD
        want['subjectaltname'] = [n.split(':', 1)[1] for n in NAMES.split(',')]
    wrong = [f'{k}: openssl {v}, told {told.get(k)}' for k, v in want.items() if told.get(k) != v]
    t.ok(not wrong, name, *wrong)


def ends(event):
    """Which session it is: a client takes the same port again for another server."""
    return event['src_port'], event['dest_port']


def said_by_tshark(w, kind, client, server, *fields):
    """Of each session, by its ends and in order, what stands in its first message of this kind."""
    rows = w.tshark(f'tls.handshake.type == {kind}', 'tcp.stream', client, server, *fields)
    if rows is None:
        return None
    said, seen = {}, set()
    for stream, sport, dport, *row in rows:
        if stream not in seen:
            seen.add(stream)
            said.setdefault((int(sport), int(dport)), []).append(row)
    return said


def check_fingerprints(w, t, sessions):
    """Each session's JA3 and JA3S against tshark's, each its own computation."""
    first = said_by_tshark(w, 1, 'tcp.srcport', 'tcp.dstport', 'tls.handshake.ja3', 'tls.handshake.ja3_full')
    if first is None:
        t.skip('fingerprints', 'no tshark')
        return
    servers = said_by_tshark(w, 2, 'tcp.dstport', 'tcp.srcport', 'tls.handshake.ja3s', 'tls.handshake.ja3s_full')
    wrong, hellos, before, compared = [], set(), collections.Counter(), collections.Counter()
    for e in sessions:
        nth = before[ends(e)]
        before[ends(e)] += 1
        for key, rows in (('ja3', first), ('ja3s', servers)):
            told, row = e['tls'].get(key), dict(enumerate(rows.get(ends(e), ()))).get(nth)
            compared[key] += row is not None
            if row and (not told or [told['hash'], told['string']] != row):
                wrong.append((key, told, row))
            if told and key == 'ja3':
                hellos.add(told['string'])
    t.ok(not wrong and min(compared['ja3'], compared['ja3s']) >= 50, 'JA3 and JA3S are those that tshark computes', compared, *wrong)
    t.ok(len(hellos) >= 50, 'of 50 different hellos at least', len(hellos))
    ja4 = {e['tls'].get('ja4') for e in sessions}
    t.ok(all(j is None or re.fullmatch(r'[tq](s2|s3|1[0-3])[di]\d{4}..(_[0-9a-f]{12}){2}', j) for j in ja4), 'JA4 has its form', ja4)


def check_ja4(w, t, sessions):
    """Against Suricata's, where it is installed."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'oracle'))
    import oracle
    if not os.path.exists(oracle.ROOT + '/etc/suricata/suricata.yaml'):
        t.skip('JA4 is Suricata\'s', 'not installed')
        return
    import json
    server = oracle.Server(oracle.ROOT, '', ['--set', 'outputs.1.eve-log.filename=eve.json'])
    try:
        server.read(w.capture, w.tmp + '/oracle.json')
    finally:
        server.close()
    with open(w.tmp + '/oracle.json') as f:
        theirs = {ends(e): e['tls'].get('ja4') for e in map(json.loads, f) if e['event_type'] == 'tls'}
    mine = {ends(e): e['tls'].get('ja4') for e in sessions}
    wrong = [(p, theirs[p], mine.get(p)) for p in theirs if theirs[p] != mine.get(p) and not theirs[p].startswith('t00')]
    t.ok(len(theirs) >= 50 and not wrong, 'JA4 is Suricata\'s', len(theirs), *wrong)
    t.ok(theirs.keys() == mine.keys(), 'and so are the sessions that have a record', theirs.keys() ^ mine.keys())


def main():
    with Wire('openssl', 'nginx', 'curl', 'python3') as w:
        tmp, t = w.tmp, w.tap
        certificates(tmp)
        keys = ['-cert', tmp + '/server.pem', '-key', tmp + '/server.key', '-cert_chain', tmp + '/ca.pem', '-quiet', '-rev']
        w.serve(443, 'openssl', 's_server', '-port', '443', '-cipher', WEAK, *keys)
        w.serve(444, 'openssl', 's_server', '-port', '444', '-Verify', '1', '-CAfile', tmp + '/ca.pem', *keys)
        with open(tmp + '/nginx.conf', 'w') as f:
            f.write(NGINX % {'tmp': tmp})
        w.serve(500, 'nginx', '-c', tmp + '/nginx.conf', '-p', tmp)
        versions = []
        for flag in VERSIONS:
            talk(w, 443, flag, '-cipher', WEAK, '-servername', f'v{flag[1:].replace("_", "-")}.example')
            versions.append(f'v{flag[1:].replace("_", "-")}.example')
        for flag in ('-tls1_2', '-tls1_3'):
            talk(w, 444, flag, '-servername', f'client{flag[1:].replace("_", "-")}.example', '-cert', tmp + '/client.pem', '-key',
                 tmp + '/client.key')
        for i in (1, 2):
            talk(w, 443, '-tls1_2', '-cipher', WEAK, '-servername', f'again{i}.example', *(['-sess_out', tmp + '/sess'] if i == 1 else
                                                                                  ['-sess_in', tmp + '/sess']))
        for version in ('1.2', '1.3'):
            w.run('curl', '-sk', '--resolve', f'curl{version}.example:500:{SERVER}', '--tls-max', version, f'https://curl{version}.example:500/')
        for flag in ('-tls1_2', '-tls1_3'):
            for shape in SHAPES:
                for c in CIPHERS[:2] if flag == '-tls1_3' else CIPHERS:
                    talk(w, 443, flag, '-cipher', c, *shape)
        for c in ('TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384'):
            talk(w, 443, '-tls1_3', '-ciphersuites', c)
        der = bytes.fromhex(subprocess.run(['openssl', 'x509', '-in', tmp + '/server.pem', '-outform', 'DER'], capture_output=True,
                                           check=True).stdout.hex())
        for version in (2, 3):
            ask, serve = speak_old(version, old_answer(der) if version == 3 else b'\x80\x03\x00\x00\x01')
            w.serve(510 + version, 'python3', '-c', serve)
            w.run('python3', '-c', ask)
        w.end()
        events = w.weir(CONFIG)
        sessions = of(events, 'tls')
        by_name = {e['tls'].get('sni'): e for e in sessions}
        for flag, name in zip(VERSIONS, versions):
            told = by_name.get(name, {'tls': {}})['tls']
            t.ok(told.get('version') == VERSIONS[flag], f'version of {flag}', told)
            if flag != '-tls1_3':
                check_certificate(t, f'certificate of {flag}', told, tmp + '/server.pem')
                t.ok(len(told.get('chain', ())) == 2, 'its chain', len(told.get('chain', ())))
        told = by_name.get('clienttls1-2.example', {'tls': {}})['tls']
        check_certificate(t, 'a client\'s certificate', told.get('client', {}), tmp + '/client.pem', True)
        check_certificate(t, 'beside the server\'s', told, tmp + '/server.pem')
        t.ok('clienttls1-3.example' in by_name and 'client' not in by_name['clienttls1-3.example']['tls'], 'TLS 1.3 hides both')
        told = by_name.get('again2.example', {'tls': {}})['tls']
        t.ok(told.get('session_resumed') is True and 'subject' not in told, 'a session taken up again', told)
        t.ok('session_resumed' not in by_name['again1.example']['tls'], 'the one before was not')
        for version in ('1.2', '1.3'):
            told = by_name.get(f'curl{version}.example', {'tls': {}})['tls']
            t.ok(told.get('version') == 'TLS ' + version and told.get('client_alpns') == ['h2', 'http/1.1'] and
                 told.get('server_alpns') == (['h2'] if version == '1.2' else None), f'nginx and curl, {version}', told)
        old = {e['dest_port']: e['tls'] for e in sessions if e['dest_port'] in (512, 513)}
        t.ok(old.get(513, {}).get('version') == 'SSLv3' and old[513].get('subject') == TOLD, 'SSL 3.0', old.get(513))
        flows = {e['dest_port']: e for e in of(events, 'flow')} if of(events, 'flow') else {}
        sslv2 = w.weir('outputs:\n  - eve-log: {enabled: yes, types: [alert]}\n',
                       'alert tls any any -> any 512 (ssl_version:sslv2; flow:to_server; sid:1;)\n')
        t.ok(len(of(sslv2, 'alert')) >= 1, 'SSL 2.0', sslv2, flows)
        t.ok('error_message_encountered' in {e['anomaly']['event'].lower() for e in of(events, 'anomaly') if 512 in (e['dest_port'], e['src_port'])},
             'and its error', *of(events, 'anomaly'))
        odd = [e for e in of(events, 'anomaly') if e['dest_port'] not in (512, 513) and e['src_port'] not in (512, 513)]
        t.ok(not odd, 'nothing else is odd', *odd)
        check_fingerprints(w, t, sessions)
        check_ja4(w, t, sessions)
        return t.done()


if __name__ == '__main__':
    sys.exit(main())
