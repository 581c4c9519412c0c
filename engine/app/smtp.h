/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp.h - SMTP in a flow: a transaction for each mail, with what its message holds.
 *
 * In: the flow's bytes (engine/app/app.h); lines read by engine/proto/smtp.h, the message by engine/proto/mime.h.
 * Out: for rules the smtp.* and email.* buffers and files, for records envelope and headers.
 * A transaction ends with the end of its message, with RSET, or with the session.
 *
 * Memory: the transaction's; the message's parser lives in it while the message lasts.
 * Thread: the worker's.
 */
#ifndef WEIR_APP_SMTP_H
#define WEIR_APP_SMTP_H

#include "engine/app/app.h"
#include "engine/app/digest.h"
#include "engine/proto/mime.h"
#include "engine/proto/mime_url.h"
#include "engine/proto/smtp.h"

#define SMTP_LINE_MAX 4096u /* of commands and replies: longer ones are an event */
#define SMTP_RECIPIENTS_MAX 256u
#define SMTP_FIELDS_MAX 256u /* header fields of the message itself that are kept */
#define SMTP_URLS_MAX 256u
#define SMTP_ATTACHMENTS_MAX 256u

/* app-layer.protocols.smtp: raw-extraction, and what stands below mime */
struct smtp_options {
	bool decode_mime; /* decode-mime */
	bool raw; /* raw-extraction: the message as it was sent is a file (not with decode_mime) */
	bool log_scheme; /* log-url-scheme */
	bool body_md5; /* body-md5 */
	struct mime_options mime;
	const char *schemes[MIME_URL_SCHEMES_MAX +
			    1]; /* extract-urls-schemes; empty: extract-urls off */
};
void smtp_options_stock(struct smtp_options *o);

enum smtp_progress { SMTP_STARTED, SMTP_MESSAGE_BEGUN, SMTP_DONE };

/* A text in a list: recipients, URLs, names of attachments. */
struct smtp_text {
	struct smtp_text *next;
	struct bytes text;
};
struct smtp_list {
	struct smtp_text *first, *last;
	unsigned count;
};

/* A header field of the message. */
struct smtp_field {
	struct smtp_field *next;
	struct bytes name, value;
};

struct smtp_tx {
	struct app_tx tx;
	bool has_helo; /* HELO or EHLO was seen before or in it */
	bool ended;
	bool has_message; /* the client has begun one, or wants to */
	struct bytes helo;
	struct bytes mail_from;
	struct smtp_list recipients, attachments, urls;
	struct smtp_field *first, *last;
	unsigned fields;
	struct mime *mime; /* while the message lasts, and after it */
	struct mime_url *url;
	struct app_file *file; /* under way */
	struct digest_md5
		*md5; /* of all behind the header; NULL: not asked for, or there is none yet */
	bool in_body; /* the header has ended */
	bool has_body_md5;
	uint8_t body_md5[DIGEST_MD5_LEN];
	bool in_text; /* the part under way is searched for URLs */
};

/* The value of the i-th field of this name (small letters); false: there is none. */
bool smtp_field(const struct smtp_tx *t, const char *name, unsigned i, struct bytes *out);

extern const struct app_protocol app_smtp;

#endif
