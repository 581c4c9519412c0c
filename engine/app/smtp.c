/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands wait in a small ring for their replies, for a client may send several at once (RFC 2920).  After DATA the
 * client's bytes are a message, unless the server has refused it by then; after BDAT so many as it said.
 */
#include "engine/app/smtp.h"

#include "engine/app/engine.h"
#include "engine/app/frame.h"
#include "engine/base/ascii.h"
#include "engine/proto/line.h"

#define COMMANDS_MAX 64u
#define REPLY_OK 250

enum smtp_mode { MODE_COMMAND, MODE_DATA_ASKED, MODE_DATA, MODE_BDAT };

struct smtp_flow {
	struct line_reader line[2];
	uint8_t mode; /* enum smtp_mode: what the client's next bytes are */
	bool greeted; /* the first reply was seen */
	bool pipelining; /* the server offers it */
	bool in_reply;
	bool line_start; /* of the message: a dot here means something */
	uint32_t bdat_left;
	bool bdat_last;
	uint32_t frame; /* of the message; 0: none */
	struct app_text tail; /* of a chunk that ended within a line */
	uint8_t first, count; /* of waiting */
	struct {
		uint8_t verb; /* enum smtp_verb, or SMTP_MESSAGE */
		uint32_t mail; /* number of the mail that it belongs to, from 1; 0: none */
	} waiting[COMMANDS_MAX];
	bool has_helo;
	struct app_text helo;
	struct smtp_tx *mail; /* the transaction under way; NULL: none */
};

void smtp_options_stock(struct smtp_options *o)
{
	*o = (struct smtp_options){
		.decode_mime = true,
		.mime = { .value_max = 2000 },
		.schemes = { "http" },
	};
}

static struct bytes text_bytes(const struct app_text *t)
{
	return bytes_of(t->data, t->len);
}

static void smtp_open(struct app_ctx *c)
{
	struct smtp_flow *f = c->app->state;

	f->line[0].limit = f->line[1].limit = SMTP_LINE_MAX;
}

/* --- the transaction ------------------------------------------------------------------------- */

static struct bytes keep(struct app_ctx *c, struct smtp_tx *t, struct bytes b)
{
	uint8_t *copy = app_alloc(c, &t->tx, b.len + 1);

	if (!copy)
		return bytes_of(NULL, 0);
	if (b.len)
		memcpy(copy, b.data, b.len);
	return bytes_of(copy, b.len);
}

static struct smtp_tx *mail(struct app_ctx *c)
{
	struct smtp_flow *f = c->app->state;

	if (f->mail)
		return f->mail;
	f->mail = (struct smtp_tx *)app_tx_new(c);
	if (f->mail)
		f->mail->tx.quiet = 1 << 1;
	if (f->mail && f->has_helo) {
		f->mail->has_helo = true;
		f->mail->helo = keep(c, f->mail, text_bytes(&f->helo));
	}
	return f->mail;
}

static void event(struct app_ctx *c, enum app_event e)
{
	struct smtp_tx *t = mail(c);

	if (t)
		app_tx_event(c, &t->tx, e);
}

/* Of a reply: it begins no mail. */
static void reply_event(struct app_ctx *c, enum app_event e)
{
	struct smtp_flow *f = c->app->state;
	struct app_tx *tx = f->mail ? &f->mail->tx : c->app->last;

	if (tx)
		app_tx_event(c, tx, e);
}

/* Nothing more belongs to it. */
static void complete(struct app_ctx *c, struct smtp_tx *t)
{
	struct smtp_flow *f = c->app->state;

	if (!t)
		return;
	if (f->mail == t)
		f->mail = NULL;
	app_tx_progress(c, &t->tx, 0, SMTP_DONE);
	app_tx_progress(c, &t->tx, 1, SMTP_DONE);
	app_trigger(c, 0);
	app_trigger(c, 1);
}

/* The mail of this number (from 1), where it still waits for a reply. */
static struct smtp_tx *mail_at(struct app_ctx *c, uint32_t number)
{
	struct app_tx *tx = app_tx_first(c);

	while (tx && (uint32_t)tx->id + 1 != number)
		tx = tx->next;
	return tx && !(tx->flags & APP_TX_DONE << 1) ? (struct smtp_tx *)tx : NULL;
}

static void list_add(struct app_ctx *c, struct smtp_tx *t, struct smtp_list *l, struct bytes b,
		     unsigned most)
{
	struct smtp_text *n;

	if (l->count >= most)
		return;
	n = app_alloc(c, &t->tx, sizeof(*n) + b.len);
	if (!n)
		return;
	if (b.len)
		memcpy(n + 1, b.data, b.len);
	n->text = bytes_of(n + 1, b.len);
	if (l->last)
		l->last->next = n;
	else
		l->first = n;
	l->last = n;
	l->count++;
	t->tx.news++;
}

/* What the reply to a message as a whole waits as. */
#define SMTP_MESSAGE SMTP_VERB__COUNT

static void wait_for_reply(struct app_ctx *c, unsigned verb)
{
	struct smtp_flow *f = c->app->state;
	unsigned at;

	if (f->count == COMMANDS_MAX) {
		/* Nobody answers: the oldest is not waited for any longer. */
		f->first = (uint8_t)((f->first + 1) % COMMANDS_MAX);
		f->count--;
	}
	at = (f->first + f->count++) % COMMANDS_MAX;
	f->waiting[at].verb = (uint8_t)verb;
	f->waiting[at].mail = f->mail ? (uint32_t)f->mail->tx.id + 1 : 0;
}

/* --- the message -------------------------------------------------------------------------------- */

static const enum app_event mime_event[MIME_ODD__COUNT] = {
	[MIME_LONG_LINE] = APP_EVENT_SMTP_MIME_LONG_LINE,
	[MIME_LONG_ENCODED_LINE] = APP_EVENT_SMTP_MIME_LONG_ENC_LINE,
	[MIME_LONG_HEADER_NAME] = APP_EVENT_SMTP_MIME_LONG_HEADER_NAME,
	[MIME_LONG_HEADER_VALUE] = APP_EVENT_SMTP_MIME_LONG_HEADER_VALUE,
	[MIME_LONG_BOUNDARY] = APP_EVENT_SMTP_MIME_LONG_BOUNDARY,
	[MIME_LONG_FILENAME] = APP_EVENT_SMTP_MIME_LONG_FILENAME,
	[MIME_INVALID_BASE64] = APP_EVENT_SMTP_MIME_INVALID_BASE64,
	[MIME_INVALID_QUOTED_PRINTABLE] = APP_EVENT_SMTP_MIME_INVALID_QP,
	[MIME_MALFORMED] = APP_EVENT_SMTP_MIME_MALFORMED_MSG,
	[MIME_TOO_DEEP] = APP_EVENT_SMTP_MIME_MALFORMED_MSG,
};

static void begin_message(struct app_ctx *c, struct smtp_tx *t)
{
	const struct smtp_options *opt = c->engine->opt.smtp;

	app_tx_progress(c, &t->tx, 0, SMTP_MESSAGE_BEGUN);
	if (opt->raw && !t->file)
		t->file = file_open(c, &t->tx, 0, bytes_of("rawmsg", 6));
	if (!opt->decode_mime || t->mime)
		return;
	t->mime = app_alloc(c, &t->tx, sizeof(*t->mime));
	if (opt->schemes[0])
		t->url = app_alloc(c, &t->tx, sizeof(*t->url));
	if (!t->mime)
		return;
	mime_init(t->mime, &opt->mime);
	if (opt->body_md5)
		t->md5 = app_alloc(c, &t->tx, sizeof(*t->md5));
	if (t->md5)
		digest_md5_init(t->md5);
	if (t->url)
		mime_url_init(t->url, opt->schemes);
	t->has_message = true;
}

static void add_field(struct app_ctx *c, struct smtp_tx *t, const struct mime_event *e)
{
	struct smtp_field *n;

	if (e->nested || t->fields >= SMTP_FIELDS_MAX)
		return;
	n = app_alloc(c, &t->tx, sizeof(*n));
	if (!n)
		return;
	n->name = keep(c, t, e->name);
	n->value = keep(c, t, e->value);
	if (t->last)
		t->last->next = n;
	else
		t->first = n;
	t->last = n;
	t->fields++;
	t->tx.news++;
}

/* The one found last stands first. */
static void add_url(struct app_ctx *c, struct smtp_tx *t, struct bytes url, unsigned scheme_len)
{
	struct smtp_text *last = t->urls.last;

	if (!c->engine->opt.smtp->log_scheme)
		url = bytes_slice(url, scheme_len, url.len);
	list_add(c, t, &t->urls, url, SMTP_URLS_MAX);
	if (!last || t->urls.last == last)
		return;
	t->urls.last->next = t->urls.first;
	t->urls.first = t->urls.last;
	last->next = NULL;
	t->urls.last = last;
}

static void begin_part(struct app_ctx *c, struct smtp_tx *t, const struct mime_event *e)
{
	/* What is attached may be a text, or a page. */
	t->in_text = e->is_text || e->filename.len;
	if (!e->filename.len)
		return;
	list_add(c, t, &t->attachments, e->filename, SMTP_ATTACHMENTS_MAX);
	t->file = file_open(c, &t->tx, 0, e->filename);
}

static void end_part(struct app_ctx *c, struct smtp_tx *t, bool truncated)
{
	struct bytes url;
	unsigned scheme;

	if (t->file)
		file_close(c, &t->tx, t->file, truncated);
	t->file = NULL;
	if (t->in_text && t->url && mime_url_last(t->url, &url, &scheme))
		add_url(c, t, url, scheme);
	t->in_text = false;
}

static void part_data(struct app_ctx *c, struct smtp_tx *t, struct bytes piece)
{
	struct bytes url, rest = piece;
	unsigned scheme;

	if (t->file)
		file_append(c, &t->tx, t->file, piece);
	if (!t->in_text || !t->url)
		return;
	while (mime_url_next(t->url, &rest, &url, &scheme))
		add_url(c, t, url, scheme);
}

static void take_mime(struct app_ctx *c, struct smtp_tx *t, const struct mime_event *e)
{
	switch (e->kind) {
	case MIME_HEADER:
		add_field(c, t, e);
		break;
	case MIME_PART:
		begin_part(c, t, e);
		break;
	case MIME_DATA:
		part_data(c, t, e->piece);
		break;
	case MIME_PART_END:
		end_part(c, t, false);
		break;
	case MIME_ODDITY:
		app_tx_event(c, &t->tx, mime_event[e->odd]);
		break;
	case MIME_HEADERS_END:
	case MIME_MORE:
		break;
	}
}

/* Returns how many bytes the message has taken. */
static size_t feed(struct app_ctx *c, struct smtp_tx *t, struct bytes in, enum mime_end end)
{
	struct mime_event e;
	size_t at = 0, n;

	if (!t || !t->mime) {
		if (t && t->file)
			file_append(c, &t->tx, t->file, in);
		return in.len;
	}
	do {
		mime_next(t->mime, bytes_slice(in, at, in.len), end, &e, &n);
		if (t->md5 && t->in_body && n)
			digest_md5_add(t->md5, bytes_slice(in, at, at + n));
		t->in_body |= e.kind == MIME_HEADERS_END;
		at += n;
		take_mime(c, t, &e);
	} while (e.kind != MIME_MORE);
	return at;
}

static void end_message(struct app_ctx *c)
{
	struct smtp_flow *f = c->app->state;
	struct smtp_tx *t = f->mail;

	if (f->tail.len)
		feed(c, t, text_bytes(&f->tail), MIME_CUT);
	f->tail.len = 0;
	feed(c, t, bytes_of(NULL, 0), MIME_LAST);
	if (f->mode == MODE_DATA)
		wait_for_reply(c, SMTP_MESSAGE);
	f->mode = MODE_COMMAND;
	f->line[0].looked = 0;
	if (!t)
		return;
	if (!t->mime)
		end_part(c, t, false);
	if (t->md5 && t->in_body) {
		digest_md5_final(t->md5, t->body_md5);
		t->has_body_md5 = true;
	}
	/* Its reply completes it; what the client sends before that begins another. */
	t->ended = true;
	app_tx_progress(c, &t->tx, 0, SMTP_DONE);
	app_trigger(c, 0);
}

static bool is_end(struct bytes line)
{
	return (line.len == 2 && line.data[0] == '.') ||
	       (line.len == 3 && line.data[0] == '.' && line.data[1] == '\r');
}

/*
 * Lines of a message, up to the one that is a dot alone (RFC 5321, section 4.5.2).  A long line is handed on in
 * pieces.  False: more is needed.
 */
static bool message_line(struct app_ctx *c, struct bytes in, size_t *consumed)
{
	struct smtp_flow *f = c->app->state;
	struct line_reader *r = &f->line[0];
	const uint8_t *lf =
		r->looked < in.len ? memchr(in.data + r->looked, '\n', in.len - r->looked) : NULL;
	size_t len = lf ? (size_t)(lf - in.data) + 1 : in.len, dot;

	if (!lf && in.len < SMTP_LINE_MAX) {
		r->looked = (uint32_t)in.len;
		return false;
	}
	r->looked = 0;
	*consumed = len;
	if (lf && f->line_start && is_end(bytes_slice(in, 0, len))) {
		end_message(c);
		return true;
	}
	/* What is kept as it was sent keeps its dots. */
	dot = f->line_start && in.data[0] == '.' && f->mail && f->mail->mime ? 1 : 0;
	*consumed = dot +
		    feed(c, f->mail, bytes_slice(in, dot, len - dot), lf ? MIME_GOES_ON : MIME_CUT);
	f->line_start = lf != NULL;
	return true;
}

/* The line that the chunk before left unfinished, with its next bytes.  Returns how many of them it has taken. */
static size_t finish_line(struct app_ctx *c, struct bytes piece)
{
	struct smtp_flow *f = c->app->state;
	const uint8_t *lf = piece.len ? memchr(piece.data, '\n', piece.len) : NULL;
	size_t len = lf ? (size_t)(lf - piece.data) + 1 : piece.len;
	bool fits;

	if (len > SMTP_LINE_MAX - f->tail.len) {
		len = SMTP_LINE_MAX - f->tail.len;
		lf = NULL;
	}
	fits = app_text_add(c, NULL, &f->tail, bytes_slice(piece, 0, len), SMTP_LINE_MAX);
	if (!lf && fits && f->tail.len < SMTP_LINE_MAX)
		return len;
	feed(c, f->mail, text_bytes(&f->tail), lf ? MIME_GOES_ON : MIME_CUT);
	f->tail.len = 0;
	return len;
}

/* So many bytes as BDAT said, which may end within a line (RFC 3030, section 2).  False: more is needed. */
static bool chunk(struct app_ctx *c, struct bytes in, size_t *consumed)
{
	struct smtp_flow *f = c->app->state;
	size_t len = in.len < f->bdat_left ? in.len : f->bdat_left;
	struct bytes piece = bytes_slice(in, 0, len);

	if (!len && f->bdat_left)
		return false;
	*consumed = f->tail.len ? finish_line(c, piece) : feed(c, f->mail, piece, MIME_GOES_ON);
	if (*consumed < len && len == f->bdat_left && !f->tail.len)
		*consumed += finish_line(c, bytes_slice(piece, *consumed, len));
	f->bdat_left -= (uint32_t)*consumed;
	if (f->bdat_left)
		return *consumed > 0;
	if (f->bdat_last)
		end_message(c);
	f->mode = MODE_COMMAND;
	return true;
}

/* --- commands ------------------------------------------------------------------------------------ */

static void take_helo(struct app_ctx *c, struct smtp_tx *t, struct bytes name)
{
	struct smtp_flow *f = c->app->state;

	if (f->has_helo) {
		event(c, APP_EVENT_SMTP_DUPLICATE_FIELDS);
		return;
	}
	f->has_helo = true;
	f->helo.len = 0;
	app_text_add(c, NULL, &f->helo, name, SMTP_LINE_MAX);
	if (t) {
		t->has_helo = true;
		t->helo = keep(c, t, name);
	}
}

static void take_bdat(struct app_ctx *c, struct smtp_tx *t, struct bytes argument)
{
	struct smtp_flow *f = c->app->state;

	if (!smtp_bdat_read(argument, &f->bdat_left, &f->bdat_last)) {
		event(c, APP_EVENT_SMTP_INVALID_BDAT);
		f->bdat_left = 0;
		return;
	}
	if (t)
		begin_message(c, t);
	f->mode = MODE_BDAT;
}

static void act(struct app_ctx *c, const struct smtp_command *cmd)
{
	struct smtp_flow *f = c->app->state;
	struct smtp_tx *t = mail(c);
	struct bytes path;

	switch (cmd->verb) {
	case SMTP_HELO:
	case SMTP_EHLO:
		take_helo(c, t, cmd->argument);
		break;
	case SMTP_MAIL:
		if (!smtp_path_read(cmd->argument, "FROM", &path))
			break;
		if (t && t->mail_from.data)
			app_tx_event(c, &t->tx, APP_EVENT_SMTP_DUPLICATE_FIELDS);
		else if (t) {
			t->mail_from = keep(c, t, path);
			t->tx.news++;
		}
		break;
	case SMTP_RCPT:
		if (t && smtp_path_read(cmd->argument, "TO", &path))
			list_add(c, t, &t->recipients, path, SMTP_RECIPIENTS_MAX);
		break;
	case SMTP_DATA:
		f->mode = MODE_DATA_ASKED;
		f->line_start = true;
		if (!t)
			break;
		t->has_message |= c->engine->opt.smtp->decode_mime;
		app_tx_progress(c, &t->tx, 0, SMTP_MESSAGE_BEGUN);
		break;
	case SMTP_BDAT:
		take_bdat(c, t, cmd->argument);
		break;
	default:
		break;
	}
}

/*
 * RFC 2920, section 3.1 has more that end a group.  Behind these two the client may not go on: what it says means
 * something else once they are accepted.
 */
static bool ends_group(enum smtp_verb v)
{
	return v == SMTP_STARTTLS || v == SMTP_DATA;
}

static void check_group(struct app_ctx *c)
{
	const struct smtp_flow *f = c->app->state;
	enum smtp_verb before;

	if (!f->count)
		return;
	before = f->waiting[(f->first + f->count - 1u) % COMMANDS_MAX].verb;
	if (ends_group(before))
		event(c, APP_EVENT_SMTP_INVALID_PIPELINED_SEQUENCE);
}

static void take_command(struct app_ctx *c, struct bytes line, bool too_long)
{
	struct smtp_flow *f = c->app->state;
	struct smtp_command cmd;

	if (too_long)
		event(c, APP_EVENT_SMTP_TRUNCATED_LINE);
	if (!smtp_command_read(line, &cmd))
		return;
	/* What follows a mail and begins none belongs to it. */
	if (c->app->transactions && (!f->mail || f->mail->ended) &&
	    (cmd.verb == SMTP_QUIT || cmd.verb == SMTP_RSET || cmd.verb == SMTP_NOOP)) {
		wait_for_reply(c, cmd.verb);
		return;
	}
	if (f->mail && f->mail->ended)
		f->mail = NULL;
	/* Its reply is of the mail that it begins. */
	(void)mail(c);
	if (!f->greeted)
		event(c, APP_EVENT_SMTP_NO_SERVER_WELCOME_MESSAGE);
	check_group(c);
	wait_for_reply(c, cmd.verb);
	act(c, &cmd);
}

/* --- replies -------------------------------------------------------------------------------------- */

static bool is_known_code(unsigned code)
{
	/* RFC 5321, section 4.2.3; RFC 4954, section 6; RFC 7504; and what servers are known to say. */
	static const uint16_t codes[] = {
		211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 401, 402, 421,
		435, 450, 451, 452, 454, 455, 500, 501, 502, 503, 504, 511, 521,
		522, 525, 530, 534, 535, 541, 543, 550, 551, 552, 553, 554, 555,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

/* The last line of a reply to this command. */
static enum app_verdict answered(struct app_ctx *c, unsigned verb, uint32_t number, unsigned code)
{
	struct smtp_flow *f = c->app->state;
	struct smtp_tx *t = mail_at(c, number);

	switch (verb) {
	case SMTP_STARTTLS:
		if (code == 220)
			return APP_CHANGE;
		reply_event(c, APP_EVENT_SMTP_TLS_REJECTED);
		return APP_OK;
	case SMTP_RSET:
		if (code == REPLY_OK)
			complete(c, t);
		return APP_OK;
	case SMTP_QUIT:
		complete(c, t);
		return APP_OK;
	case SMTP_BDAT:
		if (t && t->ended)
			complete(c, t);
		return APP_OK;
	case SMTP_MESSAGE:
		complete(c, t);
		return APP_OK;
	case SMTP_DATA:
		if (code == 354) {
			if (f->mode == MODE_DATA_ASKED) {
				f->mode = MODE_DATA;
				if (f->mail)
					begin_message(c, f->mail);
				if (f->mail)
					app_tx_progress(c, &f->mail->tx, 1, SMTP_MESSAGE_BEGUN);
			}
		} else {
			if (f->mode == MODE_DATA_ASKED)
				f->mode = MODE_COMMAND;
			reply_event(c, APP_EVENT_SMTP_DATA_COMMAND_REJECTED);
		}
		return APP_OK;
	default:
		return APP_OK;
	}
}

/* APP_CHANGE: TLS begins behind it.  APP_ERROR: this is no reply, and what follows cannot be trusted. */
static enum app_verdict take_reply(struct app_ctx *c, struct bytes line, bool too_long)
{
	struct smtp_flow *f = c->app->state;
	struct smtp_reply r;
	bool greeting = !f->greeted;
	struct app_tx *of = f->mail ? &f->mail->tx : c->app->last;
	uint32_t number;
	unsigned verb;

	if (of)
		of->quiet = 0;

	if (too_long)
		reply_event(c, APP_EVENT_SMTP_TRUNCATED_LINE);
	smtp_reply_read(line, &r);
	if (!is_known_code(r.code)) {
		reply_event(c, APP_EVENT_SMTP_INVALID_REPLY);
		return APP_ERROR;
	}
	verb = f->count ? f->waiting[f->first].verb : SMTP_OTHER;
	number = f->count ? f->waiting[f->first].mail : 0;
	if (verb == SMTP_EHLO && r.code == REPLY_OK && r.text.len >= 10 &&
	    memcmp(r.text.data, "PIPELINING", 10) == 0)
		f->pipelining = true;
	if (r.more)
		return APP_OK;
	f->greeted = true;
	if (greeting && r.code == 220)
		return APP_OK;
	if (greeting)
		reply_event(c, APP_EVENT_SMTP_NO_SERVER_WELCOME_MESSAGE);
	/* What nobody asked for ("421 time-out") answers nothing. */
	if (!f->count)
		return APP_OK;
	f->first = (uint8_t)((f->first + 1) % COMMANDS_MAX);
	f->count--;
	return answered(c, verb, number, r.code);
}

/* --- bytes ------------------------------------------------------------------------------------------ */

/* A line of a message, within the frame of all of it. */
static bool message_step(struct app_ctx *c, struct bytes in, size_t *consumed)
{
	struct smtp_flow *f = c->app->state;
	bool more;

	if (!f->frame)
		f->frame = app_frame_begin(c, 0, FRAME_SMTP_DATA, c->offset, FRAME_LEN_UNKNOWN,
					   f->mail ? &f->mail->tx : NULL);
	more = message_line(c, in, consumed);
	if (f->mode != MODE_DATA) {
		app_frame_end(c, 0, f->frame, c->offset + *consumed);
		f->frame = 0;
	}
	return more;
}

/* One command or one line of a message.  False: more is needed. */
static bool client_step(struct app_ctx *c, struct bytes in, bool last, size_t *consumed)
{
	struct smtp_flow *f = c->app->state;
	struct bytes line;
	enum line_kind kind;
	uint32_t frame;

	if (f->mode == MODE_DATA_ASKED && in.len) {
		/* The server has not spoken, or nobody heard it: the client goes on with its message. */
		event(c, APP_EVENT_SMTP_INVALID_PIPELINED_SEQUENCE);
		f->mode = MODE_DATA;
		if (mail(c))
			begin_message(c, f->mail);
	}
	if (f->mode == MODE_DATA)
		return in.len && message_step(c, in, consumed);
	if (f->mode == MODE_BDAT)
		return chunk(c, in, consumed);
	kind = line_next(&f->line[0], in, last, &line, consumed);
	if (kind != LINE_WHOLE && kind != LINE_LONG)
		return kind != LINE_MORE;
	/* With its end, and without, as Suricata has it: rules are written for either. */
	app_frame_begin(c, 0, FRAME_SMTP_COMMAND_LINE, c->offset, (int64_t)*consumed, NULL);
	frame = app_frame_begin(c, 0, FRAME_SMTP_COMMAND_LINE, c->offset, (int64_t)line.len, NULL);
	take_command(c, line, kind == LINE_LONG);
	if (f->mail && !f->mail->ended)
		app_frame_is_of(c, 0, frame, &f->mail->tx);
	return true;
}

static bool server_step(struct app_ctx *c, struct bytes in, bool last, size_t *consumed,
			enum app_verdict *verdict)
{
	struct smtp_flow *f = c->app->state;
	struct bytes line;
	enum line_kind kind = line_next(&f->line[1], in, last, &line, consumed);

	if (kind == LINE_WHOLE || kind == LINE_LONG) {
		app_frame_begin(c, 1, FRAME_SMTP_RESPONSE_LINE, c->offset, (int64_t)*consumed,
				f->mail ? &f->mail->tx : NULL);
		*verdict = take_reply(c, line, kind == LINE_LONG);
	}
	return kind != LINE_MORE && *verdict == APP_OK;
}

/* The session ends in the middle of a message. */
static void cut_short(struct app_ctx *c)
{
	struct smtp_flow *f = c->app->state;
	struct smtp_tx *t = f->mail;

	if (!t || (f->mode != MODE_DATA && f->mode != MODE_BDAT))
		return;
	end_part(c, t, true);
}

static enum app_verdict smtp_data(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				  size_t *consumed)
{
	enum app_verdict verdict = APP_OK;
	uint64_t offset = c->offset;
	bool more;

	do {
		struct bytes rest = bytes_slice(in, *consumed, in.len);
		size_t n = 0;

		c->offset = offset + *consumed;

		more = dir == 0 ? client_step(c, rest, last, &n)
				: server_step(c, rest, last, &n, &verdict);
		*consumed += n;
	} while (more);
	if (dir == 0 && last)
		cut_short(c);
	if (verdict != APP_CHANGE || app_expect(c, APP_PROTO_TLS, 443))
		return verdict;
	reply_event(c, APP_EVENT_SMTP_FAILED_PROTOCOL_CHANGE);
	return APP_OK;
}

/* A message goes on behind a gap; commands and replies begin with the next line. */
static enum app_verdict smtp_gap(struct app_ctx *c, unsigned dir, uint64_t len)
{
	struct smtp_flow *f = c->app->state;
	struct smtp_tx *t = f->mail;

	if (dir == 0 && f->mode == MODE_BDAT) {
		f->bdat_left = len < f->bdat_left ? f->bdat_left - (uint32_t)len : 0;
	} else {
		f->line[dir] =
			(struct line_reader){ .limit = SMTP_LINE_MAX,
					      .skipping = dir == 1 || f->mode == MODE_COMMAND };
		f->line_start = false;
	}
	if (dir == 0 && t && t->file)
		file_gap(c, &t->tx, t->file, len);
	return APP_OK;
}

/* --- buffers --------------------------------------------------------------------------------------- */

static bool is_named(struct bytes b, const char *name)
{
	size_t i = 0;

	for (; i < b.len && name[i]; i++) {
		if (ascii_lower(b.data[i]) != (uint8_t)name[i])
			return false;
	}
	return i == b.len && !name[i];
}

bool smtp_field(const struct smtp_tx *t, const char *name, unsigned i, struct bytes *out)
{
	for (const struct smtp_field *n = t->first; n; n = n->next) {
		if (!is_named(n->name, name) || i-- > 0)
			continue;
		*out = n->value;
		return true;
	}
	return false;
}

static bool give(struct bytes b, struct app_slice *out)
{
	out->data = b;
	return b.len > 0;
}

static bool give_nth(const struct smtp_list *l, unsigned i, struct app_slice *out)
{
	const struct smtp_text *n = l->first;

	while (n && i-- > 0)
		n = n->next;
	return n && give(n->text, out);
}

static const char *field_of(enum buffer b)
{
	switch (b) {
	case BUFFER_EMAIL_FROM:
		return "from";
	case BUFFER_EMAIL_TO:
		return "to";
	case BUFFER_EMAIL_CC:
		return "cc";
	case BUFFER_EMAIL_SUBJECT:
		return "subject";
	case BUFFER_EMAIL_DATE:
		return "date";
	case BUFFER_EMAIL_MESSAGE_ID:
		return "message-id";
	case BUFFER_EMAIL_X_MAILER:
		return "x-mailer";
	case BUFFER_EMAIL_RECEIVED:
		return "received";
	default:
		return NULL;
	}
}

static bool smtp_buffer(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir,
			unsigned i, struct app_slice *out)
{
	const struct smtp_tx *t = (const struct smtp_tx *)tx;
	const char *field = field_of(b);

	(void)c;
	if (dir)
		return false;
	if (field)
		return (b == BUFFER_EMAIL_RECEIVED || !i) && smtp_field(t, field, i, &out->data);
	switch (b) {
	case BUFFER_SMTP_HELO:
		return !i && give(t->helo, out);
	case BUFFER_SMTP_MAIL_FROM:
		return !i && give(t->mail_from, out);
	case BUFFER_SMTP_RCPT_TO:
		return give_nth(&t->recipients, i, out);
	case BUFFER_EMAIL_URL:
		return give_nth(&t->urls, i, out);
	default:
		return false;
	}
}

static const char *smtp_why_not(struct app_ctx *c, const struct app_tx *tx, enum buffer b,
				unsigned dir)
{
	const struct smtp_tx *t = (const struct smtp_tx *)tx;

	(void)c;
	if (dir)
		return "it is of the client's direction";
	if (field_of(b) || b == BUFFER_EMAIL_URL)
		return t->has_message ? "the message has none" : "the session has no message";
	return "the client did not send it";
}

static const char *const request_steps[] = { "request_started", "request_data", "request_complete",
					     NULL };
static const char *const response_steps[] = { "response_started", "response_data",
					      "response_complete", NULL };

const struct app_protocol app_smtp = {
	.proto = APP_PROTO_SMTP,
	.transports = APP_TCP,
	.state_bytes = sizeof(struct smtp_flow),
	.tx_bytes = sizeof(struct smtp_tx),
	.done = { SMTP_DONE, SMTP_DONE },
	.steps = { request_steps, response_steps },
	.open = smtp_open,
	.data = smtp_data,
	.gap = smtp_gap,
	.buffer = smtp_buffer,
	.why_not = smtp_why_not,
};
