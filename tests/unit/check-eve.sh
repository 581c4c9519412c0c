#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Hold the lines of test_output and of the captures' expected records against docs/eve.schema.json,
# and that against the rules for schemas; together they show every kind of record.  Needs Debian's python3-jsonschema; without it the test is skipped.
set -eu
src=${abs_top_srcdir:-.}
build=${abs_top_builddir:-.}
python=${PYTHON3:-python3}

if ! "$python" -c 'import jsonschema' 2>/dev/null; then
	echo "1..0 # SKIP python3-jsonschema is not installed"
	exit 0
fi
work=$(mktemp -d)
lines=$work/lines
trap 'rm -rf "$work"' EXIT
WEIR_EVE_LINES=$lines "$build/tests/unit/test_output" >/dev/null 2>&1 || true
cat "$src"/tests/pcap/*.eve >>"$lines"
# Packets with their session are among no capture's expected records.
printf '%s\n' '%YAML 1.1' '---' 'outputs:' '  - eve-log:' '      enabled: yes' '      types:' '        - stream:' \
	'            all: yes' >"$work/stream.yaml"
"$build/weir" run -r "$src/tests/pcap/http.pcap" -c "$work/stream.yaml" --disable-detection -l "$work" >/dev/null 2>&1 || true
grep '"event_type":"stream_tcp"' "$work/eve.json" >>"$lines" || true
echo "1..3"
"$python" - "$src/docs/eve.schema.json" "$lines" <<'PYTHON'
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
validator = jsonschema.validators.validator_for(schema)


def tell(number, held, what):
    print("ok" if held else "not ok", number, "-", what)


try:
    validator.check_schema(schema)
    tell(1, True, "the schema is one")
except jsonschema.SchemaError as e:
    print("#", e.message)
    tell(1, False, "the schema is one")

kinds = {}
for kind, definition in schema["$defs"].items():
    kinds[kind] = validator({**definition, "$defs": schema["$defs"]})
records = [json.loads(line) for line in open(sys.argv[2])]
wrong = 0
for record in records:
    for e in kinds[record["event_type"]].iter_errors(record):
        print("#", record["event_type"], "/".join(map(str, e.absolute_path)), e.message[:200])
        wrong += 1
seen = {record["event_type"] for record in records}
for kind in set(kinds) ^ seen:
    print("# no record to try, or no schema:", kind)
tell(2, records and not wrong and seen == set(kinds), "every kind of record is valid")

# Closed: a field that is not in the table makes a record invalid.
strangers = 0
whole = validator(schema)
for record in records[:8]:
    strangers += whole.is_valid(record) and not whole.is_valid({**record, "stranger": 1})
tell(3, strangers == len(records[:8]), "the schema is closed")
PYTHON
