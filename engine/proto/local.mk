# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libproto.a
%C%_libproto_a_SOURCES = \
	%D%/ftp.c \
	%D%/ftp.h \
	%D%/line.c \
	%D%/line.h \
	%D%/mime.c \
	%D%/mime.h \
	%D%/mime_url.c \
	%D%/mime_url.h \
	%D%/smtp.c \
	%D%/smtp.h \
	%D%/ssh.c \
	%D%/ssh.h \
	%D%/tls.c \
	%D%/tls.h \
	%D%/tls_fingerprint.c \
	%D%/tls_fingerprint.h \
	%D%/tls_hello.c \
	%D%/tls_hello.h \
	%D%/x509.c \
	%D%/x509.h
