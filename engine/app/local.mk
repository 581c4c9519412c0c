# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libapp.a
%C%_libapp_a_SOURCES = \
	%D%/app.c \
	%D%/app.h \
	%D%/count.c \
	%D%/dns.c \
	%D%/dns.h \
	%D%/engine.h \
	%D%/file.c \
	%D%/file.h \
	%D%/identify.c \
	%D%/identify.h \
	%D%/memory.c \
	%D%/memory.h \
	%D%/parse.c \
	%D%/probe.c \
	%D%/probe.h \
	%D%/protocols.c
