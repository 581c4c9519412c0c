/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole conversations: what is known of them in the end (records, files, events, what rules would see) is the same
 * when any one of their messages comes in two parts, cut at any byte, and when all come byte by byte.
 */
#include "engine/output/output.h"
#include "parser/buffer.h"
#include "tests/unit/app_rig.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define STORY_MAX (1u << 17)
#define SAID_MAX 24u

struct said {
	unsigned dir;
	const char *text;
	size_t len;
};

#define CLIENT(text) \
	{ \
		0, text, sizeof(text) - 1 \
	}
#define SERVER(text) \
	{ \
		1, text, sizeof(text) - 1 \
	}

#define GREETING \
	SERVER("220 mx ESMTP\r\n"), CLIENT("EHLO a.example\r\n"), \
		SERVER("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n")
#define ENVELOPE \
	CLIENT("MAIL FROM:<ann@example.org>\r\n"), SERVER("250 ok\r\n"), \
		CLIENT("RCPT TO:<bob@example.net>\r\n"), SERVER("250 ok\r\n")
#define ATTACHMENTS \
	"From: Ann <ann@example.org>\r\nSubject: two\r\n lines\r\n" \
	"Content-Type: multipart/mixed; boundary=bb\r\n\r\n" \
	"--bb\r\n\r\nSee http://www.example.com/a\r\n..dot\r\n" \
	"--bb\r\nContent-Type: text/plain; name=\"a.txt\"\r\n" \
	"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8sIHdvcmxk\r\nIQ==\r\n" \
	"--bb\r\nContent-Disposition: attachment; filename=b\r\n" \
	"Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n" \
	"--bb--\r\n"
#define UUENCODED "Subject: uu\r\n\r\ntext\r\nbegin 644 f\r\n#86)C\r\n`\r\nend\r\n"

/* A command that wants a data connection, though none was agreed on. */
#define NO_PORT(command, tells) \
	{ \
		command, APP_PROTO_FTP, false, tells, \
		{ \
			SERVER("220 now\r\n"), CLIENT(command "\r\n"), SERVER("425 no\r\n") \
		} \
	}

/* What the texts of a request's headers are. */
#define REQUEST(headers, tells) \
	{ \
		headers, APP_PROTO_HTTP1, false, tells, \
		{ \
			CLIENT("GET / HTTP/1.1\r\n" headers "\r\n") \
		} \
	}
#define RESPONSE(headers, body, tells) \
	{ \
		headers, APP_PROTO_HTTP1, false, tells, \
		{ \
			CLIENT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), \
				SERVER("HTTP/1.1 200 OK\r\n" headers "\r\n" body) \
		} \
	}

#define CLIENT_HELLO \
	"\x16\3\1\0\105\1\0\0\101\3\3" \
	"0123456789abcdef0123456789abcdef\0\0\4\23\1\300\57\1\0" \
	"\0\24\0\0\0\20\0\16\0\0\13" \
	"example.org"
/* RFC 8446, section 4.1.3 */
#define RETRY \
	"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" \
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

static const struct {
	const char *name;
	enum app_proto proto;
	bool raw; /* smtp.raw-extraction */
	const char
		*has; /* what its story must tell, so that it is one; with '!' before: must not */
	struct said said[SAID_MAX];
} rows[] = {
	{ "a mail with attachments",
	  APP_PROTO_SMTP,
	  false,
	  "\"a.txt\",\"b\"",
	  { GREETING, ENVELOPE, CLIENT("DATA\r\n"), SERVER("354 go\r\n"),
	    CLIENT(ATTACHMENTS ".\r\n"), SERVER("250 taken\r\n"), CLIENT("QUIT\r\n"),
	    SERVER("221 bye\r\n") } },
	{ "a uuencoded file, a second mail in the same segment",
	  APP_PROTO_SMTP,
	  false,
	  "\"tx_id\":1",
	  { GREETING, ENVELOPE, CLIENT("DATA\r\n"), SERVER("354 go\r\n"),
	    CLIENT(UUENCODED ".\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<x@y>\r\nRSET\r\n"),
	    SERVER("250 taken\r\n250 ok\r\n250 ok\r\n250 reset\r\n") } },
	{ "chunks that end within lines",
	  APP_PROTO_SMTP,
	  false,
	  "\"filename\":\"f\"",
	  { GREETING, ENVELOPE,
	    CLIENT("BDAT 20\r\nSubject: uu\r\n\r\ntext\rBDAT 28 LAST\r\n\nbegin 644 f\r\n"
		   "#86)C\r\n`\r\nend"),
	    SERVER("250 ok\r\n250 ok\r\n") } },
	{ "commands in one segment, DATA refused",
	  APP_PROTO_SMTP,
	  false,
	  "DATA_COMMAND_REJECTED",
	  { GREETING, CLIENT("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n"),
	    SERVER("250 ok\r\n550 no\r\n550 no\r\n503 none\r\n"), CLIENT("QUIT\r\n"),
	    SERVER("221 bye\r\n") } },
	{ "no mail, lines without CR, AUTH",
	  APP_PROTO_SMTP,
	  false,
	  "\"helo\":\"b\"",
	  { SERVER("220-one\r\n220 two\r\n"), CLIENT("HELO b\n"), SERVER("250 ok\n"),
	    CLIENT("AUTH LOGIN\r\n"), SERVER("334 VXNlcm5hbWU6\r\n"), CLIENT("YW5u\r\n"),
	    SERVER("334 UGFzc3dvcmQ6\r\n"), CLIENT("c2VjcmV0\r\n"), SERVER("235 ok\r\n"),
	    CLIENT("NOOP\r\n"), SERVER("250 ok\r\n") } },
	{ "a session that ends within its message",
	  APP_PROTO_SMTP,
	  false,
	  "TRUNCATED",
	  { GREETING, ENVELOPE, CLIENT("DATA\r\n"), SERVER("354 go\r\n"),
	    CLIENT("Subject: x\r\nContent-Disposition: attachment; filename=c\r\n\r\nhalf\r\nof") } },
	{ "a message kept as it was sent",
	  APP_PROTO_SMTP,
	  true,
	  "\"filename\":\"rawmsg\"",
	  { GREETING, ENVELOPE, CLIENT("DATA\r\n"), SERVER("354 go\r\n"),
	    CLIENT(ATTACHMENTS ".\r\n"), SERVER("250 taken\r\n") } },
	{ "a file over FTP",
	  APP_PROTO_FTP,
	  false,
	  "\"RETR\"",
	  { SERVER("220-hello\r\n there\r\n220 now\r\n"), CLIENT("USER ann\r\n"),
	    SERVER("331 password\r\n"), CLIENT("PASS x\r\n"), SERVER("230 in\r\n"),
	    CLIENT("PORT 10,0,0,1,4,1\r\n"), SERVER("200 ok\r\n"), CLIENT("RETR a.txt\r\n"),
	    SERVER("150 opening\r\n226 done\r\n"), CLIENT("EPSV\r\nSTOR b\r\nQUIT\n"),
	    SERVER("229 Entering (|||4097|)\r\n550 no\r\n221 bye\r\n") } },
	NO_PORT("RETR a", "file_before_port"),
	NO_PORT("STOR a", "file_before_port"),
	NO_PORT("APPE a", "file_before_port"),
	NO_PORT("STOU", "file_before_port"),
	NO_PORT("LIST", "file_before_port"),
	NO_PORT("NLST", "file_before_port"),
	NO_PORT("MLSD", "file_before_port"),
	NO_PORT("MLST", "!file_before_port"),
	NO_PORT("RETR", "file_without_name"),
	NO_PORT("STOR", "file_without_name"),
	NO_PORT("APPE", "file_without_name"),
	NO_PORT("APPE", "!file_before_port"),
	{ "banners and keys",
	  APP_PROTO_SSH,
	  false,
	  "OpenSSH_9.2",
	  { SERVER("SSH-2.0-OpenSSH_9.2 x\r\n"), CLIENT("SSH-2.0-x\r\n"),
	    CLIENT("\0\0\0\127\4\0240123456789abcdef\0\0\0\3k,x\0\0\0\1h\0\0\0\2e1\0\0\0\2e2"
		   "\0\0\0\2m1\0\0\0\2m2\0\0\0\4none\0\0\0\4zlib\0\0\0\0\0\0\0\0"
		   "\0\0\0\0\0pad."),
	    SERVER("\0\0\0\14\12\0250123456789"), CLIENT("\0\0\0\14\12\0250123456789") } },
	{ "questions over TCP",
	  APP_PROTO_DNS,
	  false,
	  "\"rrname\":\"b.example\"",
	  { CLIENT("\0\33\22\64\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1"
		   "\0\33\22\65\1\0\0\1\0\0\0\0\0\0\1b\7example\0\0\34\0\1"),
	    SERVER("\0\53\22\64\x81\x80\0\1\0\1\0\0\0\0\1a\7example\0\0\1\0\1"
		   "\xc0\14\0\1\0\1\0\0\1\0\0\4\300\0\2\1") } },
	{ "hellos",
	  APP_PROTO_TLS,
	  false,
	  "t12d020100_c1929292aa6b",
	  { CLIENT("\x16\3\1\0\105\1\0\0\101\3\3"
		   "0123456789abcdef0123456789abcdef\0\0\4\23\1\300\57\1\0"
		   "\0\24\0\0\0\20\0\16\0\0\13"
		   "example.org"),
	    SERVER("\x16\3\3\0\54\2\0\0\50\3\3fedcba9876543210fedcba9876543210\0\23\1\0\0\0"),
	    SERVER("\x14\3\3\0\1\1\x17\3\3\0\3abc"), CLIENT("\x14\3\3\0\1\1\x17\3\3\0\3def") } },
	REQUEST("Host: h\r\nA: b\r\n", "Host: h\r\nA: b\r\n"),
	REQUEST("Host: h\r\nA:b\r\nC: d\r\n", "Host: h\r\nA: b\r\nC: d\r\n"),
	REQUEST("Host: h\r\nA:  b \r\nC: d\r\n", "Host: h\r\nA: b\r\nC: d\r\n"),
	REQUEST("Host: h\r\nA:\tb\r\nC: d\r\n", "Host: h\r\nA: b\r\nC: d\r\n"),
	REQUEST("Host: h\r\nA : b\r\nC: d\r\n", "Host: h\r\nA: b\r\nC: d\r\n"),
	REQUEST("Host: h\r\nA: b\nC: d\r\n", "Host: h\r\nA: b\r\nC: d\r\n"),
	REQUEST("Host: h\r\nA: \r\nC: d\r\n", "Host: h\r\nA: \r\nC: d\r\n"),
	REQUEST("Host: h\r\nA: b\r\n c\r\nD: e\r\n", "Host: h\r\nA: b c\r\nD: e\r\n"),
	REQUEST("Host: h\r\nA: b\r\nC: d\r\na: e\r\n", "Host: h\r\nA: b, e\r\nC: d\r\n"),
	REQUEST("Host: h\r\nCookie: a\r\nC: d\r\n", "Host: h\r\nC: d\r\n"),
	REQUEST("Host: h\r\ncOOKie: a\r\nC: d\r\n", "Host: h\r\nC: d\r\n"),
	REQUEST("Host: h\r\nCookie: a\r\nC: d\r\n", "Host: h\r\nCookie: a\r\nC: d\r\n\r\n"),
	RESPONSE("A: b\r\nSet-Cookie: a\r\nContent-Length: 0\r\n", "",
		 "A: b\r\nContent-Length: 0\r\n"),
	RESPONSE("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\nT: x\r\n\r\n",
		 "Transfer-Encoding: chunked\r\nT: x\r\n"),
	{ "headers of a response before the one that counts",
	  APP_PROTO_HTTP1,
	  false,
	  "HTTP/1.1 200 OK\r\n\r\nC: d\r\n",
	  { CLIENT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	    SERVER("HTTP/1.1 100 Continue\r\nA: b\r\n\r\n"
		   "HTTP/1.1 200 OK\r\nC: d\r\nContent-Length: 1\r\n\r\nx") } },
	{ "a second hello",
	  APP_PROTO_TLS,
	  false,
	  "MULTIPLE_SNI_EXTENSIONS",
	  { CLIENT(CLIENT_HELLO),
	    SERVER("\x16\3\3\0\54\2\0\0\50\3\3fedcba9876543210fedcba9876543210\0\23\1\0\0\0"),
	    CLIENT(CLIENT_HELLO) } },
	{ "a second hello that the server asked for",
	  APP_PROTO_TLS,
	  false,
	  "!MULTIPLE_SNI_EXTENSIONS",
	  { CLIENT(CLIENT_HELLO), SERVER("\x16\3\3\0\54\2\0\0\50\3\3" RETRY "\0\23\1\0\0\0"),
	    CLIENT(CLIENT_HELLO) } },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct app_rig rig;

/* --- what is known of it ------------------------------------------------------------------------- */

static void tell_buffers(struct app_engine *e, struct app_tx *tx, struct buf *b)
{
	struct app_slice s;

	for (unsigned dir = 0; dir < 2; dir++) {
		for (unsigned which = BUFFER_TX__FIRST; which < BUFFER__COUNT; which++) {
			for (unsigned i = 0; i < 4 && app_buffer(e, rig.packet.flow, tx,
								 (enum buffer)which, dir, i, &s);
			     i++) {
				buf_char(b, (char)which);
				buf_bytes(b, s.data.data, s.data.len);
			}
		}
	}
}

static void tell(struct app_engine *e, struct buf *b)
{
	const struct output_env env = { .flows = e->flows, .streams = e->streams, .apps = e };
	const struct app_flow *a = app_flow(e, rig.packet.flow);
	struct output_options o;

	output_options_stock(&o);
	o.smtp.fields = ~0u;
	for (struct app_tx *tx = a ? a->first : NULL; tx; tx = tx->next) {
		output_tx(&o, &env, &rig.packet, tx, b);
		for (struct app_file *f = tx->files; f; f = f->next)
			output_file(&o, &env, &rig.packet, tx, f, b);
		for (unsigned i = 0; i < tx->events; i++)
			output_app_anomaly(&o, &env, &rig.packet, tx, tx->event[i], b);
		tell_buffers(e, tx, b);
	}
}

/* Of what is told to be empty rules are shown nothing. */
static void check_empty(struct app_engine *e)
{
	const struct app_flow *a = app_flow(e, rig.packet.flow);
	struct app_slice s;

	for (struct app_tx *tx = a ? a->first : NULL; tx; tx = tx->next) {
		for (unsigned dir = 0; dir < 2; dir++) {
			for (unsigned b = BUFFER_TX__FIRST; b < BUFFER__COUNT; b++) {
				if ((buffer_row((enum buffer)b)->directions >> dir & 1) &&
				    app_tx_is_empty(tx, dir) &&
				    app_buffer(e, rig.packet.flow, tx, (enum buffer)b, dir, 0, &s))
					fail_msg("buffer %u in direction %u", b, dir);
			}
		}
	}
}

/* --- how it comes ------------------------------------------------------------------------------------ */

static void give(struct app_ctx *c, const struct app_protocol *p, unsigned dir, const char *text,
		 size_t len, bool last)
{
	struct app_rig_side *d = &rig.side[dir];
	const uint8_t *shown;
	size_t consumed = 0;
	enum app_verdict v;

	assert_int_equal(app_rig_hold(&rig, dir, bytes_of((const uint8_t *)text, len)), len);
	if (d->over || (!d->len && !last))
		return;
	shown = guard_copy(d->bytes, d->len);
	v = p->data(c, dir, bytes_of(shown, d->len), last, &consumed);
	assert_true(app_rig_consumed(&rig, dir, consumed));
	d->over = v != APP_OK;
	c->offset += consumed;
	check_empty(rig.e);
}

/* The message `which` comes in two parts, the first of `at` bytes; at 0: all come byte by byte. */
static void converse(struct app_ctx *c, const struct app_protocol *p, const struct said *said,
		     unsigned which, size_t at)
{
	static uint64_t offset[2];

	memset(offset, 0, sizeof(offset));
	for (unsigned i = 0; i < SAID_MAX && said[i].text; i++) {
		unsigned dir = said[i].dir;
		size_t step = at ? (i == which ? at : said[i].len) : 1, from = 0;

		c->offset = offset[dir];
		while (from < said[i].len) {
			size_t len = said[i].len - from < step ? said[i].len - from : step;

			give(c, p, dir, said[i].text + from, len, false);
			from += len;
			step = at ? said[i].len : 1;
		}
		offset[dir] = c->offset;
	}
	for (unsigned dir = 0; dir < 2; dir++) {
		c->offset = offset[dir];
		give(c, p, dir, "", 0, true);
	}
}

static size_t story(size_t row, unsigned which, size_t at, char *out)
{
	struct app_options opt = app_rig_options(&rig, 1 << 16);
	const struct app_protocol *p = app_protocol(rows[row].proto);
	struct buf b = { .data = out, .size = STORY_MAX };
	struct app_ctx c;

	opt.ftp_line_max = 4096;
	http_options_stock(&opt.http);
	assert_true(app_rig_open(&rig, &opt, rows[row].raw));
	assert_true(app_rig_flow(&rig, p, false, &c));
	converse(&c, p, rows[row].said, which, at);
	tell(rig.e, &b);
	assert_false(b.full);
	app_flow_end(rig.e, rig.packet.flow);
	assert_int_equal(rig.e->memory.used_bytes, 0);
	app_rig_close(&rig);
	guard_free_all();
	return b.len;
}

static bool tells(const char *story, size_t len, const char *what)
{
	bool not = *what == '!';

	what += not ;
	return (memmem(story, len, what, strlen(what)) != NULL) != not ;
}

static void test_cuts(void **state)
{
	static char whole[STORY_MAX], cut[STORY_MAX];

	(void)state;
	for (size_t r = 0; r < ROWS; r++) {
		size_t len = story(r, SAID_MAX, 1, whole);

		whole[len] = '\0';
		if (!tells(whole, len, rows[r].has))
			fail_msg("%s: not %s: %s", rows[r].name, rows[r].has, whole);
		for (unsigned i = 0; i < SAID_MAX && rows[r].said[i].text; i++) {
			for (size_t at = 1; at < rows[r].said[i].len; at++) {
				if (story(r, i, at, cut) != len || memcmp(cut, whole, len) != 0)
					fail_msg("%s: message %u cut at %zu:\n%s\n%s", rows[r].name,
						 i, at, whole, cut);
			}
		}
		if (story(r, 0, 0, cut) != len || memcmp(cut, whole, len) != 0)
			fail_msg("%s: byte by byte:\n%s\n%s", rows[r].name, whole, cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
