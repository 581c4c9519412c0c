/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app_event.h - the number of every event of application protocols.
 *
 * An event says that the wire is odd; it is never an error.  Names are those of the keyword
 * app-layer-event ("http.missing_host_header", "applayer_unexpected_protocol"); EVE's anomaly records
 * have them without the protocol, in capitals.
 * Not here: events of packets and TCP streams (event.h); names of protocols that are not parsed.
 */
#ifndef WEIR_BASE_APP_EVENT_H
#define WEIR_BASE_APP_EVENT_H

#include <stddef.h>

/* X(constant, protocol as in the keyword or "", name) */
#define APP_EVENT_LIST(X) \
	X(APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION, "", \
	  "applayer_detect_protocol_only_one_direction") \
	X(APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS, "", \
	  "applayer_mismatch_protocol_both_directions") \
	X(APPLAYER_NO_TLS_AFTER_STARTTLS, "", "applayer_no_tls_after_starttls") \
	X(APPLAYER_PROTO_DETECTION_SKIPPED, "", "applayer_proto_detection_skipped") \
	X(APPLAYER_UNEXPECTED_PROTOCOL, "", "applayer_unexpected_protocol") \
	X(APPLAYER_WRONG_DIRECTION_FIRST_DATA, "", "applayer_wrong_direction_first_data") \
	X(HTTP_100_CONTINUE_ALREADY_SEEN, "http", "100_continue_already_seen") \
	X(HTTP_ABNORMAL_CE_HEADER, "http", "abnormal_ce_header") \
	X(HTTP_COMPRESSION_BOMB, "http", "compression_bomb") \
	X(HTTP_COMPRESSION_BOMB_DOUBLE_LZMA, "http", "compression_bomb_double_lzma") \
	X(HTTP_COMPRESSION_BOMB_LIMIT_REACHED, "http", "compression_bomb_limit_reached") \
	X(HTTP_CONNECTION_ALREADY_OPEN, "http", "connection_already_open") \
	X(HTTP_CONTENT_LENGTH_EXTRA_DATA_END, "http", "content_length_extra_data_end") \
	X(HTTP_CONTENT_LENGTH_EXTRA_DATA_START, "http", "content_length_extra_data_start") \
	X(HTTP_DEFORMED_EOL, "http", "deformed_eol") \
	X(HTTP_DOUBLE_ENCODED_URI, "http", "double_encoded_uri") \
	X(HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST, "http", \
	  "duplicate_content_length_field_in_request") \
	X(HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_RESPONSE, "http", \
	  "duplicate_content_length_field_in_response") \
	X(HTTP_FAILED_PROTOCOL_CHANGE, "http", "failed_protocol_change") \
	X(HTTP_FILE_NAME_INVALID, "http", "file_name_invalid") \
	X(HTTP_FILE_NAME_TOO_LONG, "http", "file_name_too_long") \
	X(HTTP_GZIP_DECOMPRESSION_FAILED, "http", "gzip_decompression_failed") \
	X(HTTP_HOST_HEADER_AMBIGUOUS, "http", "host_header_ambiguous") \
	X(HTTP_INVALID_AUTHORITY_PORT, "http", "invalid_authority_port") \
	X(HTTP_INVALID_CONTENT_ENCODING, "http", "invalid_content_encoding") \
	X(HTTP_INVALID_CONTENT_LENGTH_FIELD_IN_REQUEST, "http", \
	  "invalid_content_length_field_in_request") \
	X(HTTP_INVALID_CONTENT_LENGTH_FIELD_IN_RESPONSE, "http", \
	  "invalid_content_length_field_in_response") \
	X(HTTP_INVALID_GAP, "http", "invalid_gap") \
	X(HTTP_INVALID_REQUEST_CHUNK_LEN, "http", "invalid_request_chunk_len") \
	X(HTTP_INVALID_REQUEST_FIELD_FOLDING, "http", "invalid_request_field_folding") \
	X(HTTP_INVALID_RESPONSE_CHUNK_LEN, "http", "invalid_response_chunk_len") \
	X(HTTP_INVALID_RESPONSE_FIELD_FOLDING, "http", "invalid_response_field_folding") \
	X(HTTP_INVALID_SERVER_PORT_IN_REQUEST, "http", "invalid_server_port_in_request") \
	X(HTTP_INVALID_TRANSFER_ENCODING_VALUE_IN_REQUEST, "http", \
	  "invalid_transfer_encoding_value_in_request") \
	X(HTTP_INVALID_TRANSFER_ENCODING_VALUE_IN_RESPONSE, "http", \
	  "invalid_transfer_encoding_value_in_response") \
	X(HTTP_LZMA_DECOMPRESSION_DISABLED, "http", "lzma_decompression_disabled") \
	X(HTTP_LZMA_MEMLIMIT_REACHED, "http", "lzma_memlimit_reached") \
	X(HTTP_METHOD_DELIM_NON_COMPLIANT, "http", "method_delim_non_compliant") \
	X(HTTP_MISSING_HOST_HEADER, "http", "missing_host_header") \
	X(HTTP_MISSING_INBOUND_TRANSACTION_DATA, "http", "missing_inbound_transaction_data") \
	X(HTTP_MISSING_OUTBOUND_TRANSACTION_DATA, "http", "missing_outbound_transaction_data") \
	X(HTTP_MULTIPART_GENERIC_ERROR, "http", "multipart_generic_error") \
	X(HTTP_MULTIPART_INVALID_HEADER, "http", "multipart_invalid_header") \
	X(HTTP_MULTIPART_NO_FILEDATA, "http", "multipart_no_filedata") \
	X(HTTP_PARSER_STATE_ERROR, "http", "parser_state_error") \
	X(HTTP_PROTOCOL_CONTAINS_EXTRA_DATA, "http", "protocol_contains_extra_data") \
	X(HTTP_RANGE_INVALID, "http", "range_invalid") \
	X(HTTP_REQUEST_AUTH_UNRECOGNIZED, "http", "request_auth_unrecognized") \
	X(HTTP_REQUEST_BODY_DATA_CALLBACK_ERROR, "http", "request_body_data_callback_error") \
	X(HTTP_REQUEST_BODY_UNEXPECTED, "http", "request_body_unexpected") \
	X(HTTP_REQUEST_CHUNK_EXTENSION, "http", "request_chunk_extension") \
	X(HTTP_REQUEST_FIELD_MISSING_COLON, "http", "request_field_missing_colon") \
	X(HTTP_REQUEST_FIELD_TOO_LONG, "http", "request_field_too_long") \
	X(HTTP_REQUEST_HEADER_HOST_INVALID, "http", "request_header_host_invalid") \
	X(HTTP_REQUEST_HEADER_INVALID, "http", "request_header_invalid") \
	X(HTTP_REQUEST_HEADER_REPETITION, "http", "request_header_repetition") \
	X(HTTP_REQUEST_INVALID_EMPTY_NAME, "http", "request_invalid_empty_name") \
	X(HTTP_REQUEST_INVALID_LWS_AFTER_NAME, "http", "request_invalid_lws_after_name") \
	X(HTTP_REQUEST_LINE_INCOMPLETE, "http", "request_line_incomplete") \
	X(HTTP_REQUEST_LINE_INVALID, "http", "request_line_invalid") \
	X(HTTP_REQUEST_LINE_LEADING_WHITESPACE, "http", "request_line_leading_whitespace") \
	X(HTTP_REQUEST_LINE_MISSING_PROTOCOL, "http", "request_line_missing_protocol") \
	X(HTTP_REQUEST_LINE_UNKNOWN_METHOD, "http", "request_line_unknown_method") \
	X(HTTP_REQUEST_LINE_UNKNOWN_METHOD_INVALID_PROTOCOL, "http", \
	  "request_line_unknown_method_invalid_protocol") \
	X(HTTP_REQUEST_LINE_UNKNOWN_METHOD_NO_PROTOCOL, "http", \
	  "request_line_unknown_method_no_protocol") \
	X(HTTP_REQUEST_SERVER_PORT_TCP_PORT_MISMATCH, "http", \
	  "request_server_port_tcp_port_mismatch") \
	X(HTTP_REQUEST_TOO_MANY_HEADERS, "http", "request_too_many_headers") \
	X(HTTP_REQUEST_TOO_MANY_LZMA_LAYERS, "http", "request_too_many_lzma_layers") \
	X(HTTP_REQUEST_URI_HOST_INVALID, "http", "request_uri_host_invalid") \
	X(HTTP_RESPONSE_ABNORMAL_TRANSFER_ENCODING, "http", "response_abnormal_transfer_encoding") \
	X(HTTP_RESPONSE_BODY_INTERNAL_ERROR, "http", "response_body_internal_error") \
	X(HTTP_RESPONSE_BODY_UNEXPECTED, "http", "response_body_unexpected") \
	X(HTTP_RESPONSE_CHUNKED_OLD_PROTO, "http", "response_chunked_old_proto") \
	X(HTTP_RESPONSE_CHUNK_EXTENSION, "http", "response_chunk_extension") \
	X(HTTP_RESPONSE_FIELD_MISSING_COLON, "http", "response_field_missing_colon") \
	X(HTTP_RESPONSE_FIELD_TOO_LONG, "http", "response_field_too_long") \
	X(HTTP_RESPONSE_HEADER_INVALID, "http", "response_header_invalid") \
	X(HTTP_RESPONSE_HEADER_NAME_NOT_TOKEN, "http", "response_header_name_not_token") \
	X(HTTP_RESPONSE_HEADER_REPETITION, "http", "response_header_repetition") \
	X(HTTP_RESPONSE_INVALID_EMPTY_NAME, "http", "response_invalid_empty_name") \
	X(HTTP_RESPONSE_INVALID_LWS_AFTER_NAME, "http", "response_invalid_lws_after_name") \
	X(HTTP_RESPONSE_INVALID_PROTOCOL, "http", "response_invalid_protocol") \
	X(HTTP_RESPONSE_INVALID_STATUS, "http", "response_invalid_status") \
	X(HTTP_RESPONSE_LINE_INVALID_PROTOCOL, "http", "response_line_invalid_protocol") \
	X(HTTP_RESPONSE_LINE_INVALID_RESPONSE_STATUS, "http", \
	  "response_line_invalid_response_status") \
	X(HTTP_RESPONSE_MULTIPART_BYTERANGES, "http", "response_multipart_byteranges") \
	X(HTTP_RESPONSE_TOO_MANY_HEADERS, "http", "response_too_many_headers") \
	X(HTTP_RESPONSE_TOO_MANY_LZMA_LAYERS, "http", "response_too_many_lzma_layers") \
	X(HTTP_SWITCHING_PROTO_WITH_CONTENT_LENGTH, "http", "switching_proto_with_content_length") \
	X(HTTP_TOO_MANY_ENCODING_LAYERS, "http", "too_many_encoding_layers") \
	X(HTTP_TOO_MANY_TRANSACTIONS, "http", "too_many_transactions") \
	X(HTTP_TOO_MANY_WARNINGS, "http", "too_many_warnings") \
	X(HTTP_UNABLE_TO_MATCH_RESPONSE_TO_REQUEST, "http", "unable_to_match_response_to_request") \
	X(HTTP_UNKNOWN_ERROR, "http", "unknown_error") \
	X(HTTP_URI_DELIM_NON_COMPLIANT, "http", "uri_delim_non_compliant") \
	X(HTTP_ZERO_LENGTH_DATA_CHUNKS, "http", "zero_length_data_chunks") \
	X(DNS_INFINITE_LOOP, "dns", "infinite_loop") \
	X(DNS_INVALID_ADDITIONALS, "dns", "invalid_additionals") \
	X(DNS_INVALID_AUTHORITIES, "dns", "invalid_authorities") \
	X(DNS_INVALID_OPCODE, "dns", "invalid_opcode") \
	X(DNS_MALFORMED_DATA, "dns", "malformed_data") \
	X(DNS_NAME_TOO_LONG, "dns", "name_too_long") \
	X(DNS_NOT_REQUEST, "dns", "not_request") \
	X(DNS_NOT_RESPONSE, "dns", "not_response") \
	X(DNS_TOO_MANY_LABELS, "dns", "too_many_labels") \
	X(DNS_Z_FLAG_SET, "dns", "z_flag_set") \
	X(TLS_CERTIFICATE_INVALID_ALGORITHMIDENTIFIER, "tls", \
	  "certificate_invalid_algorithmidentifier") \
	X(TLS_CERTIFICATE_INVALID_DATE, "tls", "certificate_invalid_date") \
	X(TLS_CERTIFICATE_INVALID_DER, "tls", "certificate_invalid_der") \
	X(TLS_CERTIFICATE_INVALID_EXTENSIONS, "tls", "certificate_invalid_extensions") \
	X(TLS_CERTIFICATE_INVALID_ISSUER, "tls", "certificate_invalid_issuer") \
	X(TLS_CERTIFICATE_INVALID_LENGTH, "tls", "certificate_invalid_length") \
	X(TLS_CERTIFICATE_INVALID_SERIAL, "tls", "certificate_invalid_serial") \
	X(TLS_CERTIFICATE_INVALID_SUBJECT, "tls", "certificate_invalid_subject") \
	X(TLS_CERTIFICATE_INVALID_VALIDITY, "tls", "certificate_invalid_validity") \
	X(TLS_CERTIFICATE_INVALID_VERSION, "tls", "certificate_invalid_version") \
	X(TLS_CERTIFICATE_INVALID_X509NAME, "tls", "certificate_invalid_x509name") \
	X(TLS_DATALEAK_HEARTBEAT_MISMATCH, "tls", "dataleak_heartbeat_mismatch") \
	X(TLS_ERROR_MESSAGE_ENCOUNTERED, "tls", "error_message_encountered") \
	X(TLS_HANDSHAKE_INVALID_LENGTH, "tls", "handshake_invalid_length") \
	X(TLS_HEARTBEAT_MESSAGE, "tls", "heartbeat_message") \
	X(TLS_INVALID_ALERT_MESSAGE, "tls", "invalid_alert_message") \
	X(TLS_INVALID_CERTIFICATE, "tls", "invalid_certificate") \
	X(TLS_INVALID_HANDSHAKE_MESSAGE, "tls", "invalid_handshake_message") \
	X(TLS_INVALID_HEARTBEAT_MESSAGE, "tls", "invalid_heartbeat_message") \
	X(TLS_INVALID_RECORD_LENGTH, "tls", "invalid_record_length") \
	X(TLS_INVALID_RECORD_TYPE, "tls", "invalid_record_type") \
	X(TLS_INVALID_RECORD_VERSION, "tls", "invalid_record_version") \
	X(TLS_INVALID_SNI_LENGTH, "tls", "invalid_sni_length") \
	X(TLS_INVALID_SNI_TYPE, "tls", "invalid_sni_type") \
	X(TLS_INVALID_SSL_RECORD, "tls", "invalid_ssl_record") \
	X(TLS_INVALID_SSLV2_HEADER, "tls", "invalid_sslv2_header") \
	X(TLS_INVALID_TLS_HEADER, "tls", "invalid_tls_header") \
	X(TLS_MULTIPLE_SNI_EXTENSIONS, "tls", "multiple_sni_extensions") \
	X(TLS_OVERFLOW_HEARTBEAT_MESSAGE, "tls", "overflow_heartbeat_message") \
	X(TLS_TOO_MANY_RECORDS_IN_PACKET, "tls", "too_many_records_in_packet") \
	X(TLS_TOO_MANY_SUBJECT_ALTERNATIVE_NAMES, "tls", "too_many_subject_alternative_names") \
	X(MDNS_INFINITE_LOOP, "mdns", "infinite_loop") \
	X(MDNS_INVALID_ADDITIONALS, "mdns", "invalid_additionals") \
	X(MDNS_INVALID_AUTHORITIES, "mdns", "invalid_authorities") \
	X(MDNS_INVALID_OPCODE, "mdns", "invalid_opcode") \
	X(MDNS_MALFORMED_DATA, "mdns", "malformed_data") \
	X(MDNS_NAME_TOO_LONG, "mdns", "name_too_long") \
	X(MDNS_TOO_MANY_LABELS, "mdns", "too_many_labels") \
	X(MDNS_Z_FLAG_SET, "mdns", "z_flag_set") \
	X(SMTP_BDAT_CHUNK_LEN_EXCEEDED, "smtp", "bdat_chunk_len_exceeded") \
	X(SMTP_DATA_COMMAND_REJECTED, "smtp", "data_command_rejected") \
	X(SMTP_DUPLICATE_FIELDS, "smtp", "duplicate_fields") \
	X(SMTP_FAILED_PROTOCOL_CHANGE, "smtp", "failed_protocol_change") \
	X(SMTP_INVALID_BDAT, "smtp", "invalid_bdat") \
	X(SMTP_INVALID_PIPELINED_SEQUENCE, "smtp", "invalid_pipelined_sequence") \
	X(SMTP_INVALID_REPLY, "smtp", "invalid_reply") \
	X(SMTP_MAX_COMMAND_LINE_LEN_EXCEEDED, "smtp", "max_command_line_len_exceeded") \
	X(SMTP_MAX_REPLY_LINE_LEN_EXCEEDED, "smtp", "max_reply_line_len_exceeded") \
	X(SMTP_MIME_INVALID_BASE64, "smtp", "mime_invalid_base64") \
	X(SMTP_MIME_INVALID_QP, "smtp", "mime_invalid_qp") \
	X(SMTP_MIME_LONG_BOUNDARY, "smtp", "mime_long_boundary") \
	X(SMTP_MIME_LONG_ENC_LINE, "smtp", "mime_long_enc_line") \
	X(SMTP_MIME_LONG_FILENAME, "smtp", "mime_long_filename") \
	X(SMTP_MIME_LONG_HEADER_NAME, "smtp", "mime_long_header_name") \
	X(SMTP_MIME_LONG_HEADER_VALUE, "smtp", "mime_long_header_value") \
	X(SMTP_MIME_LONG_LINE, "smtp", "mime_long_line") \
	X(SMTP_MIME_MALFORMED_MSG, "smtp", "mime_malformed_msg") \
	X(SMTP_MIME_PARSE_FAILED, "smtp", "mime_parse_failed") \
	X(SMTP_NO_SERVER_WELCOME_MESSAGE, "smtp", "no_server_welcome_message") \
	X(SMTP_TLS_REJECTED, "smtp", "tls_rejected") \
	X(SMTP_TRUNCATED_LINE, "smtp", "truncated_line") \
	X(SMTP_UNABLE_TO_MATCH_REPLY_WITH_REQUEST, "smtp", "unable_to_match_reply_with_request") \
	X(SMTP_UNPARSABLE_CONTENT, "smtp", "unparsable_content") \
	X(SSH_INVALID_BANNER, "ssh", "invalid_banner") \
	X(SSH_INVALID_RECORD, "ssh", "invalid_record") \
	X(SSH_LONG_BANNER, "ssh", "long_banner") \
	X(FTP_FILE_BEFORE_PORT, "ftp", "file_before_port") \
	X(FTP_FILE_WITHOUT_NAME, "ftp", "file_without_name") \
	X(FTP_REQUEST_COMMAND_TOO_LONG, "ftp", "request_command_too_long") \
	X(FTP_RESPONSE_COMMAND_TOO_LONG, "ftp", "response_command_too_long") \
	X(FTP_TOO_MANY_TRANSACTIONS, "ftp", "too_many_transactions")

enum app_event {
#define APP_EVENT_ENUM(id, proto, name) APP_EVENT_##id,
	APP_EVENT_LIST(APP_EVENT_ENUM)
#undef APP_EVENT_ENUM
		APP_EVENT__COUNT
};

/* "missing_host_header" */
const char *app_event_name(enum app_event e);
/* "http"; "" for those of protocol identification. */
const char *app_event_proto(enum app_event e);

/* The event of a keyword's value ("http.missing_host_header"), or -1. */
int app_event_find(const char *name, size_t len);

#endif
