/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h - cuts a byte stream into lines, as the text protocols have them (FTP, SMTP, SSH's banner).
 *
 * In: the bytes of one direction that are not consumed yet, again from the same byte while a line is
 * not whole.  Out: lines without their end (CR LF, or LF alone).
 * A line longer than the limit is given as far as the limit; the rest of it is passed over.
 *
 * Memory: 12 bytes, embedded; lines are slices of the input.
 * Work: every byte is looked at once, however the stream is cut.
 * Thread: the flow's worker.
 */
#ifndef WEIR_PROTO_LINE_H
#define WEIR_PROTO_LINE_H

#include "engine/base/bytes.h"

struct line_reader {
	uint32_t limit; /* bytes of a line, its end not counted */
	uint32_t looked; /* of the unfinished line: no LF among its first so many */
	bool skipping; /* the rest of a line that was too long */
};

enum line_kind {
	LINE_MORE, /* the line is not whole: show its bytes again with more */
	LINE_WHOLE,
	LINE_LONG, /* the first limit bytes of a longer one */
	LINE_SKIPPED, /* bytes of a line that was given as LINE_LONG before; no line */
};

/*
 * The next line of in.  last: no more will come, so what is left is a line too.
 * *consumed: bytes that are done with, 0 for LINE_MORE.  Call again for what follows them.
 */
enum line_kind line_next(struct line_reader *r, struct bytes in, bool last, struct bytes *line,
			 size_t *consumed);

#endif
