#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/conformance.sh SUITE WEIR OUT: run the core cases of a conformance
# suite (SUITE/conformance.py and SUITE/dev) and fail if fewer pass than
# tests/conformance.floor says, or if a case crashes.
set -uo pipefail
here=$(dirname "$(realpath "$0")")
suite=$1
weir=$(realpath "$2")
out=$3

floor=$(cat "$here/conformance.floor")
/usr/bin/python3 "$suite/conformance.py" --cases "$suite/dev" --weir-bin "$weir" \
	--failures 0 --json "$out/conformance.json" >"$out/conformance.log" 2>&1
status=$?
[ -s "$out/conformance.json" ] || {
	tail -5 "$out/conformance.log"
	exit 1
}
/usr/bin/python3 - "$out/conformance.json" "$floor" "$status" <<'END'
import collections, json, sys

cases = json.load(open(sys.argv[1]))['results']
count = collections.Counter(c['status'] for c in cases)
floor = int(sys.argv[2])
print('conformance: %d of %d core cases pass (floor %d), %s' % (
    count['pass'], len(cases), floor,
    ', '.join('%d %s' % (n, s) for s, n in sorted(count.items()) if s != 'pass') or 'none fails'))
bad = [c['name'] for c in cases if c['status'] in ('crash', 'timeout')]
for name in bad[:20]:
    print('conformance: crash or time out:', name)
sys.exit(1 if count['pass'] < floor or bad else 0)
END
