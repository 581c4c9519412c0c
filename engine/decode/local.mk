# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libdecode.a
%C%_libdecode_a_SOURCES = \
	%D%/decode.h \
	%D%/packet.h
