# SPDX-License-Identifier: Apache-2.0
#
# Each condition of each rule broken in turn: weir explain must say which.

TESTS += %D%/test_explain.py
EXTRA_DIST += %D%/cases.py %D%/test_explain.py %D%/traffic.py
