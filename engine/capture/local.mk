# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libcapture.a
%C%_libcapture_a_SOURCES = \
	%D%/capture.c \
	%D%/capture.h \
	%D%/filter.c \
	%D%/filter.h \
	%D%/iface.h \
	%D%/inputs.c \
	%D%/inputs.h \
	%D%/live.h \
	%D%/release_ring.h \
	%D%/splitter.c \
	%D%/splitter.h \
	%D%/xdp_load.h
