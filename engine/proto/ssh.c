/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/ssh.h"

#define RECORD_HEADER 6 /* length, padding length, message */
#define RECORD_MIN 2 /* padding length and message */
#define COOKIE 16
#define MSG_KEXINIT 20
#define MSG_NEWKEYS 21

enum phase {
	PHASE_BANNER,
	PHASE_LONG_BANNER, /* its end is looked for */
	PHASE_RECORD,
	PHASE_SKIP, /* the rest of a record */
	PHASE_COOKIE,
	PHASE_LIST_LEN,
	PHASE_LIST,
	PHASE_FINISHED,
};

void ssh_init(struct ssh_parser *s)
{
	*s = (struct ssh_parser){ .phase = PHASE_BANNER, .line = { .limit = SSH_BANNER_MAX } };
}

bool ssh_finished(const struct ssh_parser *s)
{
	return s->phase == PHASE_FINISHED;
}

static struct bytes until(struct bytes b, uint8_t c)
{
	const uint8_t *at = b.len ? memchr(b.data, c, b.len) : NULL;

	return at ? bytes_slice(b, 0, (size_t)(at - b.data)) : b;
}

/* "SSH-2.0-OpenSSH_9.2p1 Debian-2": the software version ends at the blank before a comment. */
static bool identification(struct bytes line, struct ssh_event *out)
{
	struct bytes rest;

	if (line.len < 4 || memcmp(line.data, "SSH-", 4) != 0)
		return false;
	rest = bytes_slice(line, 4, line.len);
	out->proto = until(rest, '-');
	if (out->proto.len == rest.len)
		return false;
	out->software = until(bytes_slice(rest, out->proto.len + 1, rest.len), ' ');
	out->line = line;
	return true;
}

static void next_banner(struct ssh_parser *s, struct bytes in, struct ssh_event *out,
			size_t *consumed)
{
	struct bytes line;

	switch (line_next(&s->line, in, false, &line, consumed)) {
	case LINE_WHOLE:
		if (identification(line, out)) {
			out->kind = SSH_BANNER;
			s->phase = PHASE_RECORD;
		} else {
			out->kind = SSH_BANNER_INVALID;
			out->line = line;
		}
		return;
	case LINE_LONG:
		out->kind = identification(line, out) ? SSH_BANNER_LONG : SSH_BANNER_INVALID;
		out->line = line;
		s->phase = PHASE_LONG_BANNER;
		return;
	default:
		return;
	}
}

static void next_record(struct ssh_parser *s, struct bytes in, struct ssh_event *out,
			size_t *consumed)
{
	struct cursor c = cursor_of(in);
	uint32_t length = cursor_be32(&c);

	(void)cursor_u8(&c); /* padding length */
	out->message = cursor_u8(&c);
	if (!cursor_ok(&c))
		return;
	*consumed = RECORD_HEADER;
	if (length < RECORD_MIN || length > SSH_PACKET_MAX) {
		out->kind = SSH_RECORD_INVALID;
		s->phase = PHASE_FINISHED;
		return;
	}
	out->kind = SSH_RECORD;
	out->length = length;
	s->left = length - RECORD_MIN;
	s->list = 0;
	if (out->message == MSG_NEWKEYS)
		out->kind = SSH_NEWKEYS;
	s->phase = out->message == MSG_NEWKEYS	 ? PHASE_FINISHED
		   : out->message == MSG_KEXINIT ? PHASE_COOKIE
						 : PHASE_SKIP;
}

/* Up to n bytes of the record. */
static size_t within(const struct ssh_parser *s, struct bytes in, size_t n)
{
	n = n < s->left ? n : s->left;
	return n < in.len ? n : in.len;
}

static void spend(struct ssh_parser *s, size_t n, size_t *consumed)
{
	s->left -= (uint32_t)n;
	*consumed = n;
}

static void next_cookie(struct ssh_parser *s, struct bytes in, struct ssh_event *out,
			size_t *consumed)
{
	if (s->left < COOKIE) {
		s->phase = PHASE_SKIP;
		out->kind = SSH_KEXINIT_END;
		return;
	}
	if (in.len < COOKIE)
		return;
	spend(s, COOKIE, consumed);
	out->kind = SSH_KEXINIT;
	s->phase = PHASE_LIST_LEN;
}

static void next_list_len(struct ssh_parser *s, struct bytes in, struct ssh_event *out,
			  size_t *consumed)
{
	struct cursor c = cursor_of(in);
	uint32_t len;

	if (s->list == SSH_LIST__COUNT || s->left < 4) {
		s->phase = PHASE_SKIP;
		out->kind = SSH_KEXINIT_END;
		return;
	}
	len = cursor_be32(&c);
	if (!cursor_ok(&c))
		return;
	spend(s, 4, consumed);
	/* A list cannot be longer than what carries it. */
	s->list_left = len < s->left ? len : s->left;
	s->phase = PHASE_LIST;
}

static void next_list(struct ssh_parser *s, struct bytes in, struct ssh_event *out,
		      size_t *consumed)
{
	size_t n;

	out->list = (enum ssh_list)s->list;
	if (!s->list_left) {
		out->kind = SSH_LIST_END;
		s->list++;
		s->phase = PHASE_LIST_LEN;
		return;
	}
	n = within(s, in, s->list_left);
	if (!n)
		return;
	out->kind = SSH_LIST;
	out->piece = bytes_slice(in, 0, n);
	s->list_left -= (uint32_t)n;
	spend(s, n, consumed);
}

/* One step; SSH_MORE with something consumed means that there is another. */
static void step(struct ssh_parser *s, struct bytes in, struct ssh_event *out, size_t *consumed)
{
	switch ((enum phase)s->phase) {
	case PHASE_BANNER:
		next_banner(s, in, out, consumed);
		break;
	case PHASE_LONG_BANNER:
		(void)line_next(&s->line, in, false, &(struct bytes){ 0 }, consumed);
		if (!s->line.skipping)
			s->phase = PHASE_RECORD;
		break;
	case PHASE_RECORD:
		next_record(s, in, out, consumed);
		break;
	case PHASE_SKIP:
		spend(s, within(s, in, s->left), consumed);
		if (!s->left)
			s->phase = PHASE_RECORD;
		break;
	case PHASE_COOKIE:
		next_cookie(s, in, out, consumed);
		break;
	case PHASE_LIST_LEN:
		next_list_len(s, in, out, consumed);
		break;
	case PHASE_LIST:
		next_list(s, in, out, consumed);
		break;
	case PHASE_FINISHED:
		*consumed = in.len;
		break;
	}
}

void ssh_next(struct ssh_parser *s, struct bytes in, struct ssh_event *out, size_t *consumed)
{
	size_t at = 0;

	*out = (struct ssh_event){ .kind = SSH_MORE };
	for (;;) {
		uint8_t phase = s->phase;
		size_t n = 0;

		step(s, bytes_slice(in, at, in.len), out, &n);
		at += n;
		if (out->kind != SSH_MORE || (n == 0 && phase == s->phase) ||
		    s->phase == PHASE_FINISHED)
			break;
	}
	*consumed = at;
}
