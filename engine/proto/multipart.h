/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart.h - cuts a multipart body into its parts (RFC 7578, RFC 2046 section 5.1).
 *
 * In: the body's bytes, in order, in pieces of any size; the boundary.
 * Out: the begin of a part with its names, its data in pieces, its end.
 * Bytes that may belong to a boundary are held back in the input, never copied.
 *
 * Memory: the struct, embedded; no heap.  Events borrow from the input.
 * Thread: the worker that owns the flow.
 */
#ifndef WEIR_PROTO_MULTIPART_H
#define WEIR_PROTO_MULTIPART_H

#include "engine/base/bytes.h"
#include "engine/proto/feed.h"
#include "engine/base/app_event.h"

#define MULTIPART_BOUNDARY_MAX 200 /* RFC 2046 has 70 */
#define MULTIPART_LINE_MAX 4096 /* of a part's header; its first bytes are kept */

enum multipart_kind {
	MULTIPART_BEGIN, /* a part's head begins */
	MULTIPART_HEADER, /* name, value */
	MULTIPART_HEAD_END,
	MULTIPART_DATA, /* data */
	MULTIPART_PART_END, /* truncated: the body ended within it */
	MULTIPART_END, /* the last boundary; what follows is passed over */
	MULTIPART_ODD, /* odd */
};

struct multipart_event {
	enum multipart_kind kind;
	enum app_event odd;
	bool truncated;
	struct bytes name;
	struct bytes value;
	struct bytes data;
};

struct multipart {
	uint8_t state;
	uint8_t boundary_len; /* with the two dashes in front */
	bool closed;
	bool told;
	uint32_t scanned;
	uint64_t looked_at; /* bytes examined so far, for tests of linearity */
	uint8_t boundary[MULTIPART_BOUNDARY_MAX + 2];
};

/*
 * content_type: the header's value.  False: it is not multipart, or has no boundary that
 * can be used (*odd is then what is odd, or APP_EVENT__COUNT).
 */
bool multipart_init(struct multipart *m, struct bytes content_type, enum app_event *odd);

enum feed multipart_next(struct multipart *m, struct bytes *in, struct multipart_event *ev);
void multipart_close(struct multipart *m);

/*
 * The value of a header's parameter (name="x.txt"; name=x), quotes and backslashes before
 * quotes as they stand inside.  Empty when there is none.
 */
struct bytes multipart_parameter(struct bytes value, const char *name);

#endif
