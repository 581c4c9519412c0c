# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libparser.a
%C%_libparser_a_SOURCES = \
	%D%/app_int.c \
	%D%/app_int.h \
	%D%/buffer.c \
	%D%/buffer.h \
	%D%/buffer_list.h \
	%D%/classification.c \
	%D%/config.c \
	%D%/config.h \
	%D%/config_check.c \
	%D%/config_default.c \
	%D%/config_key.c \
	%D%/config_key.h \
	%D%/config_lookup.h \
	%D%/config_together.c \
	%D%/config_tree.h \
	%D%/config_vars.c \
	%D%/config_vars.h \
	%D%/config_yaml.c \
	%D%/diag.c \
	%D%/diag.h \
	%D%/diag_code.c \
	%D%/diag_code.h \
	%D%/diag_json.c \
	%D%/file_text.c \
	%D%/file_text.h \
	%D%/frame.c \
	%D%/frame.h \
	%D%/hook.c \
	%D%/hook.h \
	%D%/keyword.c \
	%D%/keyword.h \
	%D%/keyword_names.c \
	%D%/protocol.c \
	%D%/protocol.h \
	%D%/rule.h \
	%D%/rule_app.c \
	%D%/rule_buffer.c \
	%D%/rule_bytes.c \
	%D%/rule_check.c \
	%D%/rule_check_app.c \
	%D%/rule_content.c \
	%D%/rule_dataset.c \
	%D%/rule_file.c \
	%D%/rule_fix.c \
	%D%/rule_fix.h \
	%D%/rule_flow.c \
	%D%/rule_header.c \
	%D%/rule_lint.c \
	%D%/rule_lint.h \
	%D%/rule_meta.c \
	%D%/rule_options.c \
	%D%/rule_packet.c \
	%D%/rule_parse.c \
	%D%/rule_parse.h \
	%D%/rule_parser.h \
	%D%/rule_payload.c \
	%D%/rule_pcre.c \
	%D%/rule_print.c \
	%D%/rule_requires.c \
	%D%/rule_select.c \
	%D%/rule_select.h \
	%D%/rule_state.c \
	%D%/rule_threshold.c \
	%D%/rule_transform.c \
	%D%/rule_where.c \
	%D%/rule_where.h \
	%D%/rule_words.c \
	%D%/rule_words.h \
	%D%/span.c \
	%D%/span.h \
	%D%/threshold_config.c \
	%D%/threshold_config.h

dist_doc_DATA += weir.yaml
