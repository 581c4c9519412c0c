/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multipart bodies: the size of pieces, a Content-Type up to the first LF, the body.  Whole and in
 * pieces the same events must come, and no byte is looked at again and again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "engine/proto/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t mix(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ b[i]) * 1099511628211u;
	return sum;
}

static uint64_t feed(struct multipart m, struct bytes body, size_t step)
{
	struct multipart_event ev;
	uint64_t sum = 14695981039346656037u;
	size_t done = 0;
	uint64_t pieces = 0;
	bool joined = false;

	for (size_t end = 0;;) {
		struct bytes in;

		pieces++;
		end = body.len - end < step ? body.len : end + step;
		if (end == body.len)
			multipart_close(&m);
		in = bytes_of(body.data + done, end - done);
		while (multipart_next(&m, &in, &ev) == FEED_EVENT) {
			if (ev.kind != MULTIPART_DATA || !joined)
				sum = mix(sum, &ev.kind, sizeof(ev.kind));
			joined = ev.kind == MULTIPART_DATA;
			sum = mix(sum, ev.name.data, ev.name.len);
			sum = mix(sum, ev.value.data, ev.value.len);
			sum = mix(sum, ev.data.data, ev.data.len);
			(void)multipart_parameter(ev.value, "filename");
		}
		done = end - in.len;
		if (end == body.len)
			break;
	}
	/* What may be a boundary is held back, and compared with it again when more has come. */
	if (m.looked_at > 4 * (uint64_t)body.len + pieces * (MULTIPART_BOUNDARY_MAX + 2) + 64)
		abort();
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = bytes_of(data, size);
	const uint8_t *lf = size > 2 ? memchr(data + 1, '\n', size - 1) : NULL;
	size_t at = lf ? (size_t)(lf - data) : 0;
	struct multipart m;
	enum app_event odd;

	if (!lf || !multipart_init(&m, bytes_slice(all, 1, at - 1), &odd))
		return 0;
	if (feed(m, bytes_slice(all, at + 1, size), size) !=
	    feed(m, bytes_slice(all, at + 1, size), 1u + data[0] % 64))
		abort();
	return 0;
}
