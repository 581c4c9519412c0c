# SPDX-License-Identifier: Apache-2.0
fuzz_targets += %D%/fuzz_ftp
fuzz_targets += %D%/fuzz_http1
fuzz_targets += %D%/fuzz_inflate
fuzz_targets += %D%/fuzz_multipart
fuzz_targets += %D%/fuzz_ssh
fuzz_targets += %D%/fuzz_tls
fuzz_targets += %D%/fuzz_mime
