# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/librun.a
%C%_librun_a_SOURCES = \
	%D%/record.c \
	%D%/record.h
