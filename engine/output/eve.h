/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eve.h - writes one JSON record into a buf, field by field.
 *
 * In: fields by their number (eve_fields.h) with a value, objects opened and closed.
 * Out: a line, or nothing at all when the buf had no room for the whole of it; buf->full
 * then stays set.
 * Not here: which fields a record has.
 *
 * Memory: nothing but the caller's buf.
 * Thread: any number at once; the cache of times is each thread's own.
 */
#ifndef WEIR_OUTPUT_EVE_H
#define WEIR_OUTPUT_EVE_H

#include "engine/base/address.h"
#include "engine/base/buf.h"
#include "engine/flow/flow.h"
#include "engine/output/eve_fields.h"

struct eve {
	struct buf *out;
	size_t start;
	bool was_full;
	bool comma; /* the next field is not the first of its object */
	bool bodies, bodies_printable; /* http objects have the bodies too */
};

/* From '{' to the newline.  Between them out->full belongs to the record. */
void eve_begin(struct eve *w, struct buf *out);
void eve_end(struct eve *w);

static inline void eve_key(struct eve *w, enum eve_field f)
{
	const struct eve_key *k = &eve_keys[f];
	struct buf *out = w->out;
	size_t skip = !w->comma;

	if (out->size - out->len >= EVE_KEY_BYTES) {
		memcpy(out->data + out->len, k->text + skip, EVE_KEY_BYTES);
		out->len += k->len - skip;
	} else {
		buf_bytes(out, k->text + skip, k->len - skip);
	}
	w->comma = true;
}

/* A key of an object whose members others decide; its value follows. */
void eve_name(struct eve *w, struct bytes name);
void eve_open(struct eve *w, enum eve_field f);
void eve_close(struct eve *w);

void eve_u64(struct eve *w, enum eve_field f, uint64_t v);
void eve_bool(struct eve *w, enum eve_field f, bool v);
void eve_string(struct eve *w, enum eve_field f, const char *text);
/* Text that needs no escaping. */
void eve_plain(struct eve *w, enum eve_field f, const char *text, size_t len);
/* A JSON value, whole, made by Weir. */
void eve_json(struct eve *w, enum eve_field f, const char *json);
void eve_strings(struct eve *w, enum eve_field f, const char *const *text, unsigned n);
void eve_base64(struct eve *w, enum eve_field f, const uint8_t *data, size_t len);
void eve_hex8(struct eve *w, enum eve_field f, uint8_t v);
/* Bytes as text: UTF-8 as it is, of anything else each byte above 127 as "\xNN". */
void eve_text(struct eve *w, enum eve_field f, struct bytes text);
void eve_text_value(struct eve *w, struct bytes text); /* of an array */
void eve_base64_value(struct eve *w, const uint8_t *data, size_t len);
void eve_hex(struct eve *w, enum eve_field f, struct bytes data);
/* An array; its values follow eve_item(), or are objects from eve_item_open() to eve_close(). */
void eve_array(struct eve *w, enum eve_field f);
void eve_item(struct eve *w);
void eve_item_open(struct eve *w);
void eve_array_end(struct eve *w);
void eve_mac(struct eve *w, enum eve_field f, const uint8_t mac[6]);
void eve_address(struct eve *w, enum eve_field f, const struct ip_addr *a, unsigned ip_version);
void eve_time(struct eve *w, enum eve_field f, int64_t time_ns);

/* "2010-01-04T17:29:26.981507+0000", in the local zone; always 31 characters. */
#define EVE_TIME_LEN 31
void eve_time_text(int64_t time_ns, char out[EVE_TIME_LEN]);

/* "01/04/2010-17:29:26.981507", as fast.log has it. */
#define FAST_TIME_LEN 26
void fast_time_text(int64_t time_ns, char out[FAST_TIME_LEN]);

/* Community ID, version 1, of a flow. */
#define COMMUNITY_ID_LEN 30
void community_id_text(const struct flow *f, uint16_t seed, char out[COMMUNITY_ID_LEN]);

/* ICMP type that answers this one, or -1. */
int icmp_answer(unsigned ip_version, uint8_t type);

/* Name of an IP protocol, NULL where it has none. */
const char *ip_proto_name(uint8_t proto);

/* libpcap's number and name of a link type. */
uint32_t link_dlt(uint32_t link);
const char *link_name(uint32_t link);

#endif
