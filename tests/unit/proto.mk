# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_proto_dns
unit_tests += %D%/test_proto_ftp
unit_tests += %D%/test_proto_http1
unit_tests += %D%/test_proto_http_uri
unit_tests += %D%/test_proto_inflate
unit_tests += %D%/test_proto_line
unit_tests += %D%/test_proto_multipart
unit_tests += %D%/test_proto_ssh
unit_tests += %D%/test_proto_tls
unit_tests += %D%/test_proto_x509
unit_tests += %D%/test_proto_mime
EXTRA_DIST += %D%/http1_rows.h %D%/http_uri_rows.h %D%/inflate_rows.h
