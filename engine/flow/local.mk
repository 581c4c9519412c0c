# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libflow.a
%C%_libflow_a_SOURCES = \
	%D%/flow.c \
	%D%/flow.h \
	%D%/table.h \
	%D%/wheel.c
