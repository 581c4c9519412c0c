/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSH sessions as records: what each side says of itself.
 */
#include "engine/app/ssh.h"
#include "engine/output/eve_common.h"

#define OF_SIDE(base, name) ((enum eve_field)((base) + (EVE_SSH_CLIENT_##name - EVE_SSH_CLIENT)))

static struct bytes text_of(const struct app_text *t)
{
	return bytes_of(t->data, t->len);
}

static void put_side(struct eve *w, enum eve_field base, const struct ssh_side *s, bool hassh)
{
	if (!s->proto.len)
		return;
	eve_open(w, base);
	eve_text(w, OF_SIDE(base, PROTO_VERSION), text_of(&s->proto));
	if (s->software.len)
		eve_text(w, OF_SIDE(base, SOFTWARE_VERSION), text_of(&s->software));
	if (hassh && s->has_hassh) {
		eve_open(w, OF_SIDE(base, HASSH));
		eve_plain(w, OF_SIDE(base, HASSH_HASH), s->hassh, SSH_HASSH_LEN);
		eve_text(w, OF_SIDE(base, HASSH_STRING), text_of(&s->lists));
		eve_close(w);
	}
	eve_close(w);
}

void eve_ssh_object(struct eve *w, const struct app_tx *tx)
{
	const struct ssh_tx *t = (const struct ssh_tx *)tx;

	eve_open(w, EVE_SSH);
	put_side(w, EVE_SSH_CLIENT, &t->side[0], t->log_hassh);
	put_side(w, EVE_SSH_SERVER, &t->side[1], t->log_hassh);
	eve_close(w);
}

void eve_ssh(const struct output_options *o, const struct output_env *env, const struct packet *p,
	     const struct app_tx *tx, struct buf *out)
{
	const struct ssh_tx *t = (const struct ssh_tx *)tx;
	struct eve w;

	if (!t->side[0].proto.len && !t->side[1].proto.len)
		return;
	eve_begin_record(&w, o, env, p, RECORD_SSH, EVE_AS_CLIENT, out);
	eve_ssh_object(&w, tx);
	eve_end_record(&w, o, env);
}
