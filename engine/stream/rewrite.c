/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inline, a segment that says something else than an earlier one of the same numbers passes with the bytes of the
 * earlier one: the receiver, whatever its policy, has what was inspected.
 */
#include "engine/decode/checksum.h"
#include "engine/stream/session.h"

#include <string.h>

/* Where RFC 9293, section 3.1 has it. */
#define CHECKSUM_AT 16

bool rewrite_payload(struct stream_engine *e, struct packet *p, size_t at, struct bytes with)
{
	size_t payload = (size_t)(p->payload.data - p->data.data);
	uint8_t *out = e->rewritten, *tcp = out + p->l4_offset;
	uint16_t sum;

	if (p->data.len > STREAM_REWRITE_BYTES || at + with.len > p->payload.len)
		return false;
	if (p->data.data != out)
		memcpy(out, p->data.data, p->data.len);
	memcpy(out + payload + at, with.data, with.len);
	memset(tcp + CHECKSUM_AT, 0, sizeof(sum));
	sum = checksum_transport(p, IP_PROTO_TCP,
				 bytes_of(tcp, payload + p->payload.len - p->l4_offset));
	memcpy(tcp + CHECKSUM_AT, &sum, sizeof(sum));
	p->data.data = out;
	p->payload.data = out + payload;
	p->stream_modified = true;
	return true;
}
