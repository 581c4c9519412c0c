# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libparser.a
%C%_libparser_a_SOURCES = \
	%D%/diag.h \
	%D%/rule.h \
	%D%/rule_parse.h
