# SPDX-License-Identifier: Apache-2.0
"""alerts.py - do two EVE files tell the same alerts?

An alert of a transaction counts once for each rule and transaction, another once for each rule and flow: Suricata
alerts twice where a payload rule looks at the packet and at the stream, and once for each piece of a stream that it
happens to look at.
"""
import collections
import json


def key_of(event):
    a = event['alert']
    ends = ((event.get('src_ip'), event.get('src_port')), (event.get('dest_ip'), event.get('dest_port')))
    rule = (a.get('gid', 1), a['signature_id'], event.get('proto'))
    if 'tx_id' in event:
        return rule + ends + (event['tx_id'],)
    return rule + tuple(sorted(ends, key=str))


def alerts_in(path):
    """Folded alerts and how many lines they were."""
    found, lines = set(), 0
    try:
        with open(path, 'rb') as f:
            for line in f:
                if b'"event_type":"alert"' in line:
                    lines += 1
                    found.add(key_of(json.loads(line)))
    except OSError:
        pass
    return found, lines


def compare(weir, suricata):
    """What a report needs: counts, and the rules of what only one of them has."""
    have, weir_lines = alerts_in(weir)
    want, suricata_lines = alerts_in(suricata)

    def rules(keys):
        return ['%d:%d x%d' % (gid, sid, n) for (gid, sid), n in collections.Counter(
            (k[0], k[1]) for k in keys).most_common(10)]
    return {'weir': len(have), 'suricata': len(want), 'same': len(have & want), 'only_weir': len(have - want),
            'only_suricata': len(want - have), 'weir_records': weir_lines, 'suricata_records': suricata_lines,
            'rules_only_weir': rules(have - want), 'rules_only_suricata': rules(want - have)}
