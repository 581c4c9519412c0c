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
	%D%/state.c \
	%D%/stream.c \
	%D%/stream.h
