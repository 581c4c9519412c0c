# SPDX-License-Identifier: Apache-2.0
#
# weir as a whole when something goes wrong: errors of every kind, and more traffic than memory.

check_PROGRAMS += %D%/flood
%C%_flood_LDADD =

run_tests = \
	%D%/test_budget.py \
	%D%/test_cache.py \
	%D%/test_change.py \
	%D%/test_codes.py \
	%D%/test_errors.py \
	%D%/test_evade.py \
	%D%/test_fragments.py \
	%D%/test_hello.py \
	%D%/test_hostile.py \
	%D%/test_http_hostile.py \
	%D%/test_http_ranges.py \
	%D%/test_http_servers.py \
	%D%/test_inline.py \
	%D%/test_memory.py \
	%D%/test_release.py \
	%D%/test_store.py \
	%D%/test_stream_records.py \
	%D%/test_watch_facts.py \
	%D%/test_watch_rules.py

TESTS += $(run_tests)
EXTRA_DIST += $(run_tests) \
	%D%/talk.py \
	%D%/tap.py \
	tests/unit/traffic.h
