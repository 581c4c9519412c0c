# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_proto_ftp
unit_tests += %D%/test_proto_line
unit_tests += %D%/test_proto_ssh
unit_tests += %D%/test_proto_tls
unit_tests += %D%/test_proto_x509
unit_tests += %D%/test_proto_mime
