# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/capture_seeds.py
fuzz_targets += %D%/fuzz_capture
