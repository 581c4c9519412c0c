# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/librun.a
%C%_librun_a_SOURCES = \
	%D%/pipeline.c \
	%D%/pipeline.h \
	%D%/record.c \
	%D%/record.h \
	%D%/release.c \
	%D%/release.h \
	%D%/run.c \
	%D%/run.h \
	%D%/savings.c \
	%D%/savings.h \
	%D%/settings.c \
	%D%/settings.h \
	%D%/settings_app.c \
	%D%/settings_app.h \
	%D%/settings_pools.c \
	%D%/settings_pools.h \
	%D%/shadow.c \
	%D%/shadow.h \
	%D%/summary.c \
	%D%/summary.h \
	%D%/worker.c \
	%D%/worker.h \
	%D%/writer.c \
	%D%/writer.h
