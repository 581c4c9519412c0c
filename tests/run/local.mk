# SPDX-License-Identifier: Apache-2.0
#
# weir as a whole when something goes wrong.

TESTS += %D%/test_errors.py
EXTRA_DIST += %D%/tap.py %D%/test_errors.py
