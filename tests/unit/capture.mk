# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/capture_file.h
unit_tests += %D%/test_capture
unit_tests += %D%/test_live_input
unit_tests += %D%/test_release_ring
unit_tests += %D%/test_ring_plan
unit_tests += %D%/test_splitter
