# SPDX-License-Identifier: Apache-2.0
#
# The kernel stage under the engine: records of an interface held against those of the file.  Skipped, with the
# reason, where the kernel allows no namespace or no program.  And the processes themselves: what they may do, how they
# die, what they tell a service manager.
check_PROGRAMS += %D%/inject %D%/replay
%C%_inject_LDADD =

TESTS += %D%/test_bulk.py %D%/test_guess.py %D%/test_live.py %D%/test_manager.py %D%/test_programs.py %D%/test_soundness.py %D%/test_watch.py
# Real servers and clients of single protocols, on a wire of their own (wire.py).
TESTS += %D%/test_dns.py %D%/test_ftp.py %D%/test_mail.py %D%/test_ssh.py %D%/test_tls.py
EXTRA_DIST += %D%/test_dns.py %D%/test_ftp.py %D%/test_mail.py %D%/test_ssh.py %D%/test_tls.py %D%/wire.py
EXTRA_DIST += %D%/http_ends.py %D%/test_programs.py
EXTRA_DIST += %D%/live.py %D%/net.py %D%/test_bulk.py %D%/test_guess.py %D%/test_live.py %D%/test_manager.py %D%/test_network.py %D%/test_soundness.py %D%/test_watch.py
EXTRA_DIST += tests/bench/live

# make check-live [CAPTURES="folder ..."] [SECONDS=600]: what takes minutes, with captures from elsewhere, and a
# network of real servers and clients.
SECONDS = 600
CAPTURES =
check-live: weir %D%/replay
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; unset abs_top_builddir; \
	'$(srcdir)/%D%/test_soundness.py' $(if $(CAPTURES),--all $(CAPTURES)) && \
	'$(srcdir)/%D%/test_bulk.py' 50 8 && \
	'$(srcdir)/%D%/test_network.py' $(SECONDS) && \
	$(MAKE) check-reload
.PHONY: check-live

# A reload a second for a minute, under traffic; a run without it before.
check-reload: weir
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; unset abs_top_builddir; \
	'$(srcdir)/%D%/test_reload.py' 60
.PHONY: check-reload

# What comes to a run while it runs.
TESTS += %D%/test_ask.py %D%/test_reload.py
EXTRA_DIST += %D%/test_ask.py %D%/test_reload.py
