# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/liboutput.a
%C%_liboutput_a_SOURCES = \
	%D%/output.h
