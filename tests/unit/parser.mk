# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_rule_files %D%/test_rule_parse %D%/test_rule_where
EXTRA_DIST += tests/rules
