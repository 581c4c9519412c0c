# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libwatch.a
%C%_libwatch_a_SOURCES = \
	%D%/baseline.c \
	%D%/fact.h \
	%D%/flood.c \
	%D%/guess.c \
	%D%/judge.h \
	%D%/places.c \
	%D%/places.h \
	%D%/replay.c \
	%D%/scan.c \
	%D%/stall.c \
	%D%/tally.c \
	%D%/watch.c \
	%D%/watch.h
