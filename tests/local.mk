# SPDX-License-Identifier: Apache-2.0

include %D%/unit/local.mk
include %D%/fuzz/local.mk

# A program of cmocka says TAP when asked by this variable.
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	CC='$(CC)'; export CC;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh --merge
TEST_EXTENSIONS = .sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash

TESTS += $(unit_tests)
if !FUZZING
TESTS += $(fuzz_targets)
endif

TESTS += %D%/check-layers.sh %D%/check-events.sh
EXTRA_DIST += %D%/check-layers.sh %D%/check-events.sh

EXTRA_DIST += %D%/pcap/make-demo.sh %D%/pcap/demo.pcap
EXTRA_DIST += %D%/conformance.sh %D%/conformance.floor %D%/summary.py
