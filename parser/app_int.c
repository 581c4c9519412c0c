/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/app_int.h"

#include "parser/buffer.h"

/* IANA's DNS resource record types. */
static const struct app_int_word rr_types[] = {
	{ "A", 1 },	  { "NS", 2 },	      { "MD", 3 },	 { "MF", 4 },
	{ "CNAME", 5 },	  { "SOA", 6 },	      { "MB", 7 },	 { "MG", 8 },
	{ "MR", 9 },	  { "NULL", 10 },     { "WKS", 11 },	 { "PTR", 12 },
	{ "HINFO", 13 },  { "MINFO", 14 },    { "MX", 15 },	 { "TXT", 16 },
	{ "RP", 17 },	  { "AFSDB", 18 },    { "X25", 19 },	 { "ISDN", 20 },
	{ "RT", 21 },	  { "NSAP", 22 },     { "NSAPPTR", 23 }, { "SIG", 24 },
	{ "KEY", 25 },	  { "PX", 26 },	      { "GPOS", 27 },	 { "AAAA", 28 },
	{ "LOC", 29 },	  { "NXT", 30 },      { "SRV", 33 },	 { "ATMA", 34 },
	{ "NAPTR", 35 },  { "KX", 36 },	      { "CERT", 37 },	 { "A6", 38 },
	{ "DNAME", 39 },  { "OPT", 41 },      { "APL", 42 },	 { "DS", 43 },
	{ "SSHFP", 44 },  { "IPSECKEY", 45 }, { "RRSIG", 46 },	 { "NSEC", 47 },
	{ "DNSKEY", 48 }, { "DHCID", 49 },    { "NSEC3", 50 },	 { "NSEC3PARAM", 51 },
	{ "TLSA", 52 },	  { "HIP", 55 },      { "CDS", 59 },	 { "CDNSKEY", 60 },
	{ "HTTPS", 65 },  { "SVCB", 64 },     { "SPF", 99 },	 { "TKEY", 249 },
	{ "TSIG", 250 },  { "MAILA", 254 },   { "ANY", 255 },	 { "URI", 256 },
	{ NULL, 0 },
};

/* IANA's DNS response codes. */
static const struct app_int_word rcodes[] = {
	{ "NOERROR", 0 },  { "FORMERR", 1 }, { "SERVFAIL", 2 },	 { "NXDOMAIN", 3 },
	{ "NOTIMP", 4 },   { "REFUSED", 5 }, { "YXDOMAIN", 6 },	 { "YXRRSET", 7 },
	{ "NXRRSET", 8 },  { "NOTAUTH", 9 }, { "NOTZONE", 10 },	 { "BADVERS", 16 },
	{ "BADSIG", 16 },  { "BADKEY", 17 }, { "BADTIME", 18 },	 { "BADMODE", 19 },
	{ "BADNAME", 20 }, { "BADALG", 21 }, { "BADTRUNC", 22 }, { NULL, 0 },
};

static const struct app_int_word ftp_modes[] = {
	{ "passive", 0 },
	{ "active", 1 },
	{ NULL, 0 },
};

static const struct app_int_word yes_no[] = {
	{ "no", 0 }, { "yes", 1 }, { "false", 0 }, { "true", 1 }, { "off", 0 },
	{ "on", 1 }, { "0", 0 },   { "1", 1 },	   { NULL, 0 },
};

static const struct app_int_word ftpdata_commands[] = {
	{ "stor", 1 },
	{ "retr", 2 },
	{ NULL, 0 },
};

static const struct app_int_word tls_versions[] = {
	{ "1.0", 0x0301 }, { "1.1", 0x0302 }, { "1.2", 0x0303 }, { "1.3", 0x0304 }, { NULL, 0 },
};

#define TO_SERVER BUFFER_TO_SERVER
#define TO_CLIENT BUFFER_TO_CLIENT
#define BOTH (BUFFER_TO_SERVER | BUFFER_TO_CLIENT)

static const struct app_int_row rows[APP_INT__COUNT] = {
	[APP_INT_DNS_OPCODE] = { "dns.opcode", "dns", UINT8_MAX, BOTH, false, NULL },
	[APP_INT_DNS_RCODE] = { "dns.rcode", "dns", UINT16_MAX, BOTH, false, rcodes },
	[APP_INT_DNS_RRTYPE] = { "dns.rrtype", "dns", UINT16_MAX, BOTH, false, rr_types },
	[APP_INT_TLS_VERSION] = { "tls.version", "tls", UINT16_MAX, BOTH, true, tls_versions },
	[APP_INT_TLS_CERT_CHAIN_LEN] = { "tls.cert_chain_len", "tls", UINT32_MAX, TO_CLIENT, false,
					 NULL },
	[APP_INT_FTP_DYNAMIC_PORT] = { "ftp.dynamic_port", "ftp", UINT16_MAX, BOTH, false, NULL },
	[APP_INT_FTP_MODE] = { "ftp.mode", "ftp", 1, BOTH, true, ftp_modes },
	[APP_INT_FTP_REPLY_RECEIVED] = { "ftp.reply_received", "ftp", 1, BUFFER_TO_CLIENT, true,
					 yes_no },
	[APP_INT_FTPDATA_COMMAND] = { "ftpdata_command", "ftp-data", 2, BOTH, true,
				      ftpdata_commands },
};

const struct app_int_row *app_int_row(enum app_int field)
{
	return &rows[field];
}

const char *app_int_word(enum app_int field, uint64_t value)
{
	const struct app_int_word *w = rows[field].words;

	for (; w && w->word; w++) {
		if (w->value == value)
			return w->word;
	}
	return NULL;
}
