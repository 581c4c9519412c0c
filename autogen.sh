#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure from configure.ac and Makefile.am; needed in a fresh
# checkout, not in a release archive.
set -eu
cd "$(dirname "$0")"

missing=
for pair in autoreconf:autoconf automake:automake pkg-config:pkg-config; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
if [ -n "$missing" ]; then
	echo "autogen.sh: missing programs; on Debian: apt-get install$missing" >&2
	exit 1
fi

mkdir -p build-aux
exec autoreconf --install --force
