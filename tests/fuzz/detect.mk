# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/literals_in.h
fuzz_targets += %D%/fuzz_detect
fuzz_targets += %D%/fuzz_gram
fuzz_targets += %D%/fuzz_wide
