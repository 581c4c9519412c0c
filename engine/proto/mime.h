/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime.h - a mail message: headers, parts, what is encoded in them (RFC 5322, RFC 2045, 2046, 2183, 2231),
 * uuencoded files in its text.
 *
 * In: the message's bytes in order, transparency already undone, in pieces of any size.
 * Out: headers unfolded; parts begun, their decoded bytes in pieces, ended; what is odd.
 * Not here: files (engine/app), URLs (mime_url.h), the characters of encoded words.
 *
 * Memory: struct mime, embedded (about 8 KiB); values and decoded bytes lie in it until the next call,
 * all else is slices of the input.  Nesting deeper than MIME_LEVELS_MAX is read as text.
 * Work: every byte is looked at once, but the boundary of each level is compared where a line begins with "--".
 * Thread: the flow's worker.
 */
#ifndef WEIR_PROTO_MIME_H
#define WEIR_PROTO_MIME_H

#include "engine/base/bytes.h"

#define MIME_VALUE_MAX 2048 /* bytes of a header's value that are kept */
#define MIME_NAME_MAX 255 /* of a header's name, and of a file's */
#define MIME_LEVELS_MAX 16
#define MIME_BOUNDARY_MAX 128 /* RFC 2046 allows 70 */
#define MIME_LINE_MAX 998 /* RFC 5322, section 2.1.1: longer lines are an event */
#define MIME_DECODED_MAX 1024 /* bytes of one MIME_DATA that is decoded */

enum mime_encoding { MIME_IDENTITY, MIME_BASE64, MIME_QUOTED_PRINTABLE, MIME_UUENCODE };

enum mime_odd {
	MIME_LONG_LINE, /* longer than MIME_LINE_MAX */
	MIME_LONG_ENCODED_LINE, /* of base64: RFC 2045 allows 76 */
	MIME_LONG_HEADER_NAME,
	MIME_LONG_HEADER_VALUE, /* longer than options.value_max: cut */
	MIME_LONG_BOUNDARY,
	MIME_LONG_FILENAME,
	MIME_INVALID_BASE64,
	MIME_INVALID_QUOTED_PRINTABLE,
	MIME_MALFORMED, /* a header line without a colon */
	MIME_TOO_DEEP,
	MIME_ODD__COUNT
};

enum mime_event_kind {
	MIME_MORE, /* nothing further in these bytes */
	MIME_HEADER, /* name, value; nested: of a part or an attached message */
	MIME_HEADERS_END, /* of the message itself */
	MIME_PART, /* a part that is no multipart begins: filename, is_attachment, is_text */
	MIME_DATA, /* decoded bytes of the part: piece */
	MIME_PART_END,
	MIME_ODDITY, /* odd */
};

struct mime_event {
	enum mime_event_kind kind;
	struct bytes name, value;
	bool nested;
	struct bytes filename; /* empty: none */
	bool is_attachment; /* Content-Disposition says so */
	bool is_text, is_html;
	struct bytes piece;
	enum mime_odd odd;
};

struct mime_options {
	uint32_t value_max; /* at most MIME_VALUE_MAX; 0: that */
	bool keep_base64, keep_quoted_printable; /* hand on as it is, not decoded */
};

struct mime_part {
	uint8_t encoding;
	bool is_multipart, is_message, is_text, is_html, is_attachment;
	uint16_t filename_len;
	uint16_t boundary_len;
	char filename[MIME_NAME_MAX];
	char boundary[MIME_BOUNDARY_MAX];
};

struct mime {
	struct mime_options options;
	uint8_t phase;
	uint8_t level; /* multiparts that are open */
	bool nested; /* headers under way are not the message's own */
	bool multipart; /* a level was opened: what stands outside of parts is nothing */
	bool in_part;
	bool in_uu; /* a uuencoded file inside a text part */
	bool line_goes_on; /* the piece before did not end its line */
	bool line_told; /* MIME_LONG_LINE was given for it */
	uint8_t end_len; /* line end that is held back: it may belong to a boundary */
	uint16_t odd; /* bits of enum mime_odd that are still to be given */
	uint32_t looked; /* of an unfinished line */
	uint32_t line_len; /* of the line under way, so far */
	/* The header under way. */
	bool in_header;
	bool value_cut;
	uint16_t name_len, value_len;
	char name[MIME_NAME_MAX];
	char value[MIME_VALUE_MAX];
	struct mime_part part;
	struct {
		uint16_t len;
		char text[MIME_BOUNDARY_MAX];
	} boundary[MIME_LEVELS_MAX];
	/* Decoding. */
	uint8_t quad[4];
	uint8_t quads; /* characters of a group of four that have come */
	bool base64_ended;
	uint8_t decoded[MIME_DECODED_MAX + 4];
};

enum mime_end {
	MIME_GOES_ON, /* an unfinished line is shown again with more */
	MIME_LAST, /* no more will come */
	MIME_CUT, /* more will come, but these bytes cannot be shown again: all are consumed */
};

void mime_init(struct mime *m, const struct mime_options *opt);

/*
 * The next event of in.  *consumed: bytes that are done with; the rest is shown again with more.  Call until
 * MIME_MORE.
 */
void mime_next(struct mime *m, struct bytes in, enum mime_end end, struct mime_event *out,
	       size_t *consumed);

/* A parameter of a header's value, "name=value" or in quotes; RFC 2231's forms too (name*=, name*0=). */
bool mime_parameter(struct bytes value, const char *name, struct bytes *out);

#endif
