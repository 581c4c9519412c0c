# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_record
unit_tests += %D%/test_run_memory
unit_tests += %D%/test_shadow
