/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of record types and response codes: IANA's registry of DNS parameters, as EVE has them.
 */
#include <string.h>
#include <strings.h>

#include "engine/proto/dns.h"

static const char *const types[] = {
	[1] = "A",	   [2] = "NS",	    [3] = "MD",		 [4] = "MF",
	[5] = "CNAME",	   [6] = "SOA",	    [7] = "MB",		 [8] = "MG",
	[9] = "MR",	   [10] = "NULL",   [11] = "WKS",	 [12] = "PTR",
	[13] = "HINFO",	   [14] = "MINFO",  [15] = "MX",	 [16] = "TXT",
	[17] = "RP",	   [18] = "AFSDB",  [19] = "X25",	 [20] = "ISDN",
	[21] = "RT",	   [22] = "NSAP",   [23] = "NSAPPTR",	 [24] = "SIG",
	[25] = "KEY",	   [26] = "PX",	    [27] = "GPOS",	 [28] = "AAAA",
	[29] = "LOC",	   [30] = "NXT",    [31] = "EID",	 [32] = "NIMLOC",
	[33] = "SRV",	   [34] = "ATMA",   [35] = "NAPTR",	 [36] = "KX",
	[37] = "CERT",	   [38] = "A6",	    [39] = "DNAME",	 [40] = "SINK",
	[41] = "OPT",	   [42] = "APL",    [43] = "DS",	 [44] = "SSHFP",
	[45] = "IPSECKEY", [46] = "RRSIG",  [47] = "NSEC",	 [48] = "DNSKEY",
	[49] = "DHCID",	   [50] = "NSEC3",  [51] = "NSEC3PARAM", [52] = "TLSA",
	[53] = "SMIMEA",   [55] = "HIP",    [56] = "NINFO",	 [57] = "RKEY",
	[58] = "TALINK",   [59] = "CDS",    [60] = "CDNSKEY",	 [61] = "OPENPGPKEY",
	[62] = "CSYNC",	   [63] = "ZONEMD", [64] = "SVCB",	 [65] = "HTTPS",
	[99] = "SPF",	   [100] = "UINFO", [101] = "UID",	 [102] = "GID",
	[103] = "UNSPEC",  [104] = "NID",   [105] = "L32",	 [106] = "L64",
	[107] = "LP",	   [108] = "EUI48", [109] = "EUI64",	 [249] = "TKEY",
	[250] = "TSIG",	   [251] = "IXFR",  [252] = "AXFR",	 [253] = "MAILB",
	[254] = "MAILA",   [255] = "ANY",   [256] = "URI",	 [257] = "CAA",
	[258] = "AVC",	   [259] = "DOA",   [260] = "AMTRELAY",
};

static const char *const rcodes[] = {
	[0] = "NOERROR",  [1] = "FORMERR",  [2] = "SERVFAIL",  [3] = "NXDOMAIN", [4] = "NOTIMP",
	[5] = "REFUSED",  [6] = "YXDOMAIN", [7] = "YXRRSET",   [8] = "NXRRSET",	 [9] = "NOTAUTH",
	[10] = "NOTZONE", [16] = "BADVERS", [17] = "BADKEY",   [18] = "BADTIME", [19] = "BADMODE",
	[20] = "BADNAME", [21] = "BADALG",  [22] = "BADTRUNC",
};

const char *dns_type_name(uint16_t type)
{
	return type < sizeof(types) / sizeof(types[0]) ? types[type] : NULL;
}

const char *dns_rcode_name(unsigned rcode)
{
	return rcode < sizeof(rcodes) / sizeof(rcodes[0]) ? rcodes[rcode] : NULL;
}

static int find(const char *const *names, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (names[i] && strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
			return (int)i;
	}
	return -1;
}

int dns_type_find(const char *name, size_t len)
{
	return find(types, sizeof(types) / sizeof(types[0]), name, len);
}

int dns_rcode_find(const char *name, size_t len)
{
	return find(rcodes, sizeof(rcodes) / sizeof(rcodes[0]), name, len);
}
