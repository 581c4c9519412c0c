/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/keyword.h"

#include <stdint.h>
#include <string.h>

#define NAME_MAX_BYTES 64

/*
 * Every name of the rule language, sorted as strcmp() has it (a test holds the order), and what it
 * stands for here.
 */
/* clang-format off */
#define NAME_LIST(X) \
	X("absent", KW_ABSENT) \
	X("ack", KW_TCP_ACK) \
	X("alert", KW_ALERT) \
	X("app-layer-event", KW_APP_LAYER_EVENT) \
	X("app-layer-protocol", KW_APP_LAYER_PROTOCOL) \
	X("app-layer-state", KW_APP_LAYER_STATE) \
	X("asn1", KW_ASN1) \
	X("base64_data", KW_BASE64_DATA) \
	X("base64_decode", KW_BASE64_DECODE) \
	X("bsize", KW_BSIZE) \
	X("bypass", KW_BYPASS) \
	X("byte_extract", KW_BYTE_EXTRACT) \
	X("byte_jump", KW_BYTE_JUMP) \
	X("byte_math", KW_BYTE_MATH) \
	X("byte_test", KW_BYTE_TEST) \
	X("cip_service", KW_NOT_BUILT) \
	X("classtype", KW_CLASSTYPE) \
	X("compress_whitespace", KW_COMPRESS_WHITESPACE) \
	X("config", KW_CONFIG) \
	X("content", KW_CONTENT) \
	X("datarep", KW_DATAREP) \
	X("dataset", KW_DATASET) \
	X("dce_iface", KW_NOT_BUILT) \
	X("dce_opnum", KW_NOT_BUILT) \
	X("dce_stub_data", KW_NOT_BUILT) \
	X("dcerpc.iface", KW_NOT_BUILT) \
	X("dcerpc.opnum", KW_NOT_BUILT) \
	X("dcerpc.stub_data", KW_NOT_BUILT) \
	X("decode-event", KW_DECODE_EVENT) \
	X("depth", KW_DEPTH) \
	X("detection_filter", KW_DETECTION_FILTER) \
	X("dhcp.leasetime", KW_NOT_BUILT) \
	X("dhcp.rebinding_time", KW_NOT_BUILT) \
	X("dhcp.renewal_time", KW_NOT_BUILT) \
	X("distance", KW_DISTANCE) \
	X("dnp3.data", KW_NOT_BUILT) \
	X("dnp3.func", KW_NOT_BUILT) \
	X("dnp3.ind", KW_NOT_BUILT) \
	X("dnp3.obj", KW_NOT_BUILT) \
	X("dnp3_data", KW_NOT_BUILT) \
	X("dnp3_func", KW_NOT_BUILT) \
	X("dnp3_ind", KW_NOT_BUILT) \
	X("dnp3_obj", KW_NOT_BUILT) \
	X("dns.additionals.rrname", KW_DNS_ADDITIONALS_RRNAME) \
	X("dns.answer.name", KW_DNS_ANSWERS_RRNAME) \
	X("dns.answers.rrname", KW_DNS_ANSWERS_RRNAME) \
	X("dns.authorities.rrname", KW_DNS_AUTHORITIES_RRNAME) \
	X("dns.opcode", KW_DNS_OPCODE) \
	X("dns.queries.rrname", KW_DNS_QUERIES_RRNAME) \
	X("dns.query", KW_DNS_QUERY) \
	X("dns.query.name", KW_DNS_QUERIES_RRNAME) \
	X("dns.rcode", KW_DNS_RCODE) \
	X("dns.response.rrname", KW_DNS_RESPONSE_RRNAME) \
	X("dns.rrtype", KW_DNS_RRTYPE) \
	X("dns_query", KW_DNS_QUERY) \
	X("domain", KW_DOMAIN) \
	X("dotprefix", KW_DOTPREFIX) \
	X("dsize", KW_DSIZE) \
	X("email.body_md5", KW_NOT_BUILT) \
	X("email.cc", KW_EMAIL_CC) \
	X("email.date", KW_EMAIL_DATE) \
	X("email.from", KW_EMAIL_FROM) \
	X("email.message_id", KW_EMAIL_MESSAGE_ID) \
	X("email.received", KW_EMAIL_RECEIVED) \
	X("email.subject", KW_EMAIL_SUBJECT) \
	X("email.to", KW_EMAIL_TO) \
	X("email.url", KW_EMAIL_URL) \
	X("email.x_mailer", KW_EMAIL_X_MAILER) \
	X("endswith", KW_ENDSWITH) \
	X("engine-event", KW_ENGINE_EVENT) \
	X("enip.capabilities", KW_NOT_BUILT) \
	X("enip.cip_attribute", KW_NOT_BUILT) \
	X("enip.cip_class", KW_NOT_BUILT) \
	X("enip.cip_extendedstatus", KW_NOT_BUILT) \
	X("enip.cip_instance", KW_NOT_BUILT) \
	X("enip.cip_status", KW_NOT_BUILT) \
	X("enip.device_type", KW_NOT_BUILT) \
	X("enip.identity_status", KW_NOT_BUILT) \
	X("enip.product_code", KW_NOT_BUILT) \
	X("enip.product_name", KW_NOT_BUILT) \
	X("enip.protocol_version", KW_NOT_BUILT) \
	X("enip.revision", KW_NOT_BUILT) \
	X("enip.serial", KW_NOT_BUILT) \
	X("enip.service_name", KW_NOT_BUILT) \
	X("enip.state", KW_NOT_BUILT) \
	X("enip.status", KW_NOT_BUILT) \
	X("enip.vendor_id", KW_NOT_BUILT) \
	X("enip_command", KW_NOT_BUILT) \
	X("entropy", KW_ENTROPY) \
	X("ether.hdr", KW_NOT_BUILT) \
	X("fast_pattern", KW_FAST_PATTERN) \
	X("file.data", KW_FILE_DATA) \
	X("file.magic", KW_FILE_MAGIC) \
	X("file.name", KW_FILE_NAME) \
	X("file_data", KW_FILE_DATA) \
	X("fileext", KW_FILEEXT) \
	X("filemagic", KW_FILEMAGIC) \
	X("filemd5", KW_FILEMD5) \
	X("filename", KW_FILENAME) \
	X("filesha1", KW_FILESHA1) \
	X("filesha256", KW_FILESHA256) \
	X("filesize", KW_FILESIZE) \
	X("filestore", KW_FILESTORE) \
	X("flags", KW_TCP_FLAGS) \
	X("flow", KW_FLOW) \
	X("flow.age", KW_FLOW_AGE) \
	X("flow.bytes", KW_FLOW_BYTES) \
	X("flow.bytes_toclient", KW_FLOW_BYTES_TOCLIENT) \
	X("flow.bytes_toserver", KW_FLOW_BYTES_TOSERVER) \
	X("flow.elephant", KW_NOT_BUILT) \
	X("flow.pkts", KW_FLOW_PKTS) \
	X("flow.pkts_toclient", KW_FLOW_PKTS_TOCLIENT) \
	X("flow.pkts_toserver", KW_FLOW_PKTS_TOSERVER) \
	X("flowbits", KW_FLOWBITS) \
	X("flowint", KW_FLOWINT) \
	X("flowvar", KW_FLOWVAR) \
	X("fragbits", KW_FRAGBITS) \
	X("fragoffset", KW_FRAGOFFSET) \
	X("frame", KW_FRAME) \
	X("from_base64", KW_FROM_BASE64) \
	X("ftp.command", KW_FTP_COMMAND) \
	X("ftp.command_data", KW_FTP_COMMAND_DATA) \
	X("ftp.completion_code", KW_FTP_COMPLETION_CODE) \
	X("ftp.dynamic_port", KW_FTP_DYNAMIC_PORT) \
	X("ftp.mode", KW_FTP_MODE) \
	X("ftp.reply", KW_FTP_REPLY) \
	X("ftp.reply_received", KW_FTP_REPLY_RECEIVED) \
	X("ftpbounce", KW_FTPBOUNCE) \
	X("ftpdata_command", KW_FTPDATA_COMMAND) \
	X("geoip", KW_GEOIP) \
	X("gid", KW_GID) \
	X("gunzip", KW_GUNZIP) \
	X("header_lowercase", KW_HEADER_LOWERCASE) \
	X("hostbits", KW_HOSTBITS) \
	X("http.accept", KW_HTTP_ACCEPT) \
	X("http.accept_enc", KW_HTTP_ACCEPT_ENC) \
	X("http.accept_lang", KW_HTTP_ACCEPT_LANG) \
	X("http.connection", KW_HTTP_CONNECTION) \
	X("http.content_len", KW_HTTP_CONTENT_LEN) \
	X("http.content_type", KW_HTTP_CONTENT_TYPE) \
	X("http.cookie", KW_HTTP_COOKIE) \
	X("http.header", KW_HTTP_HEADER) \
	X("http.header.raw", KW_HTTP_HEADER_RAW) \
	X("http.header_names", KW_HTTP_HEADER_NAMES) \
	X("http.host", KW_HTTP_HOST) \
	X("http.host.raw", KW_HTTP_HOST_RAW) \
	X("http.location", KW_HTTP_LOCATION) \
	X("http.method", KW_HTTP_METHOD) \
	X("http.protocol", KW_HTTP_PROTOCOL) \
	X("http.referer", KW_HTTP_REFERER) \
	X("http.request_body", KW_HTTP_REQUEST_BODY) \
	X("http.request_header", KW_HTTP_REQUEST_HEADER) \
	X("http.request_line", KW_HTTP_REQUEST_LINE) \
	X("http.response_body", KW_HTTP_RESPONSE_BODY) \
	X("http.response_header", KW_HTTP_RESPONSE_HEADER) \
	X("http.response_line", KW_HTTP_RESPONSE_LINE) \
	X("http.server", KW_HTTP_SERVER) \
	X("http.start", KW_HTTP_START) \
	X("http.stat_code", KW_HTTP_STAT_CODE) \
	X("http.stat_msg", KW_HTTP_STAT_MSG) \
	X("http.uri", KW_HTTP_URI) \
	X("http.uri.normalized", KW_HTTP_URI) \
	X("http.uri.raw", KW_HTTP_URI_RAW) \
	X("http.user_agent", KW_HTTP_USER_AGENT) \
	X("http2.errorcode", KW_NOT_BUILT) \
	X("http2.frametype", KW_NOT_BUILT) \
	X("http2.header_name", KW_NOT_BUILT) \
	X("http2.priority", KW_NOT_BUILT) \
	X("http2.settings", KW_NOT_BUILT) \
	X("http2.size_update", KW_NOT_BUILT) \
	X("http2.window", KW_NOT_BUILT) \
	X("http_accept", KW_HTTP_ACCEPT) \
	X("http_accept_enc", KW_HTTP_ACCEPT_ENC) \
	X("http_accept_lang", KW_HTTP_ACCEPT_LANG) \
	X("http_client_body", KW_MODIFIER_HTTP_REQUEST_BODY) \
	X("http_connection", KW_HTTP_CONNECTION) \
	X("http_content_len", KW_HTTP_CONTENT_LEN) \
	X("http_content_type", KW_HTTP_CONTENT_TYPE) \
	X("http_cookie", KW_MODIFIER_HTTP_COOKIE) \
	X("http_header", KW_MODIFIER_HTTP_HEADER) \
	X("http_header_names", KW_HTTP_HEADER_NAMES) \
	X("http_host", KW_MODIFIER_HTTP_HOST) \
	X("http_method", KW_MODIFIER_HTTP_METHOD) \
	X("http_protocol", KW_HTTP_PROTOCOL) \
	X("http_raw_header", KW_MODIFIER_HTTP_HEADER_RAW) \
	X("http_raw_host", KW_MODIFIER_HTTP_HOST_RAW) \
	X("http_raw_uri", KW_MODIFIER_HTTP_URI_RAW) \
	X("http_referer", KW_HTTP_REFERER) \
	X("http_request_line", KW_HTTP_REQUEST_LINE) \
	X("http_response_line", KW_HTTP_RESPONSE_LINE) \
	X("http_server_body", KW_MODIFIER_HTTP_RESPONSE_BODY) \
	X("http_start", KW_HTTP_START) \
	X("http_stat_code", KW_MODIFIER_HTTP_STAT_CODE) \
	X("http_stat_msg", KW_MODIFIER_HTTP_STAT_MSG) \
	X("http_uri", KW_MODIFIER_HTTP_URI) \
	X("http_user_agent", KW_MODIFIER_HTTP_USER_AGENT) \
	X("icmp_id", KW_ICMP_ID) \
	X("icmp_seq", KW_ICMP_SEQ) \
	X("icmpv4-csum", KW_ICMPV4_CSUM) \
	X("icmpv4.hdr", KW_ICMPV4_HDR) \
	X("icmpv6-csum", KW_ICMPV6_CSUM) \
	X("icmpv6.hdr", KW_ICMPV6_HDR) \
	X("icmpv6.mtu", KW_ICMPV6_MTU) \
	X("icode", KW_ICODE) \
	X("id", KW_ID) \
	X("igmp-csum", KW_NOT_BUILT) \
	X("igmp.hdr", KW_NOT_BUILT) \
	X("igmp.type", KW_NOT_BUILT) \
	X("ike.chosen_sa_attribute", KW_NOT_BUILT) \
	X("ike.exchtype", KW_NOT_BUILT) \
	X("ike.init_spi", KW_NOT_BUILT) \
	X("ike.key_exchange_payload", KW_NOT_BUILT) \
	X("ike.key_exchange_payload_length", KW_NOT_BUILT) \
	X("ike.nonce_payload", KW_NOT_BUILT) \
	X("ike.nonce_payload_length", KW_NOT_BUILT) \
	X("ike.resp_spi", KW_NOT_BUILT) \
	X("ike.vendor", KW_NOT_BUILT) \
	X("ip.dst", KW_IP_DST) \
	X("ip.src", KW_IP_SRC) \
	X("ip_proto", KW_IP_PROTO) \
	X("ipopts", KW_IPOPTS) \
	X("iprep", KW_IPREP) \
	X("ipv4-csum", KW_IPV4_CSUM) \
	X("ipv4.hdr", KW_IPV4_HDR) \
	X("ipv6.hdr", KW_IPV6_HDR) \
	X("isdataat", KW_ISDATAAT) \
	X("itype", KW_ITYPE) \
	X("ja3.hash", KW_JA3_HASH) \
	X("ja3.string", KW_JA3_STRING) \
	X("ja3_hash", KW_JA3_HASH) \
	X("ja3_string", KW_JA3_STRING) \
	X("ja3s.hash", KW_JA3S_HASH) \
	X("ja3s.string", KW_JA3S_STRING) \
	X("ja4.hash", KW_JA4_HASH) \
	X("ja4_hash", KW_JA4_HASH) \
	X("krb5.cname", KW_NOT_BUILT) \
	X("krb5.sname", KW_NOT_BUILT) \
	X("krb5.ticket_encryption", KW_NOT_BUILT) \
	X("krb5_cname", KW_NOT_BUILT) \
	X("krb5_err_code", KW_NOT_BUILT) \
	X("krb5_msg_type", KW_NOT_BUILT) \
	X("krb5_sname", KW_NOT_BUILT) \
	X("l3_proto", KW_L3_PROTO) \
	X("ldap.request.attribute_type", KW_NOT_BUILT) \
	X("ldap.request.dn", KW_NOT_BUILT) \
	X("ldap.request.operation", KW_NOT_BUILT) \
	X("ldap.responses.attribute_type", KW_NOT_BUILT) \
	X("ldap.responses.count", KW_NOT_BUILT) \
	X("ldap.responses.dn", KW_NOT_BUILT) \
	X("ldap.responses.message", KW_NOT_BUILT) \
	X("ldap.responses.operation", KW_NOT_BUILT) \
	X("ldap.responses.result_code", KW_NOT_BUILT) \
	X("llmnr.additionals.rrname", KW_NOT_BUILT) \
	X("llmnr.answers.rrname", KW_NOT_BUILT) \
	X("llmnr.authorities.rrname", KW_NOT_BUILT) \
	X("llmnr.queries.rrname", KW_NOT_BUILT) \
	X("lua", KW_LUA) \
	X("luaxform", KW_LUAXFORM) \
	X("mdns.additionals.rrname", KW_MDNS_ADDITIONALS_RRNAME) \
	X("mdns.answers.rrname", KW_MDNS_ANSWERS_RRNAME) \
	X("mdns.authorities.rrname", KW_MDNS_AUTHORITIES_RRNAME) \
	X("mdns.queries.rrname", KW_MDNS_QUERIES_RRNAME) \
	X("mdns.response.rrname", KW_MDNS_RESPONSE_RRNAME) \
	X("metadata", KW_METADATA) \
	X("modbus", KW_NOT_BUILT) \
	X("mqtt.connack.session_present", KW_NOT_BUILT) \
	X("mqtt.connect.clientid", KW_NOT_BUILT) \
	X("mqtt.connect.flags", KW_NOT_BUILT) \
	X("mqtt.connect.password", KW_NOT_BUILT) \
	X("mqtt.connect.protocol_string", KW_NOT_BUILT) \
	X("mqtt.connect.username", KW_NOT_BUILT) \
	X("mqtt.connect.willmessage", KW_NOT_BUILT) \
	X("mqtt.connect.willtopic", KW_NOT_BUILT) \
	X("mqtt.flags", KW_NOT_BUILT) \
	X("mqtt.protocol_version", KW_NOT_BUILT) \
	X("mqtt.publish.message", KW_NOT_BUILT) \
	X("mqtt.publish.topic", KW_NOT_BUILT) \
	X("mqtt.qos", KW_NOT_BUILT) \
	X("mqtt.reason_code", KW_NOT_BUILT) \
	X("mqtt.subscribe.topic", KW_NOT_BUILT) \
	X("mqtt.type", KW_NOT_BUILT) \
	X("mqtt.unsubscribe.topic", KW_NOT_BUILT) \
	X("msg", KW_MSG) \
	X("ndpi-protocol", KW_NOT_BUILT) \
	X("ndpi-risk", KW_NOT_BUILT) \
	X("nfq_set_mark", KW_NFQ_SET_MARK) \
	X("nfs.version", KW_NOT_BUILT) \
	X("nfs_procedure", KW_NOT_BUILT) \
	X("nfs_version", KW_NOT_BUILT) \
	X("noalert", KW_NOALERT) \
	X("nocase", KW_NOCASE) \
	X("ntp.mode", KW_NOT_BUILT) \
	X("ntp.reference_id", KW_NOT_BUILT) \
	X("ntp.stratum", KW_NOT_BUILT) \
	X("ntp.version", KW_NOT_BUILT) \
	X("offset", KW_OFFSET) \
	X("pcre", KW_PCRE) \
	X("pcrexform", KW_PCREXFORM) \
	X("pgsql.query", KW_NOT_BUILT) \
	X("pkt_data", KW_PKT_DATA) \
	X("pktvar", KW_PKTVAR) \
	X("prefilter", KW_PREFILTER) \
	X("priority", KW_PRIORITY) \
	X("quic.cyu.hash", KW_NOT_BUILT) \
	X("quic.cyu.string", KW_NOT_BUILT) \
	X("quic.sni", KW_NOT_BUILT) \
	X("quic.ua", KW_NOT_BUILT) \
	X("quic.version", KW_NOT_BUILT) \
	X("rawbytes", KW_RAWBYTES) \
	X("reference", KW_REFERENCE) \
	X("replace", KW_REPLACE) \
	X("requires", KW_REQUIRES) \
	X("rev", KW_REV) \
	X("rfb.name", KW_NOT_BUILT) \
	X("rfb.secresult", KW_NOT_BUILT) \
	X("rfb.sectype", KW_NOT_BUILT) \
	X("rpc", KW_RPC) \
	X("sameip", KW_SAMEIP) \
	X("sctp.chunk_cnt", KW_NOT_BUILT) \
	X("sctp.chunk_data", KW_NOT_BUILT) \
	X("sctp.chunk_type", KW_NOT_BUILT) \
	X("sctp.hdr", KW_NOT_BUILT) \
	X("sctp.vtag", KW_NOT_BUILT) \
	X("sdp.attribute", KW_NOT_BUILT) \
	X("sdp.bandwidth", KW_NOT_BUILT) \
	X("sdp.connection_data", KW_NOT_BUILT) \
	X("sdp.email", KW_NOT_BUILT) \
	X("sdp.encryption_key", KW_NOT_BUILT) \
	X("sdp.media.connection_data", KW_NOT_BUILT) \
	X("sdp.media.encryption_key", KW_NOT_BUILT) \
	X("sdp.media.media", KW_NOT_BUILT) \
	X("sdp.media.media_info", KW_NOT_BUILT) \
	X("sdp.origin", KW_NOT_BUILT) \
	X("sdp.phone_number", KW_NOT_BUILT) \
	X("sdp.repeat_time", KW_NOT_BUILT) \
	X("sdp.session_info", KW_NOT_BUILT) \
	X("sdp.session_name", KW_NOT_BUILT) \
	X("sdp.time", KW_NOT_BUILT) \
	X("sdp.timezone", KW_NOT_BUILT) \
	X("sdp.uri", KW_NOT_BUILT) \
	X("seq", KW_TCP_SEQ) \
	X("sid", KW_SID) \
	X("sip.content_length", KW_NOT_BUILT) \
	X("sip.content_type", KW_NOT_BUILT) \
	X("sip.from", KW_NOT_BUILT) \
	X("sip.method", KW_NOT_BUILT) \
	X("sip.protocol", KW_NOT_BUILT) \
	X("sip.request_line", KW_NOT_BUILT) \
	X("sip.response_line", KW_NOT_BUILT) \
	X("sip.stat_code", KW_NOT_BUILT) \
	X("sip.stat_msg", KW_NOT_BUILT) \
	X("sip.to", KW_NOT_BUILT) \
	X("sip.uri", KW_NOT_BUILT) \
	X("sip.user_agent", KW_NOT_BUILT) \
	X("sip.via", KW_NOT_BUILT) \
	X("smb.named_pipe", KW_NOT_BUILT) \
	X("smb.ntlmssp_domain", KW_NOT_BUILT) \
	X("smb.ntlmssp_user", KW_NOT_BUILT) \
	X("smb.share", KW_NOT_BUILT) \
	X("smb.version", KW_NOT_BUILT) \
	X("smb_named_pipe", KW_NOT_BUILT) \
	X("smb_share", KW_NOT_BUILT) \
	X("smtp.helo", KW_SMTP_HELO) \
	X("smtp.mail_from", KW_SMTP_MAIL_FROM) \
	X("smtp.rcpt_to", KW_SMTP_RCPT_TO) \
	X("snmp.community", KW_NOT_BUILT) \
	X("snmp.pdu_type", KW_NOT_BUILT) \
	X("snmp.trap_address", KW_NOT_BUILT) \
	X("snmp.trap_oid", KW_NOT_BUILT) \
	X("snmp.trap_type", KW_NOT_BUILT) \
	X("snmp.usm", KW_NOT_BUILT) \
	X("snmp.version", KW_NOT_BUILT) \
	X("ssh-hassh", KW_SSH_HASSH) \
	X("ssh-hassh-server", KW_SSH_HASSH_SERVER) \
	X("ssh-hassh-server-string", KW_SSH_HASSH_SERVER_STRING) \
	X("ssh-hassh-string", KW_SSH_HASSH_STRING) \
	X("ssh.hassh", KW_SSH_HASSH) \
	X("ssh.hassh.server", KW_SSH_HASSH_SERVER) \
	X("ssh.hassh.server.string", KW_SSH_HASSH_SERVER_STRING) \
	X("ssh.hassh.string", KW_SSH_HASSH_STRING) \
	X("ssh.proto", KW_SSH_PROTO) \
	X("ssh.protoversion", KW_SSH_PROTOVERSION) \
	X("ssh.software", KW_SSH_SOFTWARE) \
	X("ssh.softwareversion", KW_SSH_SOFTWAREVERSION) \
	X("ssh_proto", KW_SSH_PROTO) \
	X("ssh_software", KW_SSH_SOFTWARE) \
	X("ssl_state", KW_SSL_STATE) \
	X("ssl_version", KW_SSL_VERSION) \
	X("startswith", KW_STARTSWITH) \
	X("stream-event", KW_STREAM_EVENT) \
	X("stream_size", KW_STREAM_SIZE) \
	X("strip_pseudo_headers", KW_STRIP_PSEUDO_HEADERS) \
	X("strip_whitespace", KW_STRIP_WHITESPACE) \
	X("subslice", KW_NOT_BUILT) \
	X("tag", KW_TAG) \
	X("target", KW_TARGET) \
	X("tcp.ack", KW_TCP_ACK) \
	X("tcp.flags", KW_TCP_FLAGS) \
	X("tcp.hdr", KW_TCP_HDR) \
	X("tcp.mss", KW_TCP_MSS) \
	X("tcp.seq", KW_TCP_SEQ) \
	X("tcp.session", KW_TCP_SESSION) \
	X("tcp.window", KW_TCP_WINDOW) \
	X("tcp.wscale", KW_TCP_WSCALE) \
	X("tcpv4-csum", KW_TCPV4_CSUM) \
	X("tcpv6-csum", KW_TCPV6_CSUM) \
	X("threshold", KW_THRESHOLD) \
	X("tld", KW_TLD) \
	X("tls.alpn", KW_TLS_ALPN) \
	X("tls.cert_chain_len", KW_TLS_CERT_CHAIN_LEN) \
	X("tls.cert_fingerprint", KW_TLS_CERT_FINGERPRINT) \
	X("tls.cert_issuer", KW_TLS_CERT_ISSUER) \
	X("tls.cert_serial", KW_TLS_CERT_SERIAL) \
	X("tls.cert_subject", KW_TLS_CERT_SUBJECT) \
	X("tls.certs", KW_TLS_CERTS) \
	X("tls.fingerprint", KW_TLS_FINGERPRINT) \
	X("tls.issuerdn", KW_TLS_ISSUERDN) \
	X("tls.random", KW_TLS_RANDOM) \
	X("tls.random_bytes", KW_TLS_RANDOM_BYTES) \
	X("tls.random_time", KW_TLS_RANDOM_TIME) \
	X("tls.sni", KW_TLS_SNI) \
	X("tls.store", KW_TLS_STORE) \
	X("tls.subject", KW_TLS_SUBJECT) \
	X("tls.subjectaltname", KW_TLS_SUBJECTALTNAME) \
	X("tls.version", KW_TLS_VERSION) \
	X("tls_cert_expired", KW_TLS_CERT_EXPIRED) \
	X("tls_cert_fingerprint", KW_TLS_CERT_FINGERPRINT) \
	X("tls_cert_issuer", KW_TLS_CERT_ISSUER) \
	X("tls_cert_notafter", KW_TLS_CERT_NOTAFTER) \
	X("tls_cert_notbefore", KW_TLS_CERT_NOTBEFORE) \
	X("tls_cert_serial", KW_TLS_CERT_SERIAL) \
	X("tls_cert_subject", KW_TLS_CERT_SUBJECT) \
	X("tls_cert_valid", KW_TLS_CERT_VALID) \
	X("tls_sni", KW_TLS_SNI) \
	X("tls_store", KW_TLS_STORE) \
	X("to_lowercase", KW_TO_LOWERCASE) \
	X("to_md5", KW_TO_MD5) \
	X("to_sha1", KW_TO_SHA1) \
	X("to_sha256", KW_TO_SHA256) \
	X("to_uppercase", KW_TO_UPPERCASE) \
	X("tos", KW_TOS) \
	X("ttl", KW_TTL) \
	X("udp.hdr", KW_UDP_HDR) \
	X("udpv4-csum", KW_UDPV4_CSUM) \
	X("udpv6-csum", KW_UDPV6_CSUM) \
	X("uricontent", KW_URICONTENT) \
	X("urilen", KW_URILEN) \
	X("url_decode", KW_URL_DECODE) \
	X("vlan.id", KW_VLAN_ID) \
	X("vlan.layers", KW_VLAN_LAYERS) \
	X("websocket.flags", KW_NOT_BUILT) \
	X("websocket.mask", KW_NOT_BUILT) \
	X("websocket.opcode", KW_NOT_BUILT) \
	X("websocket.payload", KW_NOT_BUILT) \
	X("weir.watch", KW_WATCH) \
	X("window", KW_TCP_WINDOW) \
	X("within", KW_WITHIN) \
	X("xbits", KW_XBITS) \
	X("xor", KW_XOR) \
	X("zlib_deflate", KW_ZLIB_DEFLATE)
/* clang-format on */

#define NAME_TEXT(name, keyword) name,
static const char *const names[] = { NAME_LIST(NAME_TEXT) };
#undef NAME_TEXT

#define NAME_KEYWORD(name, keyword) keyword,
static const uint16_t keywords[] = { NAME_LIST(NAME_KEYWORD) };
#undef NAME_KEYWORD

#define NAMES (sizeof(names) / sizeof(names[0]))

const char *const *keyword_names(size_t *count_out)
{
	*count_out = NAMES;
	return names;
}

enum keyword keyword_find(const char *name, size_t len)
{
	char word[NAME_MAX_BYTES];
	size_t low = 0, high = NAMES;

	if (len == 0 || len >= sizeof(word))
		return KW_UNKNOWN;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		word[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	word[len] = '\0';
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(word, names[mid]);

		if (order == 0)
			return (enum keyword)keywords[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return KW_UNKNOWN;
}
