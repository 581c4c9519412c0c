# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_output
TESTS += %D%/check-eve.sh
EXTRA_DIST += %D%/check-eve.sh
