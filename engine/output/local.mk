# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/liboutput.a
%C%_liboutput_a_SOURCES = \
	%D%/certificate.c \
	%D%/eve.c \
	%D%/eve.h \
	%D%/eve_common.h \
	%D%/eve_dns.c \
	%D%/eve_dns.h \
	%D%/eve_fields.c \
	%D%/eve_fields.h \
	%D%/eve_frame.c \
	%D%/eve_ftp.c \
	%D%/eve_http.c \
	%D%/eve_names.c \
	%D%/eve_mdns.c \
	%D%/eve_schema.c \
	%D%/eve_smtp.c \
	%D%/eve_ssh.c \
	%D%/eve_stream.c \
	%D%/eve_stats.c \
	%D%/eve_tls.c \
	%D%/eve_tx.c \
	%D%/fast.c \
	%D%/fast.h \
	%D%/eve_watch.c \
	%D%/output.c \
	%D%/output.h \
	%D%/output_alert.c \
	%D%/output_flow.c \
	%D%/payload.c \
	%D%/payload.h

noinst_PROGRAMS += %D%/eve-doc
%C%_eve_doc_SOURCES = %D%/eve_doc.c
%C%_eve_doc_LDADD = $(WEIR_LIBS) $(OUTSIDE_LIBS)

EXTRA_DIST += %D%/README.md

# Write docs/eve.schema.json and the tables of docs/eve.md anew.
update-eve: %D%/eve-doc
	$(AM_V_GEN)$(builddir)/%D%/eve-doc schema >$(srcdir)/docs/eve.schema.json && \
	sed '/^<!-- tables/q' $(srcdir)/docs/eve.md >eve.md.tmp && \
	$(builddir)/%D%/eve-doc markdown >>eve.md.tmp && mv eve.md.tmp $(srcdir)/docs/eve.md
.PHONY: update-eve
