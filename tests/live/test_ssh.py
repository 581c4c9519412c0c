#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""OpenSSH at both ends, with whatever key exchanges, ciphers and MACs it has: what both say of themselves, hassh as tshark
computes it, and nothing but the handshake is parsed."""
import os
import re
import subprocess
import sys

from wire import SERVER, Wire, net, of

CONFIG = '''outputs:
  - eve-log: {enabled: yes, types: [ssh, anomaly, flow, alert]}
app-layer: {protocols: {ssh: {hassh: yes, detection-ports: {dp: "22,2222"}}}}
'''
SSHD = '''Port 22
HostKey %(tmp)s/host
PidFile none
AuthorizedKeysFile %(tmp)s/user.pub
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KexAlgorithms +diffie-hellman-group14-sha1
Ciphers +aes128-cbc
'''


def offered(kind):
    return net.sh('ssh', '-Q', kind).stdout.split()


def main():
    with Wire('sshd', 'ssh', 'ssh-keygen') as w:
        tmp, t = w.tmp, w.tap
        os.makedirs('/run/sshd', exist_ok=True)
        for name in ('host', 'user'):
            net.sh('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', f'{tmp}/{name}')
        with open(tmp + '/sshd', 'w') as f:
            f.write(SSHD % {'tmp': tmp})
        w.serve(22, '/usr/sbin/sshd', '-D', '-f', tmp + '/sshd')
        ssh = ['ssh', '-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes',
               '-o', 'IdentitiesOnly=yes', '-i', tmp + '/user']
        shapes = [[]]
        shapes += [['-o', 'KexAlgorithms=' + k] for k in offered('kex')]
        shapes += [['-o', 'Ciphers=' + c] for c in offered('cipher')[::2]]
        shapes += [['-o', 'MACs=' + m + ',hmac-sha2-256'] for m in offered('mac')[::2]]
        shapes += [['-C'], ['-o', 'HostKeyAlgorithms=ssh-ed25519']]
        bulk = w.run(*ssh, 'root@' + SERVER, 'head -c 3000000 /dev/zero')
        for at in range(0, len(shapes), 6):
            for child in [w.net.start(w.client, *ssh, *shape, 'root@' + SERVER, 'true', stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL) for shape in shapes[at:at + 6]]:
                child.wait(timeout=30)
        w.end()
        events = w.weir(CONFIG, 'alert ssh any any -> any any (ssh.software; content:"OpenSSH"; sid:1;)\n')
        sessions = of(events, 'ssh')
        version = re.search(r'(OpenSSH_\S+)', net.sh('ssh', '-V').stderr).group(1).rstrip(',')
        t.ok(len(bulk.stdout) == 3000000, 'the server takes a client in', bulk.stderr)
        t.ok(len(sessions) == len(shapes) + 1, 'each connection has a record', len(sessions), len(shapes) + 1)
        wrong = [s for s in sessions for side in ('client', 'server') if s['ssh'].get(side, {}).get('proto_version') != '2.0' or
                 not s['ssh'][side]['software_version'].startswith(version)]
        t.ok(not wrong, 'both say what they are', *wrong)
        rows = w.tshark('ssh.kex.hassh or ssh.kex.hasshserver', 'tcp.srcport', 'tcp.dstport', 'ssh.kex.hassh', 'ssh.kex.hasshserver',
                        'ssh.kex.hassh_algorithms', 'ssh.kex.hasshserver_algorithms')
        if rows is None:
            t.skip('hassh', 'no tshark')
        else:
            theirs = {}
            for sport, dport, hassh, hasshserver, text, server_text in rows:
                if hassh:
                    theirs[int(sport), 'client'] = (hassh, text)
                if hasshserver:
                    theirs[int(dport), 'server'] = (hasshserver, server_text)
            wrong = [(s['src_port'], side, s['ssh'][side].get('hassh'), theirs.get((s['src_port'], side))) for s in sessions
                     for side in ('client', 'server')
                     if (s['ssh'][side].get('hassh', {}).get('hash'), s['ssh'][side].get('hassh', {}).get('string')) !=
                     theirs.get((s['src_port'], side))]
            t.ok(not wrong, 'hassh is what tshark computes, both ways', *wrong)
            different = {s['ssh']['client']['hassh']['hash'] for s in sessions if 'hassh' in s['ssh']['client']}
            t.ok(len(different) >= 15, 'of many different clients', len(different))
        t.ok(not of(events, 'anomaly'), 'nothing is odd', *of(events, 'anomaly'))
        t.ok(len(of(events, 'alert')) >= len(sessions), 'rules see the software')
        flow = max(of(events, 'flow'), key=lambda e: e['flow']['bytes_toclient'])
        t.ok(flow['app_proto'] == 'ssh' and flow['flow']['bytes_toclient'] > 3000000, 'the long one is counted to its end', flow)
        return t.done()


if __name__ == '__main__':
    sys.exit(main())
