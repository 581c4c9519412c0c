# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libdetect.a
%C%_libdetect_a_SOURCES = \
	%D%/detect.h \
	%D%/threshold.h
