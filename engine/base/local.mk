# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libbase.a
%C%_libbase_a_SOURCES = \
	%D%/address.c \
	%D%/address.h \
	%D%/app_event.c \
	%D%/app_event.h \
	%D%/arena.c \
	%D%/arena.h \
	%D%/ascii.h \
	%D%/buf.c \
	%D%/buf.h \
	%D%/buffers.c \
	%D%/buffers.h \
	%D%/bytes.h \
	%D%/counter.c \
	%D%/counter.h \
	%D%/file.c \
	%D%/file.h \
	%D%/event.c \
	%D%/event.h \
	%D%/exception.c \
	%D%/exception.h \
	%D%/first_touch.h \
	%D%/frame.h \
	%D%/hash.c \
	%D%/hash.h \
	%D%/large.c \
	%D%/large.h \
	%D%/memory_use.h \
	%D%/network.h \
	%D%/pool.c \
	%D%/pool.h \
	%D%/prealloc.c \
	%D%/prealloc.h \
	%D%/siphash.h \
	%D%/spread.h \
	%D%/stage.c \
	%D%/stage.h \
	%D%/watch_kind.c \
	%D%/watch_kind.h \
	%D%/word.h
