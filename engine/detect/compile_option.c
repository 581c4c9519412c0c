/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_option.h"

#include "engine/detect/compile_bytes.h"
#include "engine/detect/compile_cond.h"
#include "engine/detect/compile_tx.h"
#include "engine/detect/compile_values.h"
#include "parser/buffer.h"

/* A packet keyword: the rule looks at single packets, never at the stream. */
#define ONLY_PACKET true

static const struct {
	enum option_part part;
	enum cond_kind kind;
	void (*add)(struct compiler *c, const struct rule *r, unsigned i);
	void (*add_kind)(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind);
	bool only_packet;
	uint16_t protos; /* of packets that it can hold for; 0: any */
} options[OPTION__COUNT] = {
	[OPTION_CONTENT] = { PART_PAYLOAD, COND_CONTENT, bytes_add_content, NULL, false, 0 },
	[OPTION_PCRE] = { PART_PAYLOAD, COND_PCRE, bytes_add_pcre, NULL, false, 0 },
	[OPTION_BYTE_TEST] = { PART_PAYLOAD, COND_BYTE_TEST, bytes_add_byte_test, NULL, false, 0 },
	[OPTION_BYTE_JUMP] = { PART_PAYLOAD, COND_BYTE_JUMP, bytes_add_byte_jump, NULL, false, 0 },
	[OPTION_BYTE_EXTRACT] = { PART_PAYLOAD, COND_BYTE_EXTRACT, bytes_add_byte_extract, NULL,
				  false, 0 },
	[OPTION_BYTE_MATH] = { PART_PAYLOAD, COND_BYTE_MATH, bytes_add_byte_math, NULL, false, 0 },
	[OPTION_ISDATAAT] = { PART_PAYLOAD, COND_ISDATAAT, bytes_add_isdataat, NULL, false, 0 },
	[OPTION_BSIZE] = { PART_PAYLOAD, COND_BSIZE, NULL, values_add_number, false, 0 },
	[OPTION_DSIZE] = { PART_PACKET, COND_DSIZE, NULL, values_add_number, ONLY_PACKET, 0 },
	[OPTION_FLOW] = { PART_PACKET, COND_FLOW, NULL, values_add_bits, false, 0 },
	[OPTION_FLOWBITS] = { PART_STATE, COND_FLOWBITS, values_add_flowbits, NULL, false, 0 },
	[OPTION_VARIABLE] = { PART_STATE, COND_VARIABLE, values_add_variable, NULL, false, 0 },
	[OPTION_FLOWINT] = { PART_STATE, COND_FLOWINT, values_add_flowint, NULL, false, 0 },
	[OPTION_XBITS] = { PART_SHARED, COND_XBITS, values_add_xbits, NULL, false, 0 },
	[OPTION_STREAM_SIZE] = { PART_PACKET, COND_STREAM_SIZE, NULL, values_add_number, false,
				 1u << PROTO_TCP },
	[OPTION_TCP_FLAGS] = { PART_PACKET, COND_TCP_FLAGS, NULL, values_add_bits, ONLY_PACKET,
			       1u << PROTO_TCP },
	[OPTION_TCP_SEQ] = { PART_PACKET, COND_TCP_SEQ, NULL, values_add_number, ONLY_PACKET,
			     1u << PROTO_TCP },
	[OPTION_TCP_ACK] = { PART_PACKET, COND_TCP_ACK, NULL, values_add_number, ONLY_PACKET,
			     1u << PROTO_TCP },
	[OPTION_TCP_WINDOW] = { PART_PACKET, COND_TCP_WINDOW, NULL, values_add_number, ONLY_PACKET,
				1u << PROTO_TCP },
	[OPTION_TCP_MSS] = { PART_PACKET, COND_TCP_MSS, NULL, values_add_number, ONLY_PACKET,
			     1u << PROTO_TCP },
	[OPTION_TTL] = { PART_PACKET, COND_TTL, NULL, values_add_number, ONLY_PACKET, 0 },
	[OPTION_TOS] = { PART_PACKET, COND_TOS, NULL, values_add_number, ONLY_PACKET, 0 },
	[OPTION_ID] = { PART_PACKET, COND_ID, NULL, values_add_number, ONLY_PACKET, 0 },
	[OPTION_IPOPTS] = { PART_PACKET, COND_IPOPTS, NULL, values_add_bits, ONLY_PACKET, 0 },
	[OPTION_FRAGBITS] = { PART_PACKET, COND_FRAGBITS, NULL, values_add_bits, ONLY_PACKET, 0 },
	[OPTION_FRAGOFFSET] = { PART_PACKET, COND_FRAGOFFSET, NULL, values_add_number, ONLY_PACKET,
				0 },
	[OPTION_IP_PROTO] = { PART_PACKET, COND_IP_PROTO, NULL, values_add_number, false, 0 },
	[OPTION_SAMEIP] = { PART_PACKET, COND_SAMEIP, NULL, values_add_bits, ONLY_PACKET, 0 },
	[OPTION_ITYPE] = { PART_PACKET, COND_ITYPE, NULL, values_add_number, ONLY_PACKET,
			   1u << PROTO_ICMP | 1u << PROTO_ICMPV6 },
	[OPTION_ICODE] = { PART_PACKET, COND_ICODE, NULL, values_add_number, ONLY_PACKET,
			   1u << PROTO_ICMP | 1u << PROTO_ICMPV6 },
	[OPTION_ICMP_ID] = { PART_PACKET, COND_ICMP_ID, NULL, values_add_number, ONLY_PACKET,
			     1u << PROTO_ICMP | 1u << PROTO_ICMPV6 },
	[OPTION_ICMP_SEQ] = { PART_PACKET, COND_ICMP_SEQ, NULL, values_add_number, ONLY_PACKET,
			      1u << PROTO_ICMP | 1u << PROTO_ICMPV6 },
	[OPTION_FLOW_AGE] = { PART_PACKET, COND_FLOW_AGE, NULL, values_add_number, ONLY_PACKET, 0 },
	[OPTION_FLOW_PKTS] = { PART_PACKET, COND_FLOW_PKTS, NULL, values_add_number, ONLY_PACKET,
			       0 },
	[OPTION_FLOW_BYTES] = { PART_PACKET, COND_FLOW_BYTES, NULL, values_add_number, ONLY_PACKET,
				0 },
	[OPTION_TCP_WSCALE] = { PART_PACKET, COND_TCP_WSCALE, NULL, values_add_number, ONLY_PACKET,
				1u << PROTO_TCP },
	[OPTION_ICMPV6_MTU] = { PART_PACKET, COND_ICMPV6_MTU, NULL, values_add_number, ONLY_PACKET,
				1u << PROTO_ICMPV6 },
	[OPTION_VLAN_ID] = { PART_PACKET, COND_VLAN_ID, NULL, values_add_number, ONLY_PACKET, 0 },
	[OPTION_VLAN_LAYERS] = { PART_PACKET, COND_VLAN_LAYERS, NULL, values_add_number,
				 ONLY_PACKET, 0 },
	[OPTION_L3_PROTO] = { PART_PACKET, COND_L3_PROTO, NULL, values_add_number, false, 0 },
	[OPTION_CHECKSUM] = { PART_PACKET, COND_CHECKSUM, NULL, values_add_bits, false, 0 },
	[OPTION_DECODE_EVENT] = { PART_PACKET, COND_EVENT, NULL, values_add_bits, false, 0 },
	[OPTION_STREAM_EVENT] = { PART_PACKET, COND_EVENT, NULL, values_add_bits, false, 0 },
	[OPTION_ABSENT] = { PART_PAYLOAD, COND_ABSENT, NULL, values_add_other, false, 0 },
	[OPTION_ASN1] = { PART_PAYLOAD, COND_ASN1, NULL, values_add_other, false, 0 },
	[OPTION_DATASET] = { PART_PAYLOAD, COND_DATASET, NULL, values_add_set, false, 0 },
	[OPTION_DATAREP] = { PART_PAYLOAD, COND_DATAREP, NULL, values_add_set, false, 0 },
	[OPTION_ENTROPY] = { PART_PAYLOAD, COND_ENTROPY, NULL, values_add_other, false, 0 },
	[OPTION_BASE64_DECODE] = { PART_PAYLOAD, COND_BASE64_DECODE, NULL, values_add_other, false,
				   0 },
	[OPTION_APP_EVENT] = { PART_PAYLOAD, COND_APP_EVENT, NULL, values_add_other, false, 0 },
	[OPTION_APP_STATE] = { PART_PAYLOAD, COND_APP_STEP, NULL, values_add_other, false, 0 },
	[OPTION_APP_INT] = { PART_PAYLOAD, COND_APP_INT, NULL, values_add_other, false, 0 },
	[OPTION_SSL_VERSION] = { PART_PAYLOAD, COND_SSL_VERSION, NULL, values_add_other, false, 0 },
	[OPTION_SSL_STATE] = { PART_PAYLOAD, COND_SSL_STATE, NULL, values_add_other, false, 0 },
	[OPTION_TLS_CERT_TIME] = { PART_PAYLOAD, COND_CERT_TIME, NULL, values_add_other, false, 0 },
	[OPTION_TLS_CERT_EXPIRED] = { PART_PAYLOAD, COND_CERT_EXPIRED, NULL, values_add_other,
				      false, 0 },
	[OPTION_TLS_CERT_VALID] = { PART_PAYLOAD, COND_CERT_VALID, NULL, values_add_other, false,
				    0 },
	[OPTION_FTPBOUNCE] = { PART_PAYLOAD, COND_FTPBOUNCE, NULL, values_add_other, false, 0 },
	[OPTION_FILESIZE] = { PART_PAYLOAD, COND_FILESIZE, NULL, values_add_other, false, 0 },
	[OPTION_FILE_HASH] = { PART_PAYLOAD, COND_FILE_HASH, NULL, values_add_other, false, 0 },
	[OPTION_FILESTORE] = { PART_PAYLOAD, COND_FILESTORE, NULL, values_add_other, false, 0 },
	[OPTION_RPC] = { PART_PACKET, COND_RPC, NULL, values_add_other, ONLY_PACKET,
			 1u << PROTO_TCP | 1u << PROTO_UDP },
	[OPTION_TAG] = { PART_POST, COND_TAG, NULL, values_add_other, false, 0 },
	[OPTION_CONFIG] = { PART_POST, COND_CONFIG, NULL, values_add_other, false, 0 },
	[OPTION_TLS_STORE] = { PART_POST, COND_TLS_STORE, NULL, values_add_other, false, 0 },
	[OPTION_IPREP] = { PART_PACKET, COND_IPREP, NULL, values_add_other, false, 0 },
	[OPTION_WATCH] = { PART_SHARED, COND_WATCH, NULL, values_add_other, false, 0 },
	[OPTION_GEOIP] = { PART_PACKET, COND_GEOIP, NULL, values_add_other, false, 0 },
	[OPTION_APP_PROTO] = { PART_PACKET, COND_APP_PROTO, NULL, values_add_other, false, 0 },
	[OPTION_THRESHOLD] = { PART_NONE, COND_FLOW, NULL, NULL, false, 0 },
};

enum option_part option_part_of(const struct rule_option *o)
{
	if (o->kind == OPTION_FLOWBITS)
		return o->flowbits.op == FLOWBIT_ISSET || o->flowbits.op == FLOWBIT_ISNOTSET
			       ? PART_STATE
			       : PART_POST;
	if (o->kind == OPTION_XBITS &&
	    (o->xbits.op == FLOWBIT_ISSET || o->xbits.op == FLOWBIT_ISNOTSET))
		return o->xbits.track == XBITS_TRACK_TX ? PART_STATE : PART_SHARED;
	if (o->kind == OPTION_XBITS)
		return PART_POST;
	if (o->kind == OPTION_APP_EVENT && !tx_option(o))
		return PART_PACKET;
	if (o->kind == OPTION_FLOWINT)
		return o->flowint.op <= FLOWINT_SUB ? PART_POST : PART_STATE;
	return options[o->kind].part;
}

bool option_built(const struct rule_option *o)
{
	/* Two that are told by the row; one that does nothing here. */
	return o->kind == OPTION_THRESHOLD || o->kind == OPTION_BYPASS ||
	       o->kind == OPTION_NFQ_SET_MARK || options[o->kind].add || options[o->kind].add_kind;
}

bool option_only_packet(const struct rule_option *o)
{
	return options[o->kind].only_packet;
}

uint16_t option_protos(const struct rule_option *o)
{
	return options[o->kind].protos ? options[o->kind].protos : PROTO_CLASS_ALL;
}

static void add_option(struct compiler *c, const struct rule *r, unsigned i)
{
	enum option_kind k = r->option[i].kind;

	if (options[k].add)
		options[k].add(c, r, i);
	else if (options[k].add_kind)
		options[k].add_kind(c, r, i, options[k].kind);
}

uint16_t option_add_part(struct compiler *c, const struct rule *r, enum option_part part)
{
	size_t before = c->conds;

	for (unsigned i = 0; i < r->options && !c->err; i++) {
		if (option_part_of(&r->option[i]) == part)
			add_option(c, r, i);
	}
	return (uint16_t)(c->conds - before);
}

static bool of_decoded(const struct rule_option *o)
{
	return option_is_bytes(o->kind) && o->buffer == BUFFER_BASE64_DATA;
}

/* What looks at decoded bytes is decided with the buffer that they come from. */
static void add_decoded(struct compiler *c, const struct rule *r, uint8_t use)
{
	struct cond *n = NULL;
	uint16_t flags;

	for (unsigned i = 0; i < r->options && !c->err; i++) {
		if (!of_decoded(&r->option[i]))
			continue;
		if (!n) {
			flags = c->cond[c->conds - 1].flags & (COND_TO_SERVER | COND_TO_CLIENT);
			n = cond_new(c, r, i, COND_BASE64_DATA);
			if (!n)
				return;
			n->use = use;
			n->flags = flags;
			n->buffer = c->cond[c->conds - 2].buffer;
			n->transforms = c->cond[c->conds - 2].transforms;
		}
		add_option(c, r, i);
		c->cond[c->conds - 1].use = use;
	}
}

/* Something in this group writes a set: it comes after all others. */
static bool group_writes(const struct rule *r, uint8_t use)
{
	for (unsigned i = 0; i < r->options; i++) {
		if (r->option[i].kind == OPTION_DATASET &&
		    r->option[i].dataset.op <= DATASET_UNSET && tx_option_use(r, i) == use)
			return true;
	}
	return false;
}

/* What looks at bytes, buffer by buffer in the order that the rule first names them. */
uint16_t option_add_payload(struct compiler *c, const struct rule *r)
{
	bool done[256] = { false };
	size_t before = c->conds;

	for (unsigned k = 0; k < 2 * r->options; k++) {
		unsigned first = k % r->options;
		uint8_t use = tx_option_use(r, first);
		bool decodes = false;

		if (option_part_of(&r->option[first]) != PART_PAYLOAD || done[use] ||
		    of_decoded(&r->option[first]) || group_writes(r, use) != (k >= r->options))
			continue;
		done[use] = true;
		for (unsigned i = first; i < r->options && !c->err; i++) {
			if (option_part_of(&r->option[i]) != PART_PAYLOAD ||
			    tx_option_use(r, i) != use)
				continue;
			add_option(c, r, i);
			decodes |= r->option[i].kind == OPTION_BASE64_DECODE;
		}
		if (decodes)
			add_decoded(c, r, use);
	}
	return (uint16_t)(c->conds - before);
}

unsigned option_groups(const struct cond *c, unsigned n)
{
	unsigned groups = n > 0;

	for (unsigned i = 1; i < n; i++)
		groups += c[i].use != c[i - 1].use;
	return groups;
}

/* What a relative condition counts from must be ready to look for its next occurrence. */
void option_mark_chains(struct cond *c, unsigned n)
{
	struct cond *before = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (before && (before->use != c[i].use || c[i].kind == COND_BASE64_DATA))
			before = NULL;
		if ((c[i].flags & COND_RELATIVE) && before)
			before->flags |= COND_RELATIVE_NEXT;
		if (c[i].kind == COND_CONTENT || c[i].kind == COND_PCRE)
			before = &c[i];
	}
}
