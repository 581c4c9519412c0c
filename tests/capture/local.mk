# SPDX-License-Identifier: Apache-2.0
#
# Live capture in a network namespace of the test's own.  Skipped, with the reason, where the kernel
# allows no namespace or no program.
EXTRA_DIST += %D%/net.h %D%/rig.h

unit_tests += %D%/test_iface
unit_tests += %D%/test_live
unit_tests += %D%/test_veth
