# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/decode_rows.h
unit_tests += %D%/test_decode
