/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that records have for what packets carry as numbers, and the Community ID.
 */

/* The functions of SHA-1 that allocate nothing are called deprecated; EVP's contexts are on the heap. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "engine/output/eve.h"

/* As EVE has them; assigned numbers that are missing here are written as digits. */
static const char *const proto_names[256] = {
	[0] = "HOPOPT",	     [1] = "ICMP",	   [2] = "IGMP",
	[3] = "GGP",	     [4] = "IP-in-IP",	   [5] = "ST",
	[6] = "TCP",	     [7] = "CBT",	   [8] = "EGP",
	[9] = "IGP",	     [10] = "BBN-RCC-MON", [11] = "NVP-II",
	[12] = "PUP",	     [13] = "ARGUS",	   [14] = "EMCON",
	[15] = "XNET",	     [16] = "CHAOS",	   [17] = "UDP",
	[18] = "MUX",	     [19] = "DCN-MEAS",	   [20] = "HMP",
	[21] = "PRM",	     [22] = "XNS-IDP",	   [23] = "TRUNK-1",
	[24] = "TRUNK-2",    [25] = "LEAF-1",	   [26] = "LEAF-2",
	[27] = "RDP",	     [28] = "IRTP",	   [29] = "ISO-TP4",
	[30] = "NETBLT",     [31] = "MFE-NSP",	   [32] = "MERIT-INP",
	[33] = "DCCP",	     [34] = "3PC",	   [35] = "IDPR",
	[36] = "XTP",	     [37] = "DDP",	   [38] = "IDPR-CMTP",
	[39] = "TP++",	     [40] = "IL",	   [41] = "IPv6",
	[42] = "SDRP",	     [43] = "IPv6-Route",  [44] = "IPv6-Frag",
	[45] = "IDRP",	     [46] = "RSVP",	   [47] = "GRE",
	[48] = "DSR",	     [49] = "BNA",	   [50] = "ESP",
	[51] = "AH",	     [52] = "I-NLSP",	   [53] = "SwIPe",
	[54] = "NARP",	     [55] = "MOBILE",	   [56] = "TLSP",
	[57] = "SKIP",	     [58] = "IPv6-ICMP",   [59] = "IPv6-NoNxt",
	[60] = "IPv6-Opts",  [61] = "Any",	   [62] = "CFTP",
	[63] = "Any",	     [64] = "SAT-EXPAK",   [65] = "KRYPTOLAN",
	[66] = "RVD",	     [67] = "IPPC",	   [68] = "Any",
	[69] = "SAT-MON",    [70] = "VISA",	   [71] = "IPCU",
	[72] = "CPNX",	     [73] = "CPHB",	   [74] = "WSN",
	[75] = "PVP",	     [76] = "BR-SAT-MON",  [77] = "SUN-ND",
	[78] = "WB-MON",     [79] = "WB-EXPAK",	   [80] = "ISO-IP",
	[81] = "VMTP",	     [82] = "SECURE-VMTP", [83] = "VINES",
	[84] = "TTP",	     [85] = "NSFNET-IGP",  [86] = "DGP",
	[87] = "TCF",	     [88] = "EIGRP",	   [89] = "OSPF",
	[90] = "Sprite-RPC", [91] = "LARP",	   [92] = "MTP",
	[93] = "AX.25",	     [94] = "OS",	   [95] = "MICP",
	[96] = "SCC-SP",     [97] = "ETHERIP",	   [98] = "ENCAP",
	[99] = "Any",	     [100] = "GMTP",	   [101] = "IFMP",
	[102] = "PNNI",	     [103] = "PIM",	   [104] = "ARIS",
	[105] = "SCPS",	     [106] = "QNX",	   [107] = "A/N",
	[108] = "IPComp",    [109] = "SNP",	   [110] = "Compaq-Peer",
	[111] = "IPX-in-IP", [112] = "VRRP",	   [113] = "PGM",
	[114] = "Any",	     [115] = "L2TP",	   [116] = "DDX",
	[117] = "IATP",	     [118] = "STP",	   [119] = "SRP",
	[120] = "UTI",	     [121] = "SMP",	   [122] = "SM",
	[123] = "PTP",	     [124] = "IS-IS",	   [125] = "FIRE",
	[126] = "CRTP",	     [127] = "CRUDP",	   [128] = "SSCOPMCE",
	[129] = "IPLT",	     [130] = "SPS",	   [131] = "PIPE",
	[132] = "SCTP",	     [133] = "FC",	   [134] = "RSVP-E2E-IGNORE",
	[135] = "Mobility",  [136] = "UDPLite",	   [137] = "MPLS-in-IP",
	[138] = "manet",     [139] = "HIP",	   [140] = "Shim6",
	[141] = "WESP",	     [142] = "ROHC",	   [143] = "Ethernet",
};

const char *ip_proto_name(uint8_t proto)
{
	return proto_names[proto];
}

uint32_t link_dlt(uint32_t link)
{
	/* A capture file says 101 for what libpcap calls DLT_RAW, 12. */
	return link == LINK_RAW || link == LINK_DLT_RAW_14 ? LINK_DLT_RAW_12 : link;
}

const char *link_name(uint32_t link)
{
	switch (link) {
	case LINK_NULL:
		return "NULL";
	case LINK_ETHERNET:
		return "EN10MB";
	case LINK_PPP:
		return "PPP";
	case LINK_DLT_RAW_12:
	case LINK_DLT_RAW_14:
	case LINK_RAW:
		return "RAW";
	case LINK_CHDLC:
		return "C_HDLC";
	case LINK_LOOP:
		return "LOOP";
	case LINK_LINUX_SLL:
		return "LINUX_SLL";
	case LINK_IPV4:
		return "IPv4";
	case LINK_IPV6:
		return "IPv6";
	case LINK_LINUX_SLL2:
		return "LINUX_SLL2";
	default:
		return "n/a";
	}
}

struct icmp_pair {
	uint8_t request, answer;
};

static const struct icmp_pair icmp4_pairs[] = {
	{ 8, 0 }, /* echo: RFC 792 */
	{ 10, 9 }, /* router solicitation, advertisement: RFC 1256 */
	{ 13, 14 }, /* timestamp: RFC 792 */
	{ 15, 16 }, /* information: RFC 792 */
	{ 17, 18 }, /* address mask: RFC 950 */
};

static const struct icmp_pair icmp6_pairs[] = {
	{ 128, 129 }, /* echo: RFC 4443 */
	{ 130, 131 }, /* multicast listener query, report: RFC 2710 */
	{ 133, 134 }, /* router solicitation, advertisement: RFC 4861 */
	{ 135, 136 }, /* neighbour solicitation, advertisement: RFC 4861 */
	{ 139, 140 }, /* node information: RFC 4620 */
	{ 144, 145 }, /* home agent address discovery: RFC 6275 */
};

int icmp_answer(unsigned ip_version, uint8_t type)
{
	const struct icmp_pair *pairs = ip_version == 4 ? icmp4_pairs : icmp6_pairs;
	size_t n = ip_version == 4 ? sizeof(icmp4_pairs) / sizeof(icmp4_pairs[0])
				   : sizeof(icmp6_pairs) / sizeof(icmp6_pairs[0]);

	for (size_t i = 0; i < n; i++) {
		if (pairs[i].request == type)
			return pairs[i].answer;
		if (pairs[i].answer == type)
			return pairs[i].request;
	}
	return -1;
}

static bool proto_has_ports(uint8_t proto)
{
	return proto == IP_PROTO_TCP || proto == IP_PROTO_UDP || proto == IP_PROTO_SCTP;
}

/*
 * Both directions of a flow have one identifier: the lesser of (address, port) goes first.  ICMP's type
 * and the type that answers it stand for ports; a message that has no answer keeps its direction, type and
 * code its ports.
 */
void community_id_text(const struct flow *f, uint16_t seed, char out[COMMUNITY_ID_LEN])
{
	size_t addr_len = f->ip_version == 6 ? 16 : 4;
	const struct ip_addr *from = &f->client, *to = &f->server;
	uint16_t ports[2] = { f->client_port, f->server_port };
	bool icmp = f->proto == IP_PROTO_ICMP || f->proto == IP_PROTO_ICMPV6;
	bool one_way = false;
	uint8_t in[2 + 32 + 2 + 4];
	uint8_t digest[SHA_DIGEST_LENGTH];
	struct buf b = { .data = out, .size = COMMUNITY_ID_LEN };
	size_t len = 0;
	SHA_CTX sha;
	int order;

	if (icmp) {
		int answer = icmp_answer(f->ip_version, (uint8_t)f->client_port);

		one_way = answer < 0;
		if (!one_way)
			ports[1] = (uint16_t)answer;
	} else if (!proto_has_ports(f->proto)) {
		ports[0] = ports[1] = 0;
	}
	order = memcmp(from->bytes, to->bytes, addr_len);
	if (!one_way && (order > 0 || (order == 0 && ports[0] > ports[1]))) {
		uint16_t port = ports[0];

		from = &f->server;
		to = &f->client;
		ports[0] = ports[1];
		ports[1] = port;
	}
	in[len++] = (uint8_t)(seed >> 8);
	in[len++] = (uint8_t)seed;
	memcpy(in + len, from->bytes, addr_len);
	len += addr_len;
	memcpy(in + len, to->bytes, addr_len);
	len += addr_len;
	in[len++] = f->proto;
	in[len++] = 0;
	if (icmp || proto_has_ports(f->proto)) {
		for (unsigned i = 0; i < 2; i++) {
			in[len++] = (uint8_t)(ports[i] >> 8);
			in[len++] = (uint8_t)ports[i];
		}
	}
	SHA1_Init(&sha);
	SHA1_Update(&sha, in, len);
	SHA1_Final(digest, &sha);
	buf_bytes(&b, "1:", 2);
	buf_base64(&b, digest, sizeof(digest));
}
