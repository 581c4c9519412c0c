# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libdefrag.a
%C%_libdefrag_a_SOURCES = \
	%D%/defrag.c \
	%D%/defrag.h
