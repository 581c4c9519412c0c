# SPDX-License-Identifier: Apache-2.0
#
# What a packet costs, in instructions, against what it cost before: no clock is asked.
check_PROGRAMS += %D%/walk
%C%_walk_SOURCES = %D%/walk.c engine/cli/trial.c engine/cli/trial.h
%C%_walk_LDADD = $(WEIR_LIBS) $(OUTSIDE_LIBS)

# What no engine can beat; asked for by `run`.
check_PROGRAMS += %D%/limits
%C%_limits_SOURCES = %D%/limits.c
%C%_limits_LDADD = $(HS_LIBS)

# Traffic for `live`.
check_PROGRAMS += %D%/send
%C%_send_SOURCES = %D%/send.c
%C%_send_LDADD = $(PCAP_LIBS)

# Traffic for `curves`.
check_PROGRAMS += %D%/synth
%C%_synth_SOURCES = %D%/synth.c
%C%_synth_LDADD =

TESTS += %D%/test_instructions.py
EXTRA_DIST += %D%/test_instructions.py %D%/instructions.json
EXTRA_DIST += %D%/alerts.py %D%/chart.py %D%/curves %D%/engines.py %D%/scaling %D%/train

# What counting sources of probes adds to the program on a NIC; by hand.
check_PROGRAMS += %D%/tally
%C%_tally_SOURCES = %D%/tally.c
%C%_tally_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)
%C%_tally_LDADD = $(WEIR_LIBS) $(OUTSIDE_LIBS)
