#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mail from swaks to postfix: envelopes, attachments by their digests, STARTTLS, pipelining; and BDAT by a client of
its own."""
import os
import random
import sys

from wire import SERVER, Wire, of, sha256

MAIN = '''compatibility_level = 3.6
queue_directory = %(tmp)s/spool
data_directory = %(tmp)s/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example
mydestination =
mynetworks = 0.0.0.0/0
inet_interfaces = all
inet_protocols = ipv4
default_transport = discard:
relay_transport = discard:
local_transport = discard:
alias_maps =
alias_database =
maillog_file = %(tmp)s/mail.log
maillog_file_prefixes = %(tmp)s
smtpd_tls_cert_file = %(tmp)s/mail.pem
smtpd_tls_key_file = %(tmp)s/mail.key
smtpd_tls_security_level = may
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
message_size_limit = 50000000
smtpd_client_connection_rate_limit = 0
'''
MASTER = '''smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
'''
CONFIG = '''outputs:
  - eve-log:
      enabled: yes
      types: [smtp: {extended: yes, custom: [subject, date]}, files: {force-hash: [sha256]}, tls: {extended: yes}, anomaly, alert]
stream: {reassembly: {depth: 0}}
app-layer: {protocols: {smtp: {mime: {extract-urls: yes}}}}
'''
BDAT = '''import socket
s = socket.create_connection(("%s", 25))
f = s.makefile("rb")
def hear():
    while True:
        line = f.readline()
        if line[3:4] != b"-":
            return line
def say(data):
    s.sendall(data)
    return hear()
hear()
print(say(b"EHLO bdat.example\\r\\n"), say(b"MAIL FROM:<bdat@a.example>\\r\\n"), say(b"RCPT TO:<to@b.example>\\r\\n"))
body = open("%s", "rb").read()
at = 0
for n in (1, 10, 1000, 70000):
    piece = body[at:at + n]
    at += n
    print(say(b"BDAT %%d\\r\\n" %% len(piece) + piece))
print(say(b"BDAT %%d LAST\\r\\n" %% len(body[at:]) + body[at:]))
print(say(b"QUIT\\r\\n"))
'''


def message(name, content):
    import base64
    return ('From: bdat@a.example\r\nTo: to@b.example\r\nSubject: in chunks\r\nMIME-Version: 1.0\r\n'
            'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n'
            f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'
            'Content-Transfer-Encoding: base64\r\n\r\n').encode() + base64.encodebytes(content).replace(b'\n', b'\r\n') + b'--b--\r\n'


def main():
    with Wire('postfix', 'swaks', 'openssl', 'python3') as w:
        tmp, t = w.tmp, w.tap
        from wire import net
        net.sh('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', tmp + '/mail.key', '-out', tmp + '/mail.pem',
               '-days', '30', '-subj', '/CN=mail.example')
        for folder in ('conf', 'spool', 'data'):
            os.mkdir(f'{tmp}/{folder}')
        net.sh('chown', 'postfix', tmp + '/data')
        for name, text in (('main.cf', MAIN), ('master.cf', MASTER)):
            with open(f'{tmp}/conf/{name}', 'w') as f:
                f.write(text % {'tmp': tmp} if name == 'main.cf' else text)
        server = w.serve(0, 'postfix', '-c', tmp + '/conf', 'start-fg')

        def listens():
            return server.poll() is None and ':25 ' in w.net.run(w.server, 'ss', '-lnt').stdout
        try:
            w.until(listens, 'postfix')
        except RuntimeError:
            if server.poll() is not None:
                w.tap.skip('mail', f'postfix does not run here: {server.returncode}')
                return w.tap.done()
            raise
        files, rng = {}, random.Random(25)
        for i, size in enumerate((0, 1, 2, 3, 57, 58, 4096, 300000)):
            files[f'file{i}.bin'] = rng.randbytes(size)
        files['text.txt'] = b'.\r\n..\r\nlines that begin with dots\r\n.\r\n'
        files['chunks.bin'] = rng.randbytes(200000)
        for name, data in files.items():
            with open(f'{tmp}/{name}', 'wb') as f:
                f.write(data)
        with open(tmp + '/chunked', 'wb') as f:
            f.write(message('chunks.bin', files['chunks.bin']))
        swaks = ['swaks', '--server', SERVER, '--ehlo', 'client.example', '--suppress-data']
        for name in files:
            if name != 'chunks.bin':
                w.run(*swaks, '--from', f'{name}@a.example', '--to', 'to@b.example', '--header', f'Subject: about {name}', '--attach-name', name,
                      '--attach-type', 'application/octet-stream', '--attach', f'@{tmp}/{name}')
        w.run(*swaks, '--from', 'many@a.example', '--to', ','.join(f'r{i}@b.example' for i in range(20)), '--pipeline', '--body',
              'see http://www.example/path and http://other.example/')
        w.run(*swaks, '--from', 'secret@a.example', '--to', 'to@b.example', '--tls', '--attach', f'@{tmp}/file6.bin')
        w.run(*swaks, '--from', 'refused@a.example', '--to', 'nobody@', '--quit-after', 'RCPT')
        with open(tmp + '/bdat.py', 'w') as f:
            f.write(BDAT % (SERVER, tmp + '/chunked'))
        bdat = w.run('python3', tmp + '/bdat.py')
        w.end()
        events = w.weir(CONFIG, 'alert smtp any any -> any any (smtp.rcpt_to; content:"r19@"; sid:1;)\n'
                                'alert smtp any any -> any any (file.data; content:"lines that begin"; sid:2;)\n'
                                'alert smtp any any -> any any (email.subject; content:"file7"; sid:3;)\n')
        smtp, info = of(events, 'smtp'), {e['fileinfo']['filename']: e['fileinfo'] for e in of(events, 'fileinfo')}
        for name, data in files.items():
            told = info.get(name)
            if not data:
                continue
            t.ok(told and told.get('sha256') == sha256(data) and told['size'] == len(data) and told['state'] == 'CLOSED',
                 f'attachment of {len(data)} bytes: {name}', told, sha256(data), bdat.stdout if name == 'chunks.bin' else '')
        by_from = {e['smtp'].get('mail_from'): e for e in smtp}
        for name in files:
            if name == 'chunks.bin':
                continue
            e = by_from.get(f'<{name}@a.example>', {'smtp': {}, 'email': {}})
            t.ok(e['smtp'].get('helo') == 'client.example' and e['smtp'].get('rcpt_to') == ['<to@b.example>'] and
                 e['email'].get('subject') == f'about {name}' and e['email'].get('attachment', [name]) == [name], f'record of {name}', e)
        e = by_from.get('<many@a.example>', {'smtp': {}, 'email': {}})
        t.ok(e['smtp'].get('rcpt_to') == [f'<r{i}@b.example>' for i in range(20)], 'twenty recipients, pipelined', e)
        t.ok(set(e['email'].get('url', ())) == {'www.example/path', 'other.example/'}, 'URLs of the text', e)
        e = by_from.get('<bdat@a.example>', {'smtp': {}, 'email': {}})
        t.ok(e['email'].get('subject') == 'in chunks' and e['smtp'].get('helo') == 'bdat.example', 'a mail in chunks', e, bdat.stdout, bdat.stderr)
        tls = of(events, 'tls')
        t.ok(len(tls) == 1 and tls[0]['tls'].get('from_proto') == 'smtp' and tls[0]['tls'].get('version') == 'TLS 1.3', 'STARTTLS', tls)
        t.ok('<secret@a.example>' not in by_from, 'and what comes behind is not seen')
        t.ok(not of(events, 'anomaly'), 'nothing is odd', *of(events, 'anomaly'))
        sids = sorted(a['alert']['signature_id'] for a in of(events, 'alert'))
        t.ok(sids == [1, 2, 3], 'rules see recipients, files and fields', sids)
        return t.done()


if __name__ == '__main__':
    sys.exit(main())
