# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/detect_rig.h %D%/tx_rig.h
unit_tests += %D%/test_detect_asn1
unit_tests += %D%/test_detect_cache
unit_tests += %D%/test_detect_dataset
unit_tests += %D%/test_detect_eval
unit_tests += %D%/test_detect_flow
unit_tests += %D%/test_detect_pattern
unit_tests += %D%/test_detect_reload
unit_tests += %D%/test_detect_search
unit_tests += %D%/test_detect_stream
unit_tests += %D%/test_detect_threshold
unit_tests += %D%/test_detect_transform
unit_tests += %D%/test_detect_tx
unit_tests += %D%/test_detect_xbits
unit_tests += %D%/test_json_text
unit_tests += %D%/test_plan
unit_tests += %D%/test_reach
