#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""FTP between vsftpd and lftp, active and passive, over PORT, PASV, EPRT and EPSV: each file by its digest, each data
connection tied to the one that asked for it."""
import os
import random
import sys

from wire import CLIENT, SERVER, Wire, of, sha256

VSFTPD = '''listen=YES
background=NO
anonymous_enable=YES
local_enable=NO
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
anon_root=%(tmp)s/ftp
secure_chroot_dir=%(tmp)s/empty
pasv_min_port=40000
pasv_max_port=40100
connect_from_port_20=YES
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
one_process_model=NO
ftpd_banner=files of example
no_anon_password=NO
'''
CONFIG = '''outputs:
  - eve-log:
      enabled: yes
      types: [ftp, files: {force-hash: [sha256]}, anomaly, flow, alert]
stream: {reassembly: {depth: 0}}
'''


def main():
    with Wire('vsftpd', 'lftp') as w:
        tmp, t = w.tmp, w.tap
        for folder in ('ftp', 'ftp/in', 'empty'):
            os.mkdir(f'{tmp}/{folder}')
            os.chmod(f'{tmp}/{folder}', 0o755)
        os.chmod(tmp + '/ftp/in', 0o777)
        files, rng = {}, random.Random(21)
        for i, size in enumerate((1, 1000, 2000000)):
            files[f'down{i}'] = rng.randbytes(size)
            files[f'up{i}'] = rng.randbytes(size)
        for name, data in files.items():
            with open(f'{tmp}/ftp/{name}' if name.startswith('down') else f'{tmp}/{name}', 'wb') as f:
                f.write(data)
        with open(tmp + '/vsftpd.conf', 'w') as f:
            f.write(VSFTPD % {'tmp': tmp})
        w.serve(21, 'vsftpd', tmp + '/vsftpd.conf')
        ways = {'passive': 'set ftp:passive-mode on; set ftp:prefer-epsv off', 'active': 'set ftp:passive-mode off',
                'extended': 'set ftp:passive-mode on; set ftp:prefer-epsv on'}
        for way, how in ways.items():
            os.mkdir(f'{tmp}/{way}')
            done = w.run('lftp', '-e', f'set net:max-retries 1; set net:timeout 5; set ftp:use-tvfs no; set ftp:sync-mode on; {how}; ls; ' +
                         '; '.join(f'get {n} -o {tmp}/{way}/{n}' if n.startswith('down') else f'put {tmp}/{n} -o in/{way}.{n}' for n in files) +
                         '; bye', SERVER)
            whole = done.returncode == 0
            for name, data in files.items():
                path = f'{tmp}/{way}/{name}' if name.startswith('down') else f'{tmp}/ftp/in/{way}.{name}'
                with open(path, 'rb') as f:
                    whole = whole and f.read() == data
            t.ok(whole, f'{way}: lftp and vsftpd agree', done.stderr)
        w.end()
        events = w.weir(CONFIG, 'alert ftp-data any any -> any any (ftpdata_command:stor; sid:1;)\n'
                                'alert ftp any any -> any any (ftp.command; content:"RETR"; ftp.command_data; content:"down1"; sid:2;)\n')
        controls = {e['flow_id'] for e in of(events, 'ftp')}
        info = {}
        for e in of(events, 'fileinfo'):
            info.setdefault(e['fileinfo']['filename'], []).append(e)
        for name, data in files.items():
            told = [e for n, es in info.items() for e in es if n == name or n.endswith('.' + name)]
            good = [e for e in told if e['fileinfo'].get('sha256') == sha256(data) and e['fileinfo']['size'] == len(data) and
                    e.get('parent_id') in controls and e['fileinfo']['state'] == 'CLOSED' and
                    e['src_ip'] == (SERVER if name.startswith('down') else CLIENT)]
            t.ok(len(good) == len(told) == 3, f'{name}: {len(data)} bytes, three times', *told)
        data = of(events, 'ftp_data')
        commands = sorted(e['ftp_data']['command'] for e in data)
        t.ok(commands == ['LIST'] * 3 + ['RETR'] * 9 + ['STOR'] * 9, 'each data connection has its command', commands)
        ftp = of(events, 'ftp')
        modes = {(e['ftp'].get('command'), e['ftp'].get('mode')) for e in ftp if e['ftp'].get('dynamic_port')}
        t.ok(modes >= {('PASV', 'passive'), ('PORT', 'active')}, 'both modes, with their ports', modes)
        t.ok(all(e['ftp'].get('reply_received') == 'yes' for e in ftp if 'command' in e['ftp']), 'each command has its reply',
             *[e for e in ftp if e['ftp'].get('reply_received') != 'yes'])
        t.ok(not of(events, 'anomaly'), 'nothing is odd', *of(events, 'anomaly'))
        sids = [a['alert']['signature_id'] for a in of(events, 'alert')]
        t.ok(sids.count(1) == 18 and sids.count(2) == 3, 'rules see data connections and commands', sids)
        protos = {e['app_proto'] for e in of(events, 'flow') if e['proto'] == 'TCP' and e['flow']['pkts_toclient'] > 3}
        t.ok(protos == {'ftp', 'ftp-data'}, 'no flow is anything else', protos)
        return t.done()


if __name__ == '__main__':
    sys.exit(main())
