#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds the tree to its layers: a folder includes only what stands above it
# in the table, uses only the outside libraries that are its own, and does not
# print or exit unless it is engine/run or engine/cli.  Also: every header
# compiles alone and every source file names its licence.  Says TAP.
set -u
cd "${abs_top_srcdir:-$(dirname "$0")/..}" || exit 99
: "${CC:=cc}"

# folder | what else of ours it may include | outside headers that are its own
table='
engine/base    |                                                                             |
parser         | engine/base                                                                 | yaml.h
bpf            | engine/base                                                                 | bpf/
engine/capture | engine/base bpf                                                             | bpf/ pcap.h pcap/ pthread.h
engine/decode  | engine/base                                                                 |
engine/defrag  | engine/base engine/decode                                                   |
engine/flow    | engine/base bpf engine/decode                                               |
engine/stream  | engine/base engine/decode engine/flow                                       |
engine/proto   | engine/base                                                                 | zlib.h brotli/ isa-l
engine/app     | parser engine/base engine/decode engine/flow engine/stream engine/proto     | openssl/ magic.h
engine/detect  | parser bpf engine/base engine/decode engine/defrag engine/flow engine/stream engine/proto engine/app | hs.h hs/ pcre2.h openssl/ maxminddb.h
engine/watch   | engine/base bpf                                                             |
engine/output  | engine/base bpf parser engine/decode engine/defrag engine/flow engine/stream engine/proto engine/app engine/detect engine/watch | openssl/
engine/run     | parser bpf engine/base engine/capture engine/decode engine/defrag engine/flow engine/stream engine/proto engine/app engine/detect engine/watch engine/output | pthread.h jansson.h seccomp.h cap-ng.h
engine/cli     | parser bpf engine/base engine/capture engine/decode engine/defrag engine/flow engine/stream engine/proto engine/app engine/detect engine/watch engine/output engine/run | pthread.h
'
# Every header of an outside library, whoever may use it.
outside='yaml\.h|bpf/|pcap\.h|pcap/|zlib\.h|brotli/|isa-l|openssl/|magic\.h|hs\.h|hs/|pcre2\.h|maxminddb\.h|pthread\.h|jansson\.h|seccomp\.h|cap-ng\.h'
speakers='^(engine/run|engine/cli)$'

count=0
failed=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# say NAME: a test passes when the file of complaints is empty.
say()
{
	count=$((count + 1))
	if [ -s "$tmp/bad" ]; then
		failed=$((failed + 1))
		echo "not ok $count - $1"
		sed 's/^/# /' "$tmp/bad"
	else
		echo "ok $count - $1"
	fi
	: >"$tmp/bad"
}

trim()
{
	sed 's/^ *//; s/ *$//; s/  */ /g' <<<"$1"
}

# without_comments FILE: nothing expanded, no comments, one line a line.
without_comments()
{
	"$CC" -fpreprocessed -dD -E -P -x c "$1" 2>/dev/null
}

sources_of()
{
	find "$1" -maxdepth 1 -name '*.[ch]' 2>/dev/null | LC_ALL=C sort
}

check_ours()
{
	local dir=$1 allowed=$2 file inc from

	for file in $(sources_of "$dir"); do
		while read -r inc; do
			from=${inc%/*}
			case " $dir $allowed " in
			*" $from "*) ;;
			*) echo "$file includes \"$inc\": $dir may include: ${allowed:-nothing of ours}" ;;
			esac
		done < <(without_comments "$file" | sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p')
	done
}

check_outside()
{
	local dir=$1 own=$2 file inc o ok

	for file in $(sources_of "$dir"); do
		while read -r inc; do
			grep -qE "^($outside)" <<<"$inc" || continue
			ok=
			for o in $own; do
				[[ $inc == "$o"* ]] && ok=1
			done
			[ "$ok" ] || echo "$file includes <$inc>: not a library of $dir"
		done < <(without_comments "$file" | sed -n '/"bpf\//d; s/^ *# *include *[<"]\([^">]*\)[">].*/\1/p')
	done
}

check_speech()
{
	local dir=$1 file

	[[ $dir =~ $speakers ]] && return
	for file in $(sources_of "$dir"); do
		# A program of the build's own, beside its library.
		grep -q '^int main(' "$file" && continue
		without_comments "$file" |
			grep -nE '(^|[^[:alnum:]_])(printf|vprintf|puts|putchar|perror|exit|_exit|_Exit|quick_exit|abort|err|errx|warn|warnx) *\(|(stdout|stderr)' |
			grep -vE '^[0-9]+: *#' | sed "s|^[0-9]*:|$file prints or exits: |"
	done
}

: >"$tmp/bad"
while IFS='|' read -r dir allowed own; do
	dir=$(trim "$dir")
	[ -n "$dir" ] && [ -d "$dir" ] || continue
	check_ours "$dir" "$(trim "$allowed")" >>"$tmp/bad"
	check_outside "$dir" "$(trim "$own")" >>"$tmp/bad"
	check_speech "$dir" >>"$tmp/bad"
	say "layers of $dir"
done <<<"$table"

for dir in engine/*/; do
	grep -q "^${dir%/} " <<<"$table" || echo "${dir%/} has no row in the table" >>"$tmp/bad"
done
say "every folder has a row"

grep -lE '^ *# *include *[<"](hs/)?hs(_[a-z]*)?\.h[">]' -r engine parser bpf 2>/dev/null >"$tmp/hs"
if [ "$(wc -l <"$tmp/hs")" -gt 1 ]; then
	sed 's/^/more than one file includes Hyperscan: /' "$tmp/hs" >>"$tmp/bad"
fi
say "one file knows Hyperscan"

for file in $(find engine parser bpf tests/unit -name '*.h' 2>/dev/null | LC_ALL=C sort); do
	# Made by a tool; and the inside of a function that is compiled twice.
	[[ $file == bpf/*.skel.h || $file == bpf/*.bpf.h || $file == *_body.h ]] && continue
	# shellcheck disable=SC2086
	"$CC" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -I. -fsyntax-only -x c \
		-include "$file" /dev/null 2>>"$tmp/bad" || echo "$file does not compile alone" >>"$tmp/bad"
done
say "every header compiles alone"

for file in $(find engine parser bpf -type d 2>/dev/null | LC_ALL=C sort); do
	[ -d "$file" ] || continue
	find "$file" -maxdepth 1 -name '*.[ch]' | grep -q . || continue
	[ -f "$file/README.md" ] || echo "$file has no README.md" >>"$tmp/bad"
done
say "every folder has its README"

find autogen.sh configure.ac Makefile.am setup .ci engine parser bpf rules docs tests -type f \
	\( -name '*.[ch]' -o -name '*.mk' -o -name '*.sh' -o -name '*.py' -o -name '*.ac' -o -name '*.am' \
	-o -name '*.config' -o -path '.ci/run' -o -name setup -o -path 'rules/*.rules' -o -path 'tests/*/run' \
	-o -path 'tests/run-*' \) ! -path '*/.deps/*' ! -path 'tests/rules/*' ! -name '*.log' ! -name '*.trs' ! -name '*.o' -print0 2>/dev/null |
	LC_ALL=C sort -z | xargs -0 -r grep -LE 'SPDX-License-Identifier: (Apache-2.0|GPL-2.0-only OR BSD-2-Clause)' |
	sed 's/$/ has no SPDX line/' >>"$tmp/bad"
say "every source names its licence"

# The build lists every source: a file that is not listed is missing in a
# release archive.
find engine parser -name '*.[ch]' | LC_ALL=C sort | while read -r file; do
	grep -qF "%D%/${file##*/}" "${file%/*}/local.mk" 2>/dev/null || echo "$file is in no local.mk"
done >>"$tmp/bad"
say "every source is in the build"

echo "1..$count"
# The test harness counts the lines; by hand the status is handy.
[ -n "${abs_top_builddir:-}" ] || [ "$failed" -eq 0 ]
