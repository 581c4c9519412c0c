# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libapp.a
%C%_libapp_a_SOURCES = \
	%D%/app.c \
	%D%/app.h \
	%D%/count.c \
	%D%/digest.c \
	%D%/digest.h \
	%D%/dns.c \
	%D%/dns.h \
	%D%/engine.h \
	%D%/expect.c \
	%D%/expect.h \
	%D%/file.c \
	%D%/file.h \
	%D%/frame.c \
	%D%/frame.h \
	%D%/frame_view.c \
	%D%/ftp.c \
	%D%/ftp.h \
	%D%/http.c \
	%D%/http.h \
	%D%/http_body.c \
	%D%/http_buffer.c \
	%D%/http_head.c \
	%D%/http_options.h \
	%D%/http_range.c \
	%D%/http_range.h \
	%D%/identify.c \
	%D%/identify.h \
	%D%/memory.c \
	%D%/memory.h \
	%D%/parse.c \
	%D%/probe.c \
	%D%/probe.h \
	%D%/protocols.c \
	%D%/smtp.c \
	%D%/smtp.h \
	%D%/ssh.c \
	%D%/ssh.h \
	%D%/tls.c \
	%D%/tls.h
