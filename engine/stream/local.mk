# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libstream.a
%C%_libstream_a_SOURCES = \
	%D%/stream.h
