# SPDX-License-Identifier: Apache-2.0

bin_PROGRAMS += weir
weir_SOURCES = \
	%D%/main.c
weir_LDADD = $(WEIR_LIBS) $(OUTSIDE_LIBS)
