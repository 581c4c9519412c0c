# SPDX-License-Identifier: Apache-2.0
fuzz_targets += %D%/fuzz_overlap
fuzz_targets += %D%/fuzz_packets
fuzz_targets += %D%/fuzz_stream
