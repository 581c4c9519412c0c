# SPDX-License-Identifier: Apache-2.0
#
# The programs' tests: a table in plain memory and by test run in the kernel, and soundness against
# the engine.  Where the kernel lets no program be loaded, that part is skipped.
EXTRA_DIST += %D%/packets.h %D%/rows.h

unit_tests += %D%/test_rows

unit_tests += %D%/test_sound

unit_tests += %D%/test_tally
