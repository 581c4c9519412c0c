/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FTP as records: a command with its replies; a data connection.
 */
#include "engine/app/ftp.h"
#include "engine/output/eve_common.h"

static void put_replies(struct eve *w, enum eve_field f, const struct ftp_tx *t, bool codes)
{
	bool any = false;

	for (const struct ftp_reply_line *l = t->first; l; l = l->next) {
		struct bytes b = codes ? l->code : l->text;

		if (!b.len)
			continue;
		if (!any)
			eve_array(w, f);
		any = true;
		eve_item(w);
		eve_text_value(w, b);
	}
	if (any)
		eve_array_end(w);
}

void eve_ftp_object(struct eve *w, const struct app_tx *tx)
{
	const struct ftp_tx *t = (const struct ftp_tx *)tx;

	eve_open(w, EVE_FTP);
	if (t->command.name.len) {
		eve_text(w, EVE_FTP_COMMAND, t->command.name);
		if (t->command.argument.len) {
			eve_text(w, EVE_FTP_COMMAND_DATA, t->command.argument);
			eve_bool(w, EVE_FTP_COMMAND_TRUNCATED, t->command_truncated);
		}
	}
	put_replies(w, EVE_FTP_COMPLETION_CODE, t, true);
	put_replies(w, EVE_FTP_REPLY, t, false);
	if (t->dynamic_port)
		eve_u64(w, EVE_FTP_DYNAMIC_PORT, t->dynamic_port);
	if (t->command.verb >= FTP_PORT && t->command.verb <= FTP_EPSV)
		eve_string(w, EVE_FTP_MODE, t->active ? "active" : "passive");
	eve_string(w, EVE_FTP_REPLY_RECEIVED, t->reply_received ? "yes" : "no");
	eve_bool(w, EVE_FTP_REPLY_TRUNCATED, t->reply_truncated);
	eve_close(w);
}

void eve_ftp(const struct output_options *o, const struct output_env *env, const struct packet *p,
	     const struct app_tx *tx, struct buf *out)
{
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_FTP, EVE_AS_CLIENT, out);
	eve_ftp_object(&w, tx);
	eve_end_record(&w, o, env);
}

void eve_ftp_data_object(struct eve *w, const struct app_tx *tx)
{
	const struct ftp_data_tx *t = (const struct ftp_data_tx *)tx;

	eve_open(w, EVE_FTP_DATA);
	if (t->filename.len)
		eve_text(w, EVE_FTP_DATA_FILENAME, t->filename);
	if (t->verb != FTP_OTHER)
		eve_string(w, EVE_FTP_DATA_COMMAND, ftp_verb_name(t->verb));
	eve_close(w);
}

void eve_ftp_data(const struct output_options *o, const struct output_env *env,
		  const struct packet *p, const struct app_tx *tx, struct buf *out)
{
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_FTP_DATA, EVE_AS_CLIENT, out);
	eve_ftp_data_object(&w, tx);
	eve_end_record(&w, o, env);
}
