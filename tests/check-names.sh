#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# No function or variable of weir has the name of one that a library beside it exports: the library's
# callers in weir would get weir's, without a word from the linker.
set -eu
weir=${abs_top_builddir:-.}/weir

if ! command -v nm >/dev/null 2>&1 || ! command -v ldd >/dev/null 2>&1; then
	echo "1..0 # SKIP nm or ldd is not installed"
	exit 0
fi
ours=$(nm --defined-only "$weir" | awk '$2 ~ /^[TDBR]$/ && $3 !~ /^_/ { print $3 }' | LC_ALL=C sort -u)
count=0
echo "1..2"
bad=
while read -r library; do
	count=$((count + 1))
	both=$(nm -D --defined-only "$library" 2>/dev/null | awk '{ sub(/@.*/, "", $3); print $3 }' |
		LC_ALL=C sort -u | LC_ALL=C comm -12 - <(echo "$ours") | grep -vxE 'main|data_start|edata|end' || true)
	[ -z "$both" ] || bad+="# ${library##*/} has, too: "$(echo $both)$'\n'
done < <(ldd "$weir" | sed -n 's|.* => \(/[^ ]*\).*|\1|p' | grep -vE '/lib(a|ub|l)san')
[ "$count" -gt 5 ] && [ "$(wc -l <<<"$ours")" -gt 500 ] || echo -n "not "
echo "ok 1 - there are names to compare"
[ -z "$bad" ] || echo -n "not "
echo "ok 2 - no name of ours is a library's"
echo -n "$bad"
