/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP as records: the envelope of a mail, and what its header and parts say.
 */
#include <string.h>

#include "engine/app/smtp.h"
#include "engine/output/eve_common.h"

/* "x-mailer" and "x_mailer" are the same. */
static bool is_field(const char *name, const char *field)
{
	while (*name && (*name == *field || (*name == '-' && *field == '_'))) {
		name++;
		field++;
	}
	return *name == *field;
}

uint32_t output_smtp_field(const char *name)
{
	static const char *const names[] = { "subject", "date", "message_id", "x_mailer",
					     "received" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_field(name, names[i]))
			return 1u << i;
	}
	return 0;
}

uint32_t output_smtp_md5(const char *name)
{
	if (strcmp(name, "subject") == 0)
		return OUTPUT_SMTP_MD5_SUBJECT;
	return strcmp(name, "body") == 0 ? OUTPUT_SMTP_MD5_BODY : 0;
}

static void put_list(struct eve *w, enum eve_field f, const struct smtp_list *l)
{
	if (!l->count)
		return;
	eve_array(w, f);
	for (const struct smtp_text *n = l->first; n; n = n->next) {
		eve_item(w);
		eve_text_value(w, n->text);
	}
	eve_array_end(w);
}

/* "a@b, c@d" as two texts; a comma in quotes or brackets ends none. */
static void put_addresses(struct eve *w, enum eve_field f, struct bytes value)
{
	size_t from = 0;
	bool quoted = false, bracket = false, any = false;

	for (size_t i = 0; i <= value.len; i++) {
		uint8_t c = i < value.len ? value.data[i] : ',';
		struct bytes one;

		if (i < value.len && c == '"')
			quoted = !quoted;
		if (i < value.len && (c == '<' || c == '>'))
			bracket = c == '<';
		if (i < value.len && (c != ',' || quoted || bracket))
			continue;
		one = bytes_slice(value, from, i - from);
		from = i + 1;
		while (one.len && (one.data[0] == ' ' || one.data[0] == '\t'))
			one = bytes_slice(one, 1, one.len);
		if (!one.len)
			continue;
		if (!any)
			eve_array(w, f);
		any = true;
		eve_item(w);
		eve_text_value(w, one);
	}
	if (any)
		eve_array_end(w);
}

static void put_field(struct eve *w, enum eve_field f, const struct smtp_tx *t, const char *name,
		      bool addresses)
{
	struct bytes value;

	if (!smtp_field(t, name, 0, &value))
		return;
	if (addresses)
		put_addresses(w, f, value);
	else
		eve_text(w, f, value);
}

static void put_received(struct eve *w, const struct smtp_tx *t)
{
	struct bytes value;

	if (!smtp_field(t, "received", 0, &value))
		return;
	eve_array(w, EVE_EMAIL_RECEIVED);
	for (unsigned i = 0; smtp_field(t, "received", i, &value); i++) {
		eve_item(w);
		eve_text_value(w, value);
	}
	eve_array_end(w);
}

static void put_digests(struct eve *w, const struct smtp_tx *t, uint32_t fields)
{
	uint8_t digest[DIGEST_MD5_LEN];
	struct bytes subject;

	if ((fields & OUTPUT_SMTP_MD5_SUBJECT) && smtp_field(t, "subject", 0, &subject)) {
		digest_bytes(DIGEST_MD5, subject, digest);
		eve_hex(w, EVE_EMAIL_SUBJECT_MD5, bytes_of(digest, sizeof(digest)));
	}
	if ((fields & OUTPUT_SMTP_MD5_BODY) && t->has_body_md5)
		eve_hex(w, EVE_EMAIL_BODY_MD5, bytes_of(t->body_md5, sizeof(t->body_md5)));
}

static void put_email(struct eve *w, const struct smtp_tx *t, uint32_t fields)
{

	if (!t->has_message)
		return;
	eve_open(w, EVE_EMAIL);
	put_field(w, EVE_EMAIL_FROM, t, "from", false);
	put_field(w, EVE_EMAIL_TO, t, "to", true);
	put_field(w, EVE_EMAIL_CC, t, "cc", true);
	eve_string(w, EVE_EMAIL_STATUS, "PARSE_DONE");
	put_list(w, EVE_EMAIL_ATTACHMENT, &t->attachments);
	put_list(w, EVE_EMAIL_URL, &t->urls);
	if (fields & OUTPUT_SMTP_SUBJECT)
		put_field(w, EVE_EMAIL_SUBJECT, t, "subject", false);
	if (fields & OUTPUT_SMTP_DATE)
		put_field(w, EVE_EMAIL_DATE, t, "date", false);
	if (fields & OUTPUT_SMTP_MESSAGE_ID)
		put_field(w, EVE_EMAIL_MESSAGE_ID, t, "message-id", false);
	if (fields & OUTPUT_SMTP_X_MAILER)
		put_field(w, EVE_EMAIL_X_MAILER, t, "x-mailer", false);
	if (fields & OUTPUT_SMTP_RECEIVED)
		put_received(w, t);
	put_digests(w, t, fields);
	eve_close(w);
}

static void put_envelope(struct eve *w, const struct smtp_tx *t)
{
	eve_open(w, EVE_SMTP);
	if (t->has_helo)
		eve_text(w, EVE_SMTP_HELO, t->helo);
	if (t->mail_from.len)
		eve_text(w, EVE_SMTP_MAIL_FROM, t->mail_from);
	put_list(w, EVE_SMTP_RCPT_TO, &t->recipients);
	eve_close(w);
}

void eve_smtp_object(struct eve *w, const struct app_tx *tx)
{
	put_envelope(w, (const struct smtp_tx *)tx);
	put_email(w, (const struct smtp_tx *)tx, 0);
}

void eve_smtp(const struct output_options *o, const struct output_env *env, const struct packet *p,
	      const struct app_tx *tx, struct buf *out)
{
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_SMTP, EVE_AS_CLIENT, out);
	eve_u64(&w, EVE_TX_ID, tx->id);
	put_envelope(&w, (const struct smtp_tx *)tx);
	put_email(&w, (const struct smtp_tx *)tx, o->smtp.fields);
	eve_end_record(&w, o, env);
}
