# SPDX-License-Identifier: Apache-2.0

noinst_HEADERS += \
	%D%/app.h \
	%D%/file.h
