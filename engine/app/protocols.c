/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of protocols that are parsed.
 */
#include "engine/app/dns.h"
#include "engine/app/ftp.h"
#include "engine/app/http.h"
#include "engine/app/smtp.h"
#include "engine/app/ssh.h"
#include "engine/app/tls.h"

const struct app_protocol *const app_protocols[APP_PROTO__COUNT] = {
	[APP_PROTO_DNS] = &app_dns,	[APP_PROTO_MDNS] = &app_mdns,
	[APP_PROTO_HTTP1] = &app_http1, [APP_PROTO_TLS] = &app_tls,
	[APP_PROTO_SMTP] = &app_smtp,	[APP_PROTO_SSH] = &app_ssh,
	[APP_PROTO_FTP] = &app_ftp,	[APP_PROTO_FTP_DATA] = &app_ftp_data,
};
