# SPDX-License-Identifier: Apache-2.0
fuzz_targets += %D%/fuzz_identify
fuzz_targets += %D%/fuzz_app
