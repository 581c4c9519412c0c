# SPDX-License-Identifier: Apache-2.0

TESTS += %D%/run
EXTRA_DIST += %D%/README.md %D%/cases %D%/cases.py %D%/host.py %D%/record.py %D%/run %D%/talk.py %D%/wire.py
