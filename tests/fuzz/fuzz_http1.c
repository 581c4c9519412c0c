/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both sides of HTTP/1: the side and the size of pieces, then bytes.  Whole and in pieces the same
 * events must come, and no byte is looked at again and again; then once more with losses.
 */
#include <stdint.h>
#include <stdlib.h>

#include "engine/proto/http1.h"
#include "engine/proto/http_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http1_options options = { .line_max = 512, .headers_max = 16 };

static uint64_t mix(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ b[i]) * 1099511628211u;
	return sum;
}

static uint64_t mix_event(uint64_t sum, const struct http1_event *ev, bool *joined)
{
	bool piece = ev->kind == HTTP1_BODY || ev->kind == HTTP1_EXTRA ||
		     ev->kind == HTTP1_TUNNEL || ev->kind == HTTP1_JUNK;

	if (!piece || !*joined)
		sum = mix(sum, &ev->kind, sizeof(ev->kind));
	*joined = piece && ev->odd_count == 0;
	sum = mix(sum, ev->raw.data, ev->raw.len);
	sum = mix(sum, ev->name.data, ev->name.len);
	sum = mix(sum, ev->value.data, ev->value.len);
	return mix(sum, ev->odds, ev->odd_count);
}

static void read_uri(struct bytes target)
{
	struct http_uri_options o;
	struct http_uri u;
	uint8_t out[1024];
	bool twice;

	if (!http_uri_personality("IDS", &o) || target.len + 3 > sizeof(out))
		return;
	o.double_decode_path = o.double_decode_query = true;
	http_uri_split(target, false, &u);
	if (http_uri_normalise(&u, &o, out, &twice) > target.len + 3)
		abort();
	(void)http_host_normalise(u.authority.host, out);
}

static uint64_t feed(const uint8_t *data, size_t size, uint8_t flags, size_t step, bool losses)
{
	struct http1 p;
	struct http1_event ev;
	uint64_t sum = 14695981039346656037u;
	size_t done = 0;
	bool joined = false;

	http1_init(&p, flags & 1 ? HTTP1_RESPONSE : HTTP1_REQUEST, &options);
	if (flags & 1)
		http1_answers(&p, flags & 2, flags & 4, flags & 8);
	for (size_t end = 0;;) {
		struct bytes in;
		enum feed f;

		end = size - end < step ? size : end + step;
		if (end == size && !losses)
			http1_close(&p);
		in = bytes_of(data + done, end - done);
		while ((f = http1_next(&p, &in, &ev)) == FEED_EVENT) {
			sum = mix_event(sum, &ev, &joined);
			if (ev.kind == HTTP1_REQUEST_LINE)
				read_uri(ev.uri);
			if (http1_waits(&p))
				http1_resume(&p, flags & 16);
		}
		if (f == FEED_BAD)
			return mix(sum, "bad", 3);
		done = end - in.len;
		if (losses && end < size) {
			http1_gap(&p, data[end]);
			in = bytes_of(data + done, end - done);
			while (http1_next(&p, &in, &ev) == FEED_EVENT)
				;
			if (p.gap && !http1_waits(&p))
				abort();
			done = end - in.len;
		}
		if (end == size)
			break;
	}
	if (p.looked_at > 4 * (uint64_t)size + 1024)
		abort();
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole;

	if (size < 2)
		return 0;
	whole = feed(data + 2, size - 2, data[0], size, false);
	if (whole != feed(data + 2, size - 2, data[0], 1u + data[1] % 64, false))
		abort();
	(void)feed(data + 2, size - 2, data[0], 1u + data[1], true);
	return 0;
}
