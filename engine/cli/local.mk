# SPDX-License-Identifier: Apache-2.0

bin_PROGRAMS += weir
weir_SOURCES = \
	%D%/check.c \
	%D%/command.h \
	%D%/ctl.c \
	%D%/doctor.c \
	%D%/evade.c \
	%D%/evade_packet.c \
	%D%/evade_packet.h \
	%D%/evade_variant.c \
	%D%/evade_variant.h \
	%D%/explain.c \
	%D%/explain.h \
	%D%/explain_print.c \
	%D%/main.c \
	%D%/pick.c \
	%D%/pick.h \
	%D%/rules.c \
	%D%/rules.h \
	%D%/rules_cost.c \
	%D%/rules_list.c \
	%D%/rules_reach.c \
	%D%/rules_report.c \
	%D%/rules_search.c \
	%D%/run.c \
	%D%/trial.c \
	%D%/trial.h \
	%D%/usage.c
weir_LDADD = $(WEIR_LIBS) $(OUTSIDE_LIBS)
