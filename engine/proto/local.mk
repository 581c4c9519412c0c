# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libproto.a
%C%_libproto_a_SOURCES = \
	%D%/ftp.c \
	%D%/ftp.h \
	%D%/line.c \
	%D%/line.h \
	%D%/ssh.c \
	%D%/ssh.h
