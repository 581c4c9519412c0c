/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reply belongs to the oldest command that waits for one.  A reply of the kind 1xx says that another will come;
 * one that no command waits for (the greeting) is a transaction of its own.
 */
#include "engine/app/ftp.h"

#include "engine/app/engine.h"
#include "engine/app/expect.h"
#include "engine/proto/line.h"

struct ftp_flow {
	struct line_reader line[2];
	uint16_t port; /* of the next data connection, 0: not agreed on */
	bool active;
	bool in_reply; /* "220-": the lines up to "220 " belong to it */
};
static_assert(sizeof(struct ftp_flow) <= APP_FLOW_SMALL_BYTES, "no memory of its own");

static const char *const verb_names[FTP_VERB__COUNT] = {
	[FTP_OTHER] = "",    [FTP_PORT] = "PORT", [FTP_EPRT] = "EPRT", [FTP_PASV] = "PASV",
	[FTP_EPSV] = "EPSV", [FTP_RETR] = "RETR", [FTP_STOR] = "STOR", [FTP_STOU] = "STOU",
	[FTP_APPE] = "APPE", [FTP_LIST] = "LIST", [FTP_NLST] = "NLST", [FTP_MLSD] = "MLSD",
	[FTP_AUTH] = "AUTH", [FTP_USER] = "USER", [FTP_QUIT] = "QUIT",
};

const char *ftp_verb_name(enum ftp_verb v)
{
	return verb_names[v];
}

static uint32_t line_max(const struct app_ctx *c)
{
	uint32_t most = c->engine->opt.ftp_line_max;

	return most ? most : FTP_LINE_MAX;
}

static void ftp_open(struct app_ctx *c)
{
	struct ftp_flow *f = c->app->state;

	f->line[0].limit = f->line[1].limit = line_max(c);
}

/* --- commands ------------------------------------------------------------------------------------ */

static bool serves_data(enum ftp_verb v)
{
	return v >= FTP_RETR && v <= FTP_MLSD;
}

static bool wants_name(enum ftp_verb v)
{
	return v == FTP_RETR || v == FTP_STOR || v == FTP_APPE;
}

static void name_file(struct expectation *x, struct bytes name)
{
	x->name_len = (uint8_t)(name.len < EXPECT_NAME_MAX ? name.len : EXPECT_NAME_MAX);
	if (x->name_len)
		memcpy(x->name, name.data, x->name_len);
}

static void announce(struct app_ctx *c, struct ftp_tx *t)
{
	struct ftp_flow *f = c->app->state;
	struct expectation x = { .proto = APP_PROTO_FTP_DATA, .verb = (uint8_t)t->command.verb };

	if (!serves_data(t->command.verb))
		return;
	if (wants_name(t->command.verb) && !t->command.argument.len)
		app_tx_event(c, &t->tx, APP_EVENT_FTP_FILE_WITHOUT_NAME);
	else if (!f->port)
		app_tx_event(c, &t->tx, APP_EVENT_FTP_FILE_BEFORE_PORT);
	if (!f->port)
		return;
	x.parent = flow_id(c->engine->flows, c->flow);
	/* The server chooses the name of what STOU stores. */
	name_file(&x, t->command.verb == FTP_STOU && !t->command.argument.len
			      ? bytes_of("<stou>", 6)
			      : t->command.argument);
	expect_add(c->engine->expected, c->flow, f->port, &x, c->now_ns);
	f->port = 0;
}

static void take_endpoint(struct app_ctx *c, struct ftp_tx *t, bool ok,
			  const struct ftp_endpoint *e, bool active)
{
	struct ftp_flow *f = c->app->state;

	if (!ok || !e->port)
		return;
	t->dynamic_port = f->port = e->port;
	t->active = f->active = active;
	t->bounce = active && (e->ip_version != c->flow->ip_version ||
			       !ip_addr_equal(&e->address, &c->flow->client));
}

/* False: a limit was reached, and what replies belong to is lost. */
static bool take_command(struct app_ctx *c, struct bytes line, bool truncated)
{
	struct ftp_endpoint e;
	struct ftp_tx *t;

	if (!ftp_command_read(line, &(struct ftp_command){ .verb = FTP_OTHER }))
		return true;
	t = (struct ftp_tx *)app_tx_new(c);
	if (!t) {
		if (c->app->last)
			app_tx_event(c, c->app->last, APP_EVENT_FTP_TOO_MANY_TRANSACTIONS);
		return false;
	}
	app_text_add(c, &t->tx, &t->line, line, line_max(c));
	(void)ftp_command_read(bytes_of(t->line.data, t->line.len), &t->command);
	t->command_truncated = truncated;
	t->tx.quiet = 1 << 1;
	if (truncated)
		app_tx_event(c, &t->tx, APP_EVENT_FTP_REQUEST_COMMAND_TOO_LONG);
	if (t->command.verb == FTP_PORT)
		take_endpoint(c, t, ftp_port_read(t->command.argument, &e), &e, true);
	else if (t->command.verb == FTP_EPRT)
		take_endpoint(c, t, ftp_eprt_read(t->command.argument, &e), &e, true);
	announce(c, t);
	app_tx_progress(c, &t->tx, 0, FTP_DONE);
	app_trigger(c, 0);
	return true;
}

/* --- replies ------------------------------------------------------------------------------------- */

static struct ftp_tx *waiting(struct app_ctx *c)
{
	struct app_tx *tx = app_tx_first(c);

	while (tx && (tx->flags & APP_TX_DONE << 1))
		tx = tx->next;
	if (tx)
		return (struct ftp_tx *)tx;
	tx = app_tx_new(c);
	if (!tx)
		return NULL;
	app_tx_progress(c, tx, 0, FTP_DONE);
	/* Rules are on what was asked and answered: what nobody asked for (the greeting) is in records alone. */
	tx->flags |= APP_TX_INSPECTED | APP_TX_INSPECTED << 1;
	return (struct ftp_tx *)tx;
}

/* A code counts where its reply ends; "220-" is text like what follows it. */
static void keep_reply(struct app_ctx *c, struct ftp_tx *t, const struct ftp_reply *r,
		       struct bytes line)
{
	struct bytes code = r->more ? bytes_slice(line, 0, 0) : r->code;
	struct bytes said = r->more ? line : r->text;
	struct ftp_reply_line *l;
	uint8_t *text;

	if (t->replies++ >= FTP_REPLIES_MAX)
		return;
	l = app_alloc(c, &t->tx, sizeof(*l) + code.len + said.len);
	if (!l)
		return;
	text = (uint8_t *)(l + 1);
	if (code.len)
		memcpy(text, code.data, code.len);
	if (said.len)
		memcpy(text + code.len, said.data, said.len);
	l->code = bytes_of(text, code.len);
	l->text = bytes_of(text + code.len, said.len);
	if (t->last)
		t->last->next = l;
	else
		t->first = l;
	t->last = l;
}

/* True: TLS begins behind this reply. */
static bool take_reply(struct app_ctx *c, struct bytes line, bool truncated)
{
	struct ftp_flow *f = c->app->state;
	struct ftp_tx *t = waiting(c);
	struct ftp_endpoint e;
	struct ftp_reply r;

	if (!t)
		return false;
	ftp_reply_read(line, &r);
	t->tx.quiet = 0;
	keep_reply(c, t, &r, line);
	t->reply_received = true;
	if (truncated) {
		t->reply_truncated = true;
		app_tx_event(c, &t->tx, APP_EVENT_FTP_RESPONSE_COMMAND_TOO_LONG);
	}
	if (r.number == 227 && t->command.verb == FTP_PASV)
		take_endpoint(c, t, ftp_pasv_read(r.text, &e), &e, false);
	else if (r.number == 229 && t->command.verb == FTP_EPSV)
		take_endpoint(c, t, ftp_epsv_read(r.text, &e), &e, false);
	/* A line without a code stands inside a reply, or is one by itself. */
	if (r.number)
		f->in_reply = r.more;
	if (f->in_reply || (r.number >= 100 && r.number < 200))
		return false;
	app_tx_progress(c, &t->tx, 1, FTP_DONE);
	app_trigger(c, 1);
	return r.number == 234 && t->command.verb == FTP_AUTH;
}

static enum app_verdict ftp_data(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				 size_t *consumed)
{
	struct ftp_flow *f = c->app->state;
	enum line_kind kind;

	do {
		struct bytes line;
		bool tls = false;
		size_t n;

		kind = line_next(&f->line[dir], bytes_slice(in, *consumed, in.len), last, &line,
				 &n);
		*consumed += n;
		if (kind != LINE_WHOLE && kind != LINE_LONG)
			continue;
		if (dir == 1)
			tls = take_reply(c, line, kind == LINE_LONG);
		else if (!take_command(c, line, kind == LINE_LONG))
			return APP_ERROR;
		if (tls && app_expect(c, APP_PROTO_TLS, 443))
			return APP_CHANGE;
	} while (kind != LINE_MORE);
	return APP_OK;
}

static enum app_verdict ftp_gap(struct app_ctx *c, unsigned dir, uint64_t len)
{
	struct ftp_flow *f = c->app->state;

	(void)len;
	/* What follows begins in the middle of a line. */
	f->line[dir] = (struct line_reader){ .limit = line_max(c), .skipping = true };
	return APP_OK;
}

/* --- buffers --------------------------------------------------------------------------------------- */

static bool give_reply(const struct ftp_tx *t, bool code, unsigned i, struct app_slice *out)
{
	for (const struct ftp_reply_line *l = t->first; l; l = l->next) {
		if (code && !l->code.len)
			continue;
		if (i-- > 0)
			continue;
		out->data = code ? l->code : l->text;
		return true;
	}
	return false;
}

static bool ftp_buffer(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir,
		       unsigned i, struct app_slice *out)
{
	const struct ftp_tx *t = (const struct ftp_tx *)tx;

	(void)c;
	if (!t->command.name.len)
		return false;
	switch (b) {
	case BUFFER_FTP_COMMAND:
		out->data = t->command.name;
		return dir == 0 && !i && out->data.len;
	case BUFFER_FTP_COMMAND_DATA:
		out->data = t->command.argument;
		return dir == 0 && !i && out->data.len;
	case BUFFER_FTP_REPLY:
		return dir == 1 && give_reply(t, false, i, out);
	case BUFFER_FTP_COMPLETION_CODE:
		return dir == 1 && give_reply(t, true, i, out);
	default:
		return false;
	}
}

static bool ftp_number(struct app_ctx *c, struct app_tx *tx, enum app_number n, unsigned dir,
		       unsigned i, uint64_t *out)
{
	const struct ftp_tx *t = (const struct ftp_tx *)tx;

	(void)c;
	(void)dir;
	if (i || !t->command.name.len)
		return false;
	switch (n) {
	case APP_NUMBER_FTP_DYNAMIC_PORT:
		*out = t->dynamic_port;
		return t->dynamic_port != 0;
	case APP_NUMBER_FTP_MODE:
		*out = t->active;
		return t->dynamic_port != 0;
	case APP_NUMBER_FTP_REPLY_RECEIVED:
		*out = t->reply_received;
		return t->reply_received || (tx->flags & APP_TX_DONE << 1);
	case APP_NUMBER_FTP_BOUNCE:
		*out = t->bounce;
		return t->command.verb == FTP_PORT || t->command.verb == FTP_EPRT;
	default:
		return false;
	}
}

static const char *ftp_why_not(struct app_ctx *c, const struct app_tx *tx, enum buffer b,
			       unsigned dir)
{
	const struct ftp_tx *t = (const struct ftp_tx *)tx;

	(void)c;
	(void)b;
	if (!t->command.name.len)
		return "the reply came without a command";
	return dir == 1 ? "no reply to the command was seen" : "the command has no argument";
}

const struct app_protocol app_ftp = {
	.proto = APP_PROTO_FTP,
	.transports = APP_TCP,
	.state_bytes = sizeof(struct ftp_flow),
	.tx_bytes = sizeof(struct ftp_tx),
	.done = { FTP_DONE, FTP_DONE },
	.open = ftp_open,
	.data = ftp_data,
	.gap = ftp_gap,
	.buffer = ftp_buffer,
	.number = ftp_number,
	.why_not = ftp_why_not,
};

/* --- data connections --------------------------------------------------------------------------------- */

static void data_open(struct app_ctx *c)
{
	struct ftp_data_tx *t = (struct ftp_data_tx *)app_tx_new(c);
	const struct expectation *e = c->app->announced;
	uint8_t *name;

	if (!t || !e)
		return;
	t->verb = (enum ftp_verb)e->verb;
	name = app_alloc(c, &t->tx, e->name_len + 1u);
	if (!name)
		return;
	memcpy(name, e->name, e->name_len);
	t->filename = bytes_of(name, e->name_len);
}

static enum app_verdict data_data(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				  size_t *consumed)
{
	struct ftp_data_tx *t = (struct ftp_data_tx *)app_tx_first(c);

	*consumed = in.len;
	if (!t)
		return APP_FINISHED;
	if (in.len && !t->began) {
		t->began = true;
		t->dir = (uint8_t)dir;
		/* A listing is no file. */
		if (t->filename.len)
			t->file = file_open(c, &t->tx, dir, t->filename);
	}
	if (!t->began || dir != t->dir)
		return APP_OK;
	if (in.len && t->file)
		file_append(c, &t->tx, t->file, in);
	if (!last)
		return APP_OK;
	if (t->file)
		file_close(c, &t->tx, t->file, stream_at_depth(c->engine->streams, c->flow));
	app_tx_progress(c, &t->tx, 0, FTP_DONE);
	app_tx_progress(c, &t->tx, 1, FTP_DONE);
	return APP_OK;
}

static enum app_verdict data_gap(struct app_ctx *c, unsigned dir, uint64_t len)
{
	struct ftp_data_tx *t = (struct ftp_data_tx *)app_tx_first(c);

	(void)dir;
	if (t && t->file)
		file_gap(c, &t->tx, t->file, len);
	return APP_OK;
}

static bool data_number(struct app_ctx *c, struct app_tx *tx, enum app_number n, unsigned dir,
			unsigned i, uint64_t *out)
{
	const struct ftp_data_tx *t = (const struct ftp_data_tx *)tx;

	(void)c;
	(void)dir;
	if (i || n != APP_NUMBER_FTPDATA_COMMAND)
		return false;
	*out = t->verb == FTP_STOR ? 1 : t->verb == FTP_RETR ? 2 : 0;
	return true;
}

const struct app_protocol app_ftp_data = {
	.proto = APP_PROTO_FTP_DATA,
	.transports = APP_TCP,
	.one_transaction = true,
	.tx_bytes = sizeof(struct ftp_data_tx),
	.done = { FTP_DONE, FTP_DONE },
	.open = data_open,
	.data = data_data,
	.gap = data_gap,
	.number = data_number,
};
