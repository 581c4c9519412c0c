# SPDX-License-Identifier: Apache-2.0
fuzz_targets += %D%/fuzz_ftp
fuzz_targets += %D%/fuzz_ssh
fuzz_targets += %D%/fuzz_tls
fuzz_targets += %D%/fuzz_mime
