#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every event of engine/base/event.h has exactly one rule in the shipped event
# files, and every rule there names an event; no signature id is used twice.
set -u
cd "${abs_top_srcdir:-$(dirname "$0")/..}" || exit 99

events()
{
	tr -d '\n\\' <engine/base/event.h | grep -oE "X\($1_[A-Z0-9_]+,[[:space:]]*\"[a-z]+\",[[:space:]]*\"[^\"]+\"" |
		sed 's/.*"\([^"]*\)"$/\1/' | LC_ALL=C sort
}

named()
{
	grep -oE "$1:[a-z0-9_.]+" "$2" | sed 's/.*://' | LC_ALL=C sort
}

count=0
compare()
{
	count=$((count + 1))
	if out=$(diff <(eval "$2") <(eval "$3")); then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		sed 's/^/# /' <<<"$out"
	fi
}

compare "decoder events have rules" "events DECODE" "named decode-event rules/decoder-events.rules"
compare "stream events have rules" "events STREAM" "named stream-event rules/stream-events.rules"
compare "signature ids are unique" "true" "grep -ohE 'sid:[0-9]+' rules/*.rules | sort | uniq -d"
compare "class types are known" "true" \
	"comm -23 <(grep -ohE 'classtype:[a-z0-9-]+' rules/*.rules | sed 's/.*://' | LC_ALL=C sort -u) \
	<(sed -n 's/^config classification: *\([^,]*\),.*/\1/p' rules/classification.config | LC_ALL=C sort)"
echo "1..$count"
