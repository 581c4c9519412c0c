# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_rule_files %D%/test_rule_parse
EXTRA_DIST += tests/rules
