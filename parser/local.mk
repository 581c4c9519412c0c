# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libparser.a
%C%_libparser_a_SOURCES = \
	%D%/config.c \
	%D%/config.h \
	%D%/config_default.c \
	%D%/config_key.c \
	%D%/config_key.h \
	%D%/config_tree.h \
	%D%/config_vars.c \
	%D%/config_vars.h \
	%D%/config_yaml.c \
	%D%/diag.h \
	%D%/rule.h \
	%D%/rule_parse.h

dist_doc_DATA += weir.yaml
