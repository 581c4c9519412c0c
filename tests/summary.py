#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""summary.py EVE: what an EVE file says, in a page: records by type, the alerts by rule, the busiest hosts."""
import collections
import json
import sys


def main():
    types = collections.Counter()
    alerts = collections.Counter()
    first = {}
    sources = collections.Counter()
    anomalies = collections.Counter()
    with open(sys.argv[1]) as eve:
        for line in eve:
            r = json.loads(line)
            types[r['event_type']] += 1
            if r['event_type'] == 'alert':
                a = r['alert']
                key = (a['severity'], a['signature_id'], a['signature'])
                alerts[key] += 1
                first.setdefault(key, '%s -> %s' % (r.get('src_ip', '?'), r.get('dest_ip', '?')))
                sources[r.get('src_ip', '?')] += 1
            elif r['event_type'] == 'anomaly':
                anomalies[r['anomaly'].get('event', '?')] += 1
    print('records:  ' + ', '.join('%d %s' % (n, t) for t, n in types.most_common()))
    print()
    print('%6s  %3s  %-10s  %-52s  %s' % ('alerts', 'sev', 'sid', 'rule', 'first seen'))
    for key, n in sorted(alerts.items(), key=lambda kv: (kv[0][0], -kv[1], kv[0][1]))[:25]:
        print('%6d  %3d  %-10d  %-52s  %s' % (n, key[0], key[1], key[2][:52], first[key]))
    if not alerts:
        print('        none')
    print()
    print('from:     ' + (', '.join('%s (%d)' % s for s in sources.most_common(5)) or 'nobody'))
    if anomalies:
        print('odd:      ' + ', '.join('%s (%d)' % s for s in anomalies.most_common(6)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
