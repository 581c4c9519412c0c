/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/output/payload.h"

#include <stdio.h>

void payload_begin(struct payload_sink *s, enum payload_form form, size_t limit, struct buf *out)
{
	*s = (struct payload_sink){ .out = out, .form = form, .left = limit };
}

static void put_base64(struct payload_sink *s, const uint8_t *data, size_t len)
{
	size_t whole;

	while (s->carried > 0 && s->carried < 3 && len > 0) {
		s->carry[s->carried++] = *data++;
		len--;
	}
	if (s->carried == 3) {
		buf_base64(s->out, s->carry, 3);
		s->carried = 0;
	}
	if (len == 0)
		return;
	whole = len - len % 3;
	if (whole > 0)
		buf_base64(s->out, data, whole);
	for (size_t i = whole; i < len; i++)
		s->carry[s->carried++] = data[i];
}

static void put_printable(struct buf *out, const uint8_t *data, size_t len)
{
	char text[256];

	while (len > 0) {
		size_t n = len < sizeof(text) ? len : sizeof(text);

		for (size_t i = 0; i < n; i++) {
			uint8_t c = data[i];

			text[i] = (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' ? (char)c : '.';
		}
		buf_json(out, text, n);
		data += n;
		len -= n;
	}
}

void payload_piece(void *ctx, const uint8_t *data, size_t len)
{
	struct payload_sink *s = ctx;
	char gap[48];

	if (!data) {
		len = (size_t)snprintf(gap, sizeof(gap), "[%zu bytes missing]", len);
		data = (const uint8_t *)gap;
	}
	if (len > s->left)
		len = s->left;
	s->left -= len;
	s->taken += len;
	if (s->form == PAYLOAD_BASE64)
		put_base64(s, data, len);
	else if (s->form == PAYLOAD_PRINTABLE)
		put_printable(s->out, data, len);
}

void payload_end(struct payload_sink *s)
{
	if (s->carried > 0)
		buf_base64(s->out, s->carry, s->carried);
	s->carried = 0;
}
