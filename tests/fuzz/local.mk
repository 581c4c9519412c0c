# SPDX-License-Identifier: Apache-2.0
#
# Each tests/fuzz/NAME.mk adds its targets: one line
#     fuzz_targets += %D%/fuzz_rule
# builds tests/fuzz/fuzz_rule.c.  As usual it gets the main() of replay.c and
# `make check` replays tests/fuzz/corpus/rule/; with --enable-fuzzing it is a
# libFuzzer program.

EXTRA_DIST += %D%/corpus %D%/rules.dict %D%/run
if FUZZING
REPLAY_LIBS =
else
REPLAY_LIBS = %D%/libreplay.a
check_LIBRARIES += %D%/libreplay.a
endif
EXTRA_LIBRARIES = %D%/libreplay.a
%C%_libreplay_a_SOURCES = %D%/replay.c

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
