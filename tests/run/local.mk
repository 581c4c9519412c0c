# SPDX-License-Identifier: Apache-2.0
#
# weir as a whole when something goes wrong: errors of every kind, and more traffic than memory.

check_PROGRAMS += %D%/flood
%C%_flood_LDADD =

TESTS += %D%/test_budget.py %D%/test_cache.py %D%/test_codes.py %D%/test_errors.py %D%/test_evade.py %D%/test_watch_facts.py %D%/test_hostile.py %D%/test_http_hostile.py %D%/test_inline.py %D%/test_memory.py %D%/test_release.py %D%/test_store.py
EXTRA_DIST += %D%/talk.py %D%/tap.py %D%/test_budget.py %D%/test_cache.py %D%/test_codes.py %D%/test_errors.py %D%/test_evade.py %D%/test_watch_facts.py %D%/test_hostile.py %D%/test_http_hostile.py %D%/test_inline.py %D%/test_memory.py %D%/test_release.py %D%/test_store.py tests/unit/traffic.h

# Records of TCP packets.
TESTS += %D%/test_stream_records.py
EXTRA_DIST += %D%/test_stream_records.py
