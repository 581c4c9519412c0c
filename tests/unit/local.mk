# SPDX-License-Identifier: Apache-2.0
#
# Each tests/unit/NAME.mk adds its programs: one line
#     unit_tests += %D%/test_bytes
# builds tests/unit/test_bytes.c, links it with all of Weir, cmocka and the
# guard pages, and runs it in `make check`.  A program's output is TAP.

check_LIBRARIES += %D%/libguard.a
%C%_libguard_a_SOURCES = %D%/guard.c %D%/guard.h %D%/literals.h %D%/sink.h
unit_tests += %D%/test_guard

include %D%/app.mk
include %D%/base.mk
include %D%/capture.mk
include %D%/cli.mk
include %D%/decode.mk
include %D%/defrag.mk
include %D%/detect.mk
include %D%/flow.mk
include %D%/output.mk
include %D%/parser.mk
include %D%/proto.mk
include %D%/run.mk
include %D%/stream.mk
include %D%/watch.mk
