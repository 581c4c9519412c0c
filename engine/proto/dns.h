/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns.h - reads a DNS message (RFC 1035, section 4): its header, its records one by one, names.
 *
 * In: one message, without the length that stands before it on TCP.  Out: records in order of their
 * sections; names put together from their labels and pointers.
 * Not here: transactions, what a record means.
 *
 * Names that point at themselves, or that follow too many pointers, end where that is found, with a flag.
 * All names of a message together follow a bounded number of labels, so the work is linear in
 * its length.
 *
 * Memory: the caller's; nothing is kept of the message but where things lie in it.
 * Thread: any.
 */
#ifndef WEIR_PROTO_DNS_H
#define WEIR_PROTO_DNS_H

#include "engine/base/bytes.h"

/* RFC 1035, section 2.3.4 has 255; what is longer is cut here. */
#define DNS_NAME_MAX 1025u
#define DNS_POINTERS_MAX 255u
#define DNS_HEADER_LEN 12u

enum dns_flag {
	DNS_QR = 0x8000, /* a response */
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_Z = 0x0040,
	DNS_AD = 0x0020,
	DNS_CD = 0x0010,
};

enum dns_section { DNS_QUERIES, DNS_ANSWERS, DNS_AUTHORITIES, DNS_ADDITIONALS, DNS_SECTIONS };

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_NULL = 10,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_SSHFP = 44,
};

struct dns_header {
	uint16_t id;
	uint16_t flags;
	uint16_t count[DNS_SECTIONS]; /* as the message says */
};

/* A question or a resource record: offsets are into the message. */
struct dns_record {
	uint8_t section; /* enum dns_section */
	uint16_t name; /* offset */
	uint16_t type, class;
	uint32_t ttl; /* 0 of questions */
	uint16_t data; /* offset of rdata */
	uint16_t data_len; /* 0 of questions */
};

enum dns_name_flag {
	DNS_NAME_LOOP = 1 << 0, /* it points at itself */
	DNS_NAME_CUT = 1 << 1, /* longer than DNS_NAME_MAX */
	DNS_NAME_LABELS = 1 << 2, /* more than DNS_POINTERS_MAX pointers */
};

static inline unsigned dns_opcode(const struct dns_header *h)
{
	return h->flags >> 11 & 15;
}

/* The header; false: it is not whole, or has counts that cannot be in a message so short. */
bool dns_read_header(struct bytes message, struct dns_header *out);

/* Where reading has got to. */
struct dns_reader {
	struct bytes message;
	struct dns_header header;
	size_t at;
	uint32_t labels_left; /* that may be followed in what is left */
	uint8_t section;
	uint16_t index; /* within the section */
	uint8_t name_flags; /* of all names so far */
};
void dns_begin(struct dns_reader *r, struct bytes message, const struct dns_header *h);

enum dns_next {
	DNS_RECORD,
	DNS_END, /* all that the header announced was read */
	DNS_CUT, /* the message ends within a record; r->section says where */
	DNS_BAD, /* a name that makes no sense */
};
enum dns_next dns_read_record(struct dns_reader *r, struct dns_record *out);

/* A name in text, labels joined by dots; without a last dot, the root is empty. */
struct dns_name {
	uint16_t len;
	uint8_t flags; /* enum dns_name_flag */
	uint8_t text[DNS_NAME_MAX];
};
/*
 * The name at an offset of the message; *end: the offset behind it.  False: it makes no sense.
 */
bool dns_read_name(struct bytes message, size_t at, struct dns_name *out, size_t *end);

enum dns_probe { DNS_PROBE_NO, DNS_PROBE_REQUEST, DNS_PROBE_RESPONSE };
/* Do these bytes begin a message of message_len bytes?  A whole message is read to its end. */
enum dns_probe dns_probe(struct bytes in, size_t message_len);

/* "A"; NULL: it has no name.  Names as EVE has them. */
const char *dns_type_name(uint16_t type);
const char *dns_rcode_name(unsigned rcode);
/* -1: no such name. */
int dns_type_find(const char *name, size_t len);
int dns_rcode_find(const char *name, size_t len);

#endif
