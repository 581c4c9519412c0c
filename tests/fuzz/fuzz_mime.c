/* SPDX-License-Identifier: Apache-2.0 */
/* A mail message in pieces, whose size the first byte says; URLs in all that is decoded; its lines as SMTP's. */
#include "engine/proto/mime.h"
#include "engine/proto/mime_url.h"
#include "engine/proto/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_line(struct bytes line)
{
	struct smtp_command c;
	struct smtp_reply r;
	struct bytes path;
	uint32_t n;
	bool is_last;

	if (smtp_command_read(line, &c)) {
		(void)smtp_path_read(c.argument, "FROM", &path);
		(void)smtp_bdat_read(c.argument, &n, &is_last);
	}
	smtp_reply_read(line, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const schemes[] = { "http", "ftp", "mailto", NULL };
	static struct mime m;
	static struct mime_url u;
	size_t step, from = 0, shown = 0, given = 0, limit = size * 4 + 64;
	bool last;

	if (size < 2)
		return 0;
	step = (size_t)data[0] + 1;
	data++;
	size--;
	read_line(bytes_of(data, size));
	mime_init(&m, &(struct mime_options){ 0 });
	mime_url_init(&u, schemes);
	do {
		struct mime_event e;
		struct bytes url;
		unsigned scheme;

		shown = shown + step < size ? shown + step : size;
		last = shown == size;
		do {
			size_t consumed;

			mime_next(&m, bytes_of(data + from, shown - from),
				  last ? MIME_LAST : MIME_GOES_ON, &e, &consumed);
			/* No more events than the input can be worth. */
			if (consumed > shown - from || ++given > limit + size / step)
				__builtin_trap();
			from += consumed;
			while (e.kind == MIME_DATA && mime_url_next(&u, &e.piece, &url, &scheme))
				;
		} while (e.kind != MIME_MORE);
	} while (!last);
	if (from != size)
		__builtin_trap();
	return 0;
}
