# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_config
unit_tests += %D%/test_settings

TESTS += %D%/cli.sh
EXTRA_DIST += %D%/cli.sh
