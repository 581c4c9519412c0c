# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_address
unit_tests += %D%/test_arena
unit_tests += %D%/test_buf
unit_tests += %D%/test_bytes
unit_tests += %D%/test_event
unit_tests += %D%/test_hash
unit_tests += %D%/test_pool
