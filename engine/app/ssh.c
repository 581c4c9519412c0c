/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/ssh.h"

#include "engine/app/engine.h"
#include "engine/app/frame.h"
#include "engine/proto/ssh.h"

/* Of a name-list set; the longest real ones have 1.5 KB. */
#define LISTS_MAX 16384

struct ssh_flow {
	struct ssh_parser parser[2];
};
static_assert(sizeof(struct ssh_flow) <= APP_FLOW_SMALL_BYTES, "no memory of its own");

static void ssh_open(struct app_ctx *c)
{
	struct ssh_flow *f = c->app->state;
	struct ssh_tx *t;

	ssh_init(&f->parser[0]);
	ssh_init(&f->parser[1]);
	t = (struct ssh_tx *)app_tx_new(c);
	if (t)
		t->log_hassh = c->engine->opt.log_hassh;
}

/* hassh takes the algorithms that the side itself would send with. */
static bool in_hassh(unsigned dir, enum ssh_list list)
{
	switch (list) {
	case SSH_LIST_KEX:
		return true;
	case SSH_LIST_ENCRYPTION_TO_SERVER:
	case SSH_LIST_MAC_TO_SERVER:
	case SSH_LIST_COMPRESSION_TO_SERVER:
		return dir == 0;
	case SSH_LIST_ENCRYPTION_TO_CLIENT:
	case SSH_LIST_MAC_TO_CLIENT:
	case SSH_LIST_COMPRESSION_TO_CLIENT:
		return dir == 1;
	default:
		return false;
	}
}

static void end_list(struct app_ctx *c, struct ssh_tx *t, unsigned dir, enum ssh_list list)
{
	bool last =
		list == SSH_LIST_COMPRESSION_TO_SERVER || list == SSH_LIST_COMPRESSION_TO_CLIENT;

	if (in_hassh(dir, list) && !last)
		app_text_add(c, &t->tx, &t->side[dir].lists, bytes_of(";", 1), LISTS_MAX);
}

static void end_lists(struct app_ctx *c, struct ssh_tx *t, unsigned dir)
{
	struct ssh_side *s = &t->side[dir];
	uint8_t digest[DIGEST_MD5_LEN];

	app_tx_progress(c, &t->tx, dir, SSH_KEXINIT_DONE);
	if (s->has_hassh || !t->log_hassh)
		return;
	digest_bytes(DIGEST_MD5, bytes_of(s->lists.data, s->lists.len), digest);
	s->has_hassh = true;
	digest_hex(digest, sizeof(digest), s->hassh);
}

static void take_banner(struct app_ctx *c, struct ssh_tx *t, unsigned dir,
			const struct ssh_event *e)
{
	struct ssh_side *s = &t->side[dir];

	if (e->kind == SSH_BANNER_LONG)
		app_tx_event(c, &t->tx, APP_EVENT_SSH_LONG_BANNER);
	app_text_add(c, &t->tx, &s->proto, e->proto, SSH_BANNER_MAX);
	app_text_add(c, &t->tx, &s->software, e->software, SSH_BANNER_MAX);
	app_tx_progress(c, &t->tx, dir, SSH_BANNER_DONE);
}

static void take(struct app_ctx *c, struct ssh_tx *t, unsigned dir, const struct ssh_event *e)
{
	switch (e->kind) {
	case SSH_BANNER:
	case SSH_BANNER_LONG:
		take_banner(c, t, dir, e);
		break;
	case SSH_BANNER_INVALID:
		app_tx_event(c, &t->tx, APP_EVENT_SSH_INVALID_BANNER);
		break;
	case SSH_LIST:
		if (t->log_hassh && in_hassh(dir, e->list) && !t->side[dir].has_hassh)
			app_text_add(c, &t->tx, &t->side[dir].lists, e->piece, LISTS_MAX);
		break;
	case SSH_LIST_END:
		if (t->log_hassh && !t->side[dir].has_hassh)
			end_list(c, t, dir, e->list);
		break;
	case SSH_KEXINIT_END:
		end_lists(c, t, dir);
		break;
	case SSH_RECORD_INVALID:
		app_tx_event(c, &t->tx, APP_EVENT_SSH_INVALID_RECORD);
		break;
	case SSH_KEXINIT:
	case SSH_RECORD:
	case SSH_NEWKEYS:
	case SSH_MORE:
		break;
	}
}

#define RECORD_HEADER 6 /* length, padding length, message */

/* A packet that began so many bytes before this place. */
static void add_frames(struct app_ctx *c, struct ssh_tx *t, unsigned dir, size_t at,
		       const struct ssh_event *e)
{
	uint64_t from = c->offset + at - RECORD_HEADER;

	if (e->kind != SSH_RECORD && e->kind != SSH_NEWKEYS)
		return;
	app_frame_begin(c, dir, FRAME_SSH_RECORD_HDR, from, RECORD_HEADER, &t->tx);
	app_frame_begin(c, dir, FRAME_SSH_RECORD_DATA, from + RECORD_HEADER, (int64_t)e->length - 2,
			&t->tx);
	app_frame_begin(c, dir, FRAME_SSH_RECORD_PDU, from, (int64_t)e->length + 4, &t->tx);
}

/* Both sides have said what records have of them. */
static void may_record(struct ssh_tx *t)
{
	uint8_t least = t->log_hassh ? SSH_KEXINIT_DONE : SSH_BANNER_DONE;

	if (t->tx.progress[0] >= least && t->tx.progress[1] >= least)
		t->tx.flags |= APP_TX_RECORD;
}

static enum app_verdict ssh_data(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				 size_t *consumed)
{
	struct ssh_flow *f = c->app->state;
	struct ssh_tx *t = (struct ssh_tx *)app_tx_first(c);
	struct ssh_event e;

	(void)last;
	if (!t) {
		*consumed = in.len;
		return APP_FINISHED;
	}
	do {
		size_t n;

		ssh_next(&f->parser[dir], bytes_slice(in, *consumed, in.len), &e, &n);
		*consumed += n;
		add_frames(c, t, dir, *consumed, &e);
		take(c, t, dir, &e);
	} while (e.kind != SSH_MORE && !ssh_finished(&f->parser[dir]));
	may_record(t);
	if (!ssh_finished(&f->parser[dir]))
		return APP_OK;
	app_tx_progress(c, &t->tx, dir, SSH_FINISHED);
	if (ssh_finished(&f->parser[!dir]))
		app_encrypted(c);
	return APP_FINISHED;
}

static bool give(const struct app_text *t, struct app_slice *out)
{
	out->data = bytes_of(t->data, t->len);
	return t->len > 0;
}

static bool ssh_buffer(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir,
		       unsigned i, struct app_slice *out)
{
	const struct ssh_side *s = &((struct ssh_tx *)tx)->side[dir];

	(void)c;
	if (i)
		return false;
	switch (b) {
	case BUFFER_SSH_PROTO:
		return give(&s->proto, out);
	case BUFFER_SSH_SOFTWARE:
		return give(&s->software, out);
	case BUFFER_SSH_HASSH:
	case BUFFER_SSH_HASSH_SERVER:
		out->data = bytes_of(s->hassh, SSH_HASSH_LEN);
		return s->has_hassh;
	case BUFFER_SSH_HASSH_STRING:
	case BUFFER_SSH_HASSH_SERVER_STRING:
		return s->has_hassh && give(&s->lists, out);
	default:
		return false;
	}
}

static const char *ssh_why_not(struct app_ctx *c, const struct app_tx *tx, enum buffer b,
			       unsigned dir)
{
	const struct ssh_side *s = &((const struct ssh_tx *)tx)->side[dir];

	(void)c;
	if (b == BUFFER_SSH_PROTO || b == BUFFER_SSH_SOFTWARE || !s->proto.len)
		return "no identification line was seen from this side";
	return "no key exchange was seen from this side";
}

static const char *const request_steps[] = { "request_in_progress", "request_banner_done",
					     "request_banner_done", "request_finished", NULL };
static const char *const response_steps[] = { "response_in_progress", "response_banner_done",
					      "response_banner_done", "response_finished", NULL };

const struct app_protocol app_ssh = {
	.proto = APP_PROTO_SSH,
	.transports = APP_TCP,
	.one_transaction = true,
	.state_bytes = sizeof(struct ssh_flow),
	.tx_bytes = sizeof(struct ssh_tx),
	.done = { SSH_FINISHED, SSH_FINISHED },
	.steps = { request_steps, response_steps },
	.open = ssh_open,
	.data = ssh_data,
	.buffer = ssh_buffer,
	.why_not = ssh_why_not,
};
