# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libproto.a
%C%_libproto_a_SOURCES = \
	%D%/brotli_memory.c \
	%D%/brotli_memory.h \
	%D%/dns.c \
	%D%/dns.h \
	%D%/dns_names.c \
	%D%/feed.h \
	%D%/ftp.c \
	%D%/ftp.h \
	%D%/http1.c \
	%D%/http1.h \
	%D%/http1_body.c \
	%D%/http1_end.c \
	%D%/http1_head.c \
	%D%/http1_line.c \
	%D%/http1_line.h \
	%D%/http1_start.c \
	%D%/http1_step.h \
	%D%/http_bestfit.c \
	%D%/http_uri.c \
	%D%/http_uri.h \
	%D%/inflate.c \
	%D%/inflate.h \
	%D%/inflate_layer.c \
	%D%/inflate_layer.h \
	%D%/line.c \
	%D%/line.h \
	%D%/mime.c \
	%D%/mime.h \
	%D%/mime_url.c \
	%D%/mime_url.h \
	%D%/multipart.c \
	%D%/multipart.h \
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
