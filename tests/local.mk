# SPDX-License-Identifier: Apache-2.0

include %D%/unit/local.mk
include %D%/fuzz/local.mk
include %D%/bench/local.mk
include %D%/bpf/local.mk
include %D%/capture/local.mk
include %D%/live/local.mk
include %D%/evasion/local.mk
include %D%/explain/local.mk
include %D%/kernels/local.mk
include %D%/run/local.mk

# A program of cmocka says TAP when asked by this variable.
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	XDG_CACHE_HOME='$(abs_top_builddir)/tests/cache'; export XDG_CACHE_HOME; \
	CC='$(CC)'; export CC;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh --merge
TEST_EXTENSIONS = .sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash

TESTS += $(unit_tests)
if !FUZZING
TESTS += $(fuzz_targets)
endif

TESTS += %D%/check-layers.sh %D%/check-events.sh %D%/check-names.sh
EXTRA_DIST += %D%/check-layers.sh %D%/check-events.sh %D%/check-names.sh

TESTS += %D%/run-captures
EXTRA_DIST += %D%/run-captures %D%/pcap
EXTRA_DIST += %D%/bench/run %D%/bench/load %D%/bench/make-rules.py %D%/bench/payload.rules
EXTRA_DIST += %D%/oracle/make-rules.py %D%/oracle/oracle.py %D%/oracle/payload.rules %D%/oracle/records %D%/oracle/run

# Where the tests' compiled rules are kept.
clean-local:
	rm -rf tests/cache

# make update-pcap T=NAME: write what weir says now as what is expected.
update-pcap: weir
	abs_top_srcdir='$(abs_top_srcdir)' '$(srcdir)/%D%/run-captures' --weir ./weir --update $(T)

# make bench CAPTURES="a.pcap b.pcap" [RULES=file] [PAIRS=3]
PAIRS = 3
RULES = $(srcdir)/%D%/bench/payload.rules
bench: weir
	'$(srcdir)/%D%/bench/run' --weir ./weir --pairs $(PAIRS) --rules '$(RULES)' $(CAPTURES)
.PHONY: update-pcap bench

EXTRA_DIST += %D%/conformance.sh %D%/conformance.floor %D%/summary.py
