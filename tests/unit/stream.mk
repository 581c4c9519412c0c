# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_stream
unit_tests += %D%/test_stream_overlap
unit_tests += %D%/test_stream_policy
EXTRA_DIST += %D%/byte_map.h %D%/stream_rig.h
