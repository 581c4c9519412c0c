# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libstream.a
%C%_libstream_a_SOURCES = \
	%D%/check.c \
	%D%/policy.c \
	%D%/policy.h \
	%D%/reassembly.c \
	%D%/rest.c \
	%D%/rewrite.c \
	%D%/session.h \
	%D%/side.h \
	%D%/side_overlap.c \
	%D%/side_view.c \
	%D%/state.c \
	%D%/state_close.c \
	%D%/state_first.c \
	%D%/state_handshake.c \
	%D%/state_step.h \
	%D%/stream.c \
	%D%/stream.h
