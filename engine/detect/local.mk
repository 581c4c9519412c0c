# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libdetect.a
%C%_libdetect_a_SOURCES = \
	%D%/block.c \
	%D%/block.h \
	%D%/buffer.c \
	%D%/buffer.h \
	%D%/cache.c \
	%D%/cache.h \
	%D%/compile_tx.c \
	%D%/compile_tx.h \
	%D%/iprep.c \
	%D%/iprep.h \
	%D%/packet_checksum.c \
	%D%/packet_checksum.h \
	%D%/compile.c \
	%D%/detect.c \
	%D%/detect.h \
	%D%/eval.c \
	%D%/eval.h \
	%D%/eval_body.h \
	%D%/eval_more_body.h \
	%D%/eval_tx_body.h \
	%D%/eval_find.c \
	%D%/eval_find.h \
	%D%/eval_trace.c \
	%D%/explain.c \
	%D%/explain.h \
	%D%/explain_text.c \
	%D%/geoip.c \
	%D%/geoip.h \
	%D%/hs.c \
	%D%/hs.h \
	%D%/pairs.c \
	%D%/pattern.c \
	%D%/pattern.h \
	%D%/plan.c \
	%D%/plan.h \
	%D%/reach.c \
	%D%/reach.h \
	%D%/regex.c \
	%D%/regex.h \
	%D%/regex_filter.c \
	%D%/regex_filter.h \
	%D%/rule_json.c \
	%D%/rule_json.h \
	%D%/rule_order.c \
	%D%/rule_order.h \
	%D%/ruleset.c \
	%D%/ruleset.h \
	%D%/scan_fixed.c \
	%D%/scan_fixed.h \
	%D%/scan_plan.c \
	%D%/scan_plan.h \
	%D%/state.c \
	%D%/state.h \
	%D%/threshold.c \
	%D%/threshold.h \
	%D%/transform.c \
	%D%/transform.h \
	%D%/tx.c \
	%D%/tx.h \
	%D%/tx_plan.c \
	%D%/tx_plan.h \
	%D%/xbits.c \
	%D%/xbits.h
EXTRA_DIST += %D%/pairs.py
