# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_stream
unit_tests += %D%/test_stream_bytes
unit_tests += %D%/test_stream_overlap
unit_tests += %D%/test_stream_policy
unit_tests += %D%/test_stream_session
EXTRA_DIST += %D%/byte_map.h %D%/stream_bench.h %D%/stream_rig.h %D%/stream_rows.h
