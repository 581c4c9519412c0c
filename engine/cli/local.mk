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
	%D%/run.c \
	%D%/trial.c \
	%D%/trial.h \
	%D%/usage.c
weir_LDADD = $(WEIR_LIBS) $(OUTSIDE_LIBS)
