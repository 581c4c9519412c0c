/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer_list.h - the buffers of application protocols, a line each.
 *
 * X(constant, name, older name as a sticky buffer or NULL, older name as a modifier of the content
 * before it or NULL, protocols as app_proto_find() has them, directions, several in a transaction,
 * in words).  Directions: S to server, C to client, B both; SD, BD where a rule may say which, as in
 * http.accept:to_client.
 * Not here: where their bytes come from (engine/app).
 */
#ifndef WEIR_PARSER_BUFFER_LIST_H
#define WEIR_PARSER_BUFFER_LIST_H

#define BUFFER_TX_LIST(X) \
	X(HTTP_URI, "http.uri", "http.uri.normalized", "http_uri", "http", S, false, \
	  "the normalised URI") \
	X(HTTP_URI_RAW, "http.uri.raw", NULL, "http_raw_uri", "http", S, false, "the URI as sent") \
	X(HTTP_METHOD, "http.method", NULL, "http_method", "http", S, false, "the method") \
	X(HTTP_PROTOCOL, "http.protocol", "http_protocol", NULL, "http", B, false, \
	  "the protocol version") \
	X(HTTP_REQUEST_LINE, "http.request_line", "http_request_line", NULL, "http", S, false, \
	  "the request line") \
	X(HTTP_RESPONSE_LINE, "http.response_line", "http_response_line", NULL, "http", C, false, \
	  "the response line") \
	X(HTTP_START, "http.start", "http_start", NULL, "http", B, false, \
	  "the first line and the headers") \
	X(HTTP_HEADER, "http.header", NULL, "http_header", "http", B, false, \
	  "the normalised headers") \
	X(HTTP_HEADER_RAW, "http.header.raw", NULL, "http_raw_header", "http", B, false, \
	  "the headers as sent") \
	X(HTTP_HEADER_NAMES, "http.header_names", "http_header_names", NULL, "http", B, false, \
	  "the names of the headers") \
	X(HTTP_REQUEST_HEADER, "http.request_header", NULL, NULL, "http", S, true, \
	  "a header of the request") \
	X(HTTP_RESPONSE_HEADER, "http.response_header", NULL, NULL, "http", C, true, \
	  "a header of the response") \
	X(HTTP_HOST, "http.host", NULL, "http_host", "http", S, false, "the normalised host") \
	X(HTTP_HOST_RAW, "http.host.raw", NULL, "http_raw_host", "http", S, false, \
	  "the host as sent") \
	X(HTTP_USER_AGENT, "http.user_agent", NULL, "http_user_agent", "http", S, false, \
	  "the User-Agent header") \
	X(HTTP_COOKIE, "http.cookie", NULL, "http_cookie", "http", B, false, \
	  "the Cookie or Set-Cookie header") \
	X(HTTP_REFERER, "http.referer", "http_referer", NULL, "http", SD, false, \
	  "the Referer header") \
	X(HTTP_ACCEPT, "http.accept", "http_accept", NULL, "http", SD, false, "the Accept header") \
	X(HTTP_ACCEPT_ENC, "http.accept_enc", "http_accept_enc", NULL, "http", SD, false, \
	  "the Accept-Encoding header") \
	X(HTTP_ACCEPT_LANG, "http.accept_lang", "http_accept_lang", NULL, "http", SD, false, \
	  "the Accept-Language header") \
	X(HTTP_CONNECTION, "http.connection", "http_connection", NULL, "http", BD, false, \
	  "the Connection header") \
	X(HTTP_CONTENT_LEN, "http.content_len", "http_content_len", NULL, "http", BD, false, \
	  "the Content-Length header") \
	X(HTTP_CONTENT_TYPE, "http.content_type", "http_content_type", NULL, "http", BD, false, \
	  "the Content-Type header") \
	X(HTTP_LOCATION, "http.location", NULL, NULL, "http", C, false, "the Location header") \
	X(HTTP_SERVER, "http.server", NULL, NULL, "http", C, false, "the Server header") \
	X(HTTP_STAT_CODE, "http.stat_code", NULL, "http_stat_code", "http", C, false, \
	  "the status code") \
	X(HTTP_STAT_MSG, "http.stat_msg", NULL, "http_stat_msg", "http", C, false, \
	  "the status message") \
	X(HTTP_REQUEST_BODY, "http.request_body", NULL, "http_client_body", "http", S, false, \
	  "the request body") \
	X(HTTP_RESPONSE_BODY, "http.response_body", NULL, "http_server_body", "http", C, false, \
	  "the response body") \
	X(FILE_DATA, "file.data", "file_data", NULL, NULL, BD, true, "the contents of a file") \
	X(FILE_NAME, "file.name", NULL, NULL, NULL, BD, true, "the name of a file") \
	X(FILE_MAGIC, "file.magic", NULL, NULL, NULL, BD, true, "the kind of a file, by libmagic") \
	X(DNS_QUERY, "dns.query", "dns_query", NULL, "dns", S, true, "a name that is asked for") \
	X(DNS_QUERIES_RRNAME, "dns.queries.rrname", "dns.query.name", NULL, "dns", B, true, \
	  "a name that is asked for") \
	X(DNS_ANSWERS_RRNAME, "dns.answers.rrname", "dns.answer.name", NULL, "dns", B, true, \
	  "the name of an answer") \
	X(DNS_AUTHORITIES_RRNAME, "dns.authorities.rrname", NULL, NULL, "dns", B, true, \
	  "the name of an authority") \
	X(DNS_ADDITIONALS_RRNAME, "dns.additionals.rrname", NULL, NULL, "dns", B, true, \
	  "the name of an additional record") \
	X(DNS_RESPONSE_RRNAME, "dns.response.rrname", NULL, NULL, "dns", C, true, \
	  "the name of any record of a response") \
	X(MDNS_QUERIES_RRNAME, "mdns.queries.rrname", NULL, NULL, "mdns", S, true, \
	  "a name that is asked for") \
	X(MDNS_ANSWERS_RRNAME, "mdns.answers.rrname", NULL, NULL, "mdns", S, true, \
	  "the name of an answer") \
	X(MDNS_AUTHORITIES_RRNAME, "mdns.authorities.rrname", NULL, NULL, "mdns", S, true, \
	  "the name of an authority") \
	X(MDNS_ADDITIONALS_RRNAME, "mdns.additionals.rrname", NULL, NULL, "mdns", S, true, \
	  "the name of an additional record") \
	X(MDNS_RESPONSE_RRNAME, "mdns.response.rrname", NULL, NULL, "mdns", S, true, \
	  "the name of any record of a response") \
	X(TLS_SNI, "tls.sni", "tls_sni", NULL, "tls", S, false, "the server name") \
	X(TLS_ALPN, "tls.alpn", NULL, NULL, "tls", B, true, "an application protocol offered") \
	X(TLS_CERT_SUBJECT, "tls.cert_subject", "tls_cert_subject", NULL, "tls", B, false, \
	  "the certificate's subject") \
	X(TLS_CERT_ISSUER, "tls.cert_issuer", "tls_cert_issuer", NULL, "tls", B, false, \
	  "the certificate's issuer") \
	X(TLS_CERT_SERIAL, "tls.cert_serial", "tls_cert_serial", NULL, "tls", B, false, \
	  "the certificate's serial number") \
	X(TLS_CERT_FINGERPRINT, "tls.cert_fingerprint", "tls_cert_fingerprint", NULL, "tls", B, \
	  false, "the certificate's SHA-1") \
	X(TLS_CERTS, "tls.certs", NULL, NULL, "tls", B, true, "a certificate") \
	X(TLS_SUBJECTALTNAME, "tls.subjectaltname", NULL, NULL, "tls", B, true, \
	  "another name of the certificate's subject") \
	X(TLS_RANDOM, "tls.random", NULL, NULL, "tls", B, false, "the random of a hello") \
	X(TLS_RANDOM_TIME, "tls.random_time", NULL, NULL, "tls", B, false, \
	  "the first four bytes of the random") \
	X(TLS_RANDOM_BYTES, "tls.random_bytes", NULL, NULL, "tls", B, false, \
	  "the random without its first four bytes") \
	X(JA3_HASH, "ja3.hash", "ja3_hash", NULL, "tls", S, false, "the JA3 hash") \
	X(JA3_STRING, "ja3.string", "ja3_string", NULL, "tls", S, false, "the JA3 string") \
	X(JA3S_HASH, "ja3s.hash", NULL, NULL, "tls", C, false, "the JA3S hash") \
	X(JA3S_STRING, "ja3s.string", NULL, NULL, "tls", C, false, "the JA3S string") \
	X(JA4_HASH, "ja4.hash", "ja4_hash", NULL, "tls", S, false, "the JA4 hash") \
	X(SSH_PROTO, "ssh.proto", "ssh_proto", NULL, "ssh", B, false, "the protocol version") \
	X(SSH_SOFTWARE, "ssh.software", "ssh_software", NULL, "ssh", B, false, \
	  "the software version") \
	X(SSH_HASSH, "ssh.hassh", "ssh-hassh", NULL, "ssh", S, false, "the client's hassh") \
	X(SSH_HASSH_STRING, "ssh.hassh.string", "ssh-hassh-string", NULL, "ssh", S, false, \
	  "the text of the client's hassh") \
	X(SSH_HASSH_SERVER, "ssh.hassh.server", "ssh-hassh-server", NULL, "ssh", C, false, \
	  "the server's hassh") \
	X(SSH_HASSH_SERVER_STRING, "ssh.hassh.server.string", "ssh-hassh-server-string", NULL, \
	  "ssh", C, false, "the text of the server's hassh") \
	X(SMTP_HELO, "smtp.helo", NULL, NULL, "smtp", S, false, "the argument of HELO") \
	X(SMTP_MAIL_FROM, "smtp.mail_from", NULL, NULL, "smtp", S, false, \
	  "the argument of MAIL FROM") \
	X(SMTP_RCPT_TO, "smtp.rcpt_to", NULL, NULL, "smtp", S, true, "the argument of RCPT TO") \
	X(EMAIL_FROM, "email.from", NULL, NULL, "smtp", S, false, "the From header") \
	X(EMAIL_TO, "email.to", NULL, NULL, "smtp", S, false, "the To header") \
	X(EMAIL_CC, "email.cc", NULL, NULL, "smtp", S, false, "the Cc header") \
	X(EMAIL_SUBJECT, "email.subject", NULL, NULL, "smtp", S, false, "the Subject header") \
	X(EMAIL_DATE, "email.date", NULL, NULL, "smtp", S, false, "the Date header") \
	X(EMAIL_MESSAGE_ID, "email.message_id", NULL, NULL, "smtp", S, false, \
	  "the Message-ID header") \
	X(EMAIL_X_MAILER, "email.x_mailer", NULL, NULL, "smtp", S, false, "the X-Mailer header") \
	X(EMAIL_URL, "email.url", NULL, NULL, "smtp", S, true, "a URL in the body") \
	X(EMAIL_RECEIVED, "email.received", NULL, NULL, "smtp", S, true, "a Received header") \
	X(FTP_COMMAND, "ftp.command", NULL, NULL, "ftp", S, false, "the command") \
	X(FTP_COMMAND_DATA, "ftp.command_data", NULL, NULL, "ftp", S, false, \
	  "the command's argument") \
	X(FTP_REPLY, "ftp.reply", NULL, NULL, "ftp", C, true, "a line of the reply") \
	X(FTP_COMPLETION_CODE, "ftp.completion_code", NULL, NULL, "ftp", C, true, \
	  "the reply's code")

#endif
