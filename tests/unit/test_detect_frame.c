/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of conversations, and the rules that look at them; each message cut in two at every byte. */
#include "engine/app/engine.h"
#include "engine/app/frame.h"
#include "engine/app/smtp.h"
#include "engine/detect/cost.h"
#include "tests/unit/detect_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define STEPS_MAX 8
#define TEXT_MAX 2048

struct step {
	unsigned dir;
	const char *data;
	size_t len;
};
#define TO_SERVER(text) \
	{ \
		0, text, sizeof(text) - 1 \
	}
#define TO_CLIENT(text) \
	{ \
		1, text, sizeof(text) - 1 \
	}

struct bench {
	struct rig rig;
	struct counters counters;
	struct flow_table *flows;
	struct stream_engine *streams;
	struct app_engine *apps;
	struct app_options opt;
	struct smtp_options smtp;
	struct packet packet;
	uint32_t seq[2];
	uint64_t number;
	uint8_t proto;
	uint16_t port; /* of the server */
	bool keeps; /* nothing is let go: the frames can be told at the end */
	char alerts[TEXT_MAX];
};

static void start(struct bench *b, const char *rules, const struct stream_options *stream,
		  uint8_t proto, uint16_t port)
{
	static const struct flow_options flow = { .max_flows = 64, .hash_size = 64 };
	struct detector_env env = { .counters = NULL };

	memset(b, 0, sizeof(*b));
	rig_open(&b->rig, rules);
	b->proto = proto;
	b->port = port;
	b->seq[0] = 1000;
	b->seq[1] = 5000;
	b->opt = (struct app_options){
		.memcap = 1 << 20,
		.max_flows = 16,
		.max_transactions = 16,
		.enabled = { ~0ull, ~0ull },
		.frame_window = stream->window,
		.ftp_line_max = 4096,
	};
	http_options_stock(&b->opt.http);
	smtp_options_stock(&b->smtp);
	b->opt.smtp = &b->smtp;
	identify_ports_stock(&b->opt.ports);
	ruleset_app_needs(b->rig.rules, &b->opt);
	assert_int_equal(flow_table_new(&flow, &b->counters, NULL, NULL, NULL, &b->flows), 0);
	assert_int_equal(stream_engine_new(stream, b->flows, &b->counters, &b->streams), 0);
	assert_int_equal(app_engine_new(&b->opt, b->flows, b->streams, &b->counters, &b->apps), 0);
	env = (struct detector_env){
		.flows = b->flows, .streams = b->streams, .apps = b->apps, .counters = &b->counters
	};
	detector_free(b->rig.detector);
	rig_must(detector_new(b->rig.rules, &b->rig.options, &env, &b->rig.detector) == 0, &b->rig,
		 "detector");
}

static const struct stream_options usual = { .max_sessions = 16,
					     .reassembly_memcap = 1 << 20,
					     .window = 4096 };

static void note_alerts(struct bench *b)
{
	const struct detect_result *res = &b->rig.result;

	for (unsigned i = 0; i < res->alerts; i++) {
		const struct app_frame *f = res->alert[i].frame;
		size_t at = strlen(b->alerts);
		struct rule_info info;

		ruleset_rule(b->rig.rules, res->alert[i].rule, &info);
		assert_non_null(f);
		snprintf(b->alerts + at, sizeof(b->alerts) - at, "%s%u:%s@%u", at ? " " : "",
			 info.sid, frame_row((enum frame_type)f->type)->name, (unsigned)f->offset);
	}
}

static void inspect(struct bench *b)
{
	struct packet *p = &b->packet;

	app_packet(b->apps, p);
	detect_packet(b->rig.detector, p, &b->rig.result);
	note_alerts(b);
	if (!b->keeps)
		app_packet_done(b->apps, p);
}

static void send_packet(struct bench *b, unsigned dir, uint8_t flags, const char *data, size_t len)
{
	static const struct ip_addr ends[] = { { .bytes = { 10, 0, 0, 1 } },
					       { .bytes = { 10, 0, 0, 2 } } };
	struct packet *p = &b->packet;

	*p = (struct packet){
		.payload = bytes_of(data, len),
		.number = ++b->number,
		.time_ns = (int64_t)b->number * 1000000,
		.ip_version = 4,
		.proto = b->proto,
		.has_ip = true,
		.has_l4 = true,
		.sport = dir ? b->port : 1024,
		.dport = dir ? 1024 : b->port,
		.src = ends[dir],
		.dst = ends[!dir],
	};
	if (b->proto == IP_PROTO_TCP)
		p->tcp = (struct packet_tcp){ .seq = b->seq[dir],
					      .ack = flags & TCP_ACK ? b->seq[!dir] : 0,
					      .window = 65535,
					      .flags = flags,
					      .header_len = 20 };
	flow_update(b->flows, p, flow_hash(b->flows, p), b->number * 16);
	assert_non_null(p->flow);
	if (b->proto == IP_PROTO_TCP)
		stream_packet(b->streams, p);
	b->seq[dir] += (uint32_t)len + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	inspect(b);
}

static void shake_hands(struct bench *b)
{
	if (b->proto != IP_PROTO_TCP)
		return;
	send_packet(b, 0, TCP_SYN, NULL, 0);
	send_packet(b, 1, TCP_SYN | TCP_ACK, NULL, 0);
	send_packet(b, 0, TCP_ACK, NULL, 0);
}

static void say(struct bench *b, unsigned dir, const char *data, size_t len)
{
	if (!len)
		return;
	send_packet(b, dir, TCP_ACK, data, len);
	if (b->proto == IP_PROTO_TCP)
		send_packet(b, !dir, TCP_ACK, NULL, 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Which packet they came with depends on the cut: in an order of their own. */
static void sort_alerts(struct bench *b)
{
	char copy[TEXT_MAX], *word[64], *rest = copy;
	size_t n = 0, at = 0;

	memcpy(copy, b->alerts, sizeof(copy));
	b->alerts[0] = '\0';
	while (n < 64 && (word[n] = strtok_r(rest, " ", &rest)))
		n++;
	qsort(word, n, sizeof(word[0]), by_text);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(b->alerts + at, sizeof(b->alerts) - at, "%s%s", i ? " " : "",
				       word[i]);
}

/* The end of the flow: both directions are looked at once more. */
static void end(struct bench *b)
{
	struct flow *f = b->packet.flow;

	for (unsigned dir = 0; dir < 2 && b->proto == IP_PROTO_TCP; dir++) {
		b->packet = (struct packet){ .flow = f,
					     .time_ns = f->last_ns,
					     .ip_version = 4,
					     .proto = b->proto,
					     .direction = (uint8_t)dir,
					     .has_ip = true,
					     .has_l4 = true,
					     .pseudo = true,
					     .established = true,
					     .stream_inspectable = true };
		inspect(b);
	}
}

static void stop(struct bench *b)
{
	struct flow *f = b->packet.flow;

	if (f) {
		app_flow_end(b->apps, f);
		stream_flow_end(b->streams, f);
		detect_flow_end(b->rig.detector, f);
	}
	assert_int_equal(b->apps->memory.used_bytes, 0);
	app_engine_free(b->apps);
	rig_close(&b->rig);
	stream_engine_free(b->streams);
	flow_table_free(b->flows);
}

static void tell_frames(const struct bench *b, unsigned dir, char *out)
{
	const struct app_flow *a = app_flow(b->apps, b->packet.flow);
	const struct app_frames *s = a && a->frames ? &a->frames[dir] : NULL;
	size_t at = 0;

	out[0] = '\0';
	for (uint32_t i = 0; s && i < s->count; i++) {
		const struct app_frame *f = &s->frame[i];

		assert_int_equal(f->id, i + 1);
		at += (size_t)snprintf(out + at, TEXT_MAX - at, "%s%s@%u", i ? " " : "",
				       frame_row((enum frame_type)f->type)->name,
				       (unsigned)f->offset);
		if (f->len >= 0)
			at += (size_t)snprintf(out + at, TEXT_MAX - at, "+%u", (unsigned)f->len);
		if (f->flags & FRAME_HAS_TX)
			at += (size_t)snprintf(out + at, TEXT_MAX - at, "/%u", (unsigned)f->tx_id);
	}
}

static void talk(struct bench *b, const struct step *step, size_t cut_step, size_t cut)
{
	shake_hands(b);
	for (size_t i = 0; i < STEPS_MAX && step[i].data; i++) {
		size_t first = i == cut_step ? cut : step[i].len;

		say(b, step[i].dir, step[i].data, first);
		say(b, step[i].dir, step[i].data + first, step[i].len - first);
	}
}

/* --- which there are ---------------------------------------------------------------------------- */

#define HELLO \
	"\x16\3\1\0\x2d\1\0\0\x29\3\3" \
	"0123456789abcdef0123456789abcdef" \
	"\0\0\2\0\x2f\1\0"
#define ALERT "\x15\3\3\0\2\2\x28"
#define KEX \
	"\0\0\0\x0c\4\x1e" \
	"abcdefghij"
#define NEWKEYS \
	"\0\0\0\x0c\x0a\x15" \
	"\0\0\0\0\0\0\0\0\0\0"
#define QUERY "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"

static const struct {
	const char *name;
	uint8_t proto;
	uint16_t port;
	struct step step[STEPS_MAX];
	const char *frames[2];
} conversations[] = {
	{ "http: two requests in one, a body by length",
	  IP_PROTO_TCP,
	  80,
	  { TO_SERVER("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"),
	    TO_CLIENT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
		      "HTTP/1.1 204 No\r\n\r\n") },
	  { "stream@0 request@0+28/0 request@28+28/1",
	    "stream@0 response@0+41/0 response@41+19/1" } },
	{ "http: chunks",
	  IP_PROTO_TCP,
	  80,
	  { TO_SERVER("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		      "3\r\nabc\r\n0\r\n\r\n"),
	    TO_CLIENT("HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") },
	  { "stream@0 request@0+69/0", "stream@0 response@0+60/0" } },
	{ "http: a response that goes on",
	  IP_PROTO_TCP,
	  80,
	  { TO_SERVER("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	    TO_CLIENT("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc") },
	  { "stream@0 request@0+27/0", "stream@0 response@0/0" } },
	{ "dns over TCP",
	  IP_PROTO_TCP,
	  53,
	  { TO_SERVER("\0\x21" QUERY "\0\x21" QUERY) },
	  { "stream@0 pdu@2+33/0 pdu@37+33/1", "" } },
	{ "tls: a hello, an alert",
	  IP_PROTO_TCP,
	  443,
	  { TO_SERVER(HELLO), TO_CLIENT(ALERT) },
	  { "stream@0 hdr@0+5 pdu@0+50 data@5+45",
	    "stream@0 hdr@0+5 pdu@0+7 data@5+2 alert@5+2" } },
	{ "ssh: a packet, and the last before encryption",
	  IP_PROTO_TCP,
	  22,
	  { TO_SERVER("SSH-2.0-a\r\n"), TO_CLIENT("SSH-2.0-b\r\n"),
	    TO_SERVER(KEX NEWKEYS "\1\2\3\4\5\6\7\x8\x9") },
	  { "stream@0 record.hdr@11+6/0 record.data@17+10/0 record.pdu@11+16/0 "
	    "record.hdr@27+6/0 record.data@33+10/0 record.pdu@27+16/0",
	    "stream@0" } },
	{ "smtp",
	  IP_PROTO_TCP,
	  25,
	  { TO_CLIENT("220 ready\r\n"), TO_SERVER("HELO a\r\n"), TO_CLIENT("250 ok\r\n"),
	    TO_SERVER("DATA\r\n"), TO_CLIENT("354 go\r\n"),
	    TO_SERVER("a\r\n\r\nb\r\n.\r\nQUIT\r\n") },
	  { "stream@0 command_line@0+8 command_line@0+6/0 command_line@8+6 "
	    "command_line@8+4/0 data@14+11/0 command_line@25+6 command_line@25+4",
	    "stream@0 response_line@0+11 response_line@11+8/0 response_line@19+8/0" } },
	{ "ftp",
	  IP_PROTO_TCP,
	  21,
	  { TO_CLIENT("220 (vsFTPd 3.0.3)\r\n"), TO_SERVER("USER a\r\n") },
	  { "stream@0", "stream@0" } },
	{ "dns over UDP", IP_PROTO_UDP, 53, { TO_SERVER(QUERY) }, { "pdu@0+33/0", "" } },
};

static void check_conversation(size_t row, size_t cut_step, size_t cut)
{
	char text[TEXT_MAX];
	struct bench b;

	start(&b, "alert tcp any any -> any any (content:\"never\"; sid:1;)", &usual,
	      conversations[row].proto, conversations[row].port);
	b.apps->opt.frame_records = true;
	b.keeps = true;
	talk(&b, conversations[row].step, cut_step, cut);
	for (unsigned dir = 0; dir < 2; dir++) {
		tell_frames(&b, dir, text);
		if (strcmp(text, conversations[row].frames[dir]) != 0)
			print_message("# %s, step %zu cut at %zu\n", conversations[row].name,
				      cut_step, cut);
		assert_string_equal(text, conversations[row].frames[dir]);
	}
	stop(&b);
}

static void test_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conversations) / sizeof(conversations[0]); i++) {
		check_conversation(i, 0, conversations[i].step[0].len);
		for (size_t k = 0; conversations[i].proto == IP_PROTO_TCP && k < STEPS_MAX; k++) {
			for (size_t cut = 1; cut < conversations[i].step[k].len; cut++)
				check_conversation(i, k, cut);
		}
	}
}

/* --- what rules say of them ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *rules;
	size_t row; /* of conversations */
	const char *alerts;
} looks[] = {
	{ "each frame alone",
	  "alert http1 any any -> any any (frame:request; content:\"/b\"; offset:4; depth:2; sid:1;)\n"
	  "alert http1 any any -> any any (frame:response; content:\"|0d 0a 0d 0a|\"; endswith; sid:2;)\n"
	  "alert http1 any any -> any any (frame:response; bsize:41; content:\"abc\"; endswith; sid:3;)\n",
	  0, "1:request@28 2:response@41 3:response@0" },
	{ "what is not there, known at the end",
	  "alert http1 any any -> any any (frame:request; content:!\"/a\"; sid:1;)\n"
	  "alert http1 any any -> any any (frame:stream; content:!\"/c\"; sid:2;)\n",
	  0, "1:request@28 2:stream@0 2:stream@0" },
	{ "a direction, a transform, an expression",
	  "alert http1 any any -> any any (flow:to_client; frame:stream; content:\"HTTP\"; sid:1;)\n"
	  "alert http1 any any -> any any (frame:request; to_uppercase; content:\"HOST: A\"; sid:2;)\n"
	  "alert http1 any any -> any any (frame:response; pcre:\"/^HTTP.1\\.1 20[0-9]/\"; sid:3;)\n",
	  0, "1:stream@0 2:request@0 2:request@28 3:response@0 3:response@41" },
	{ "one that goes on ends with its flow",
	  "alert http1 any any -> any any (frame:response; content:\"abc\"; sid:1;)\n"
	  "alert http1 any any -> any any (frame:response; content:!\"x\"; sid:2;)\n",
	  2, "1:response@0 2:response@0" },
	{ "another protocol's",
	  "alert tcp any any -> any any (frame:tls.pdu; content:\"G\"; sid:1;)", 0, "" },
	{ "dns",
	  "alert dns any any -> any any (frame:pdu; content:\"|12 34|\"; startswith; sid:1;)\n"
	  "alert udp any any -> any any (frame:dns.pdu; bsize:33; content:\"www\"; sid:2;)\n",
	  3, "1:pdu@2 1:pdu@37" },
	{ "dns over UDP",
	  "alert dns any any -> any any (frame:pdu; content:\"|12 34|\"; startswith; sid:1;)\n"
	  "alert udp any any -> any any (frame:dns.pdu; bsize:33; content:\"www\"; sid:2;)\n",
	  8, "1:pdu@0 2:pdu@0" },
	{ "tls",
	  "alert tls any any -> any any (frame:hdr; content:\"|16 03|\"; startswith; bsize:5; sid:1;)\n"
	  "alert tls any any -> any any (frame:alert; content:\"|02 28|\"; sid:2;)\n"
	  "alert tls any any -> any any (frame:data; content:\"0123\"; sid:3;)\n",
	  4, "1:hdr@0 2:alert@5 3:data@5" },
	{ "smtp",
	  "alert smtp any any -> any any (frame:command_line; content:\"HELO a\"; endswith; sid:1;)\n"
	  "alert smtp any any -> any any (frame:command_line; content:\"DATA|0d 0a|\"; endswith; sid:2;)\n"
	  "alert smtp any any -> any any (frame:data; content:\"b|0d 0a|.|0d 0a|\"; endswith; sid:3;)\n"
	  "alert smtp any any -> any any (frame:response_line; content:\"250\"; startswith; sid:4;)\n",
	  6, "1:command_line@0 2:command_line@8 3:data@14 4:response_line@11" },
};

static void check_look(size_t row, size_t cut_step, size_t cut)
{
	size_t c = looks[row].row;
	struct bench b;

	start(&b, looks[row].rules, &usual, conversations[c].proto, conversations[c].port);
	talk(&b, conversations[c].step, cut_step, cut);
	/* What was acknowledged last is looked at on the next packet of its direction. */
	for (unsigned dir = 0; dir < 2 && b.proto == IP_PROTO_TCP; dir++)
		send_packet(&b, dir, TCP_ACK, NULL, 0);
	end(&b);
	sort_alerts(&b);
	if (strcmp(b.alerts, looks[row].alerts) != 0)
		print_message("# %s, step %zu cut at %zu\n", looks[row].name, cut_step, cut);
	assert_string_equal(b.alerts, looks[row].alerts);
	stop(&b);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		size_t c = looks[i].row;

		check_look(i, 0, conversations[c].step[0].len);
		for (size_t k = 0; conversations[c].proto == IP_PROTO_TCP && k < STEPS_MAX; k++) {
			for (size_t cut = 1; cut < conversations[c].step[k].len; cut++)
				check_look(i, k, cut);
		}
	}
}

/* --- one that goes on ------------------------------------------------------------------------------- */

#define LONG_BYTES 9000

/* A response whose body comes in pieces of so many bytes, with marks in it. */
static void long_response(struct bench *b, size_t piece)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n";
	static char body[LONG_BYTES];

	memset(body, 'a', sizeof(body));
	memcpy(body + 100, "first", 5);
	memcpy(body + 2590, "middle", 6);
	memcpy(body + 8000, "last", 4);
	shake_hands(b);
	say(b, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	say(b, 1, head, sizeof(head) - 1);
	for (size_t at = 0; at < sizeof(body); at += piece)
		say(b, 1, body + at, piece < sizeof(body) - at ? piece : sizeof(body) - at);
}

static void test_goes_on(void **state)
{
	static const size_t piece[] = { 700, 1460, 2500, LONG_BYTES };
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(piece) / sizeof(piece[0]); i++) {
		start(&b,
		      "alert http1 any any -> any any (frame:response; content:\"first\"; sid:1;)\n"
		      "alert http1 any any -> any any (frame:response; content:\"first\"; content:\"middle\"; distance:0; sid:2;)\n"
		      "alert http1 any any -> any any (frame:response; content:\"last\"; sid:3;)\n"
		      "alert http1 any any -> any any (frame:response; content:\"first\"; content:!\"nowhere\"; sid:4;)\n",
		      &usual, IP_PROTO_TCP, 80);
		long_response(&b, piece[i]);
		end(&b);
		/* The last of them waits for an end that its window no longer reaches back from. */
		assert_string_equal(b.alerts,
				    i < 3 ? "1:response@0 2:response@0 3:response@0"
					  : "1:response@0 2:response@0 3:response@0 4:response@0");
		stop(&b);
	}
}

/* Runs of bytes stand alone where others are missing; a rule holds once for the frame. */
static void test_gap(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
	      "alert http1 any any -> any any (frame:response; content:\"aaa\"; sid:1;)\n"
	      "alert http1 any any -> any any (frame:response; content:\"b\"; startswith; sid:2;)\n"
	      "alert http1 any any -> any any (frame:response; content:\"abb\"; sid:3;)\n"
	      "alert http1 any any -> any any (frame:response; content:\"aaa\"; endswith; sid:4;)\n",
	      &usual, IP_PROTO_TCP, 80);
	shake_hands(&b);
	say(&b, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	say(&b, 1, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\naaa", 42);
	b.seq[1] += 2;
	say(&b, 1, "bbbbaaa", 7);
	send_packet(&b, 1, TCP_ACK, NULL, 0);
	end(&b);
	assert_string_equal(b.alerts, "1:response@0 4:response@0");
	stop(&b);
}

/* --- limits ------------------------------------------------------------------------------------------ */

static void test_limit(void **state)
{
	static char lines[2 * (FRAMES_MAX + 10)];
	struct app_flow *a;
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(lines); i += 2)
		memcpy(lines + i, "a\n", 2);
	start(&b, "alert smtp any any -> any any (frame:command_line; content:\"x\"; sid:1;)",
	      &usual, IP_PROTO_TCP, 25);
	shake_hands(&b);
	say(&b, 1, "220 ready\r\n", 11);
	say(&b, 0, "HELO a\r\n", 8);
	send_packet(&b, 0, TCP_ACK, NULL, 0);
	a = app_flow(b.apps, b.packet.flow);
	assert_int_equal(a->frames[0].count, 0);
	assert_int_equal(a->frames[0].ids, 2);
	say(&b, 0, lines, sizeof(lines));
	assert_int_equal(a->frames[0].count, FRAMES_MAX);
	assert_true(b.counters.value[COUNTER_LIMITS_REACHED] > 0);
	/* They go with the next packet of their direction, and there is room again. */
	send_packet(&b, 0, TCP_ACK, NULL, 0);
	assert_int_equal(a->frames[0].count, 0);
	say(&b, 0, "b\n", 2);
	assert_int_equal(a->frames[0].count, 2);
	stop(&b);
}

/* The kinds that nobody asks for are not made, and cost nothing. */
static void test_unwanted(void **state)
{
	struct bench b;

	(void)state;
	start(&b, "alert http1 any any -> any any (frame:response; content:\"x\"; sid:1;)", &usual,
	      IP_PROTO_TCP, 80);
	shake_hands(&b);
	say(&b, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	assert_null(app_flow(b.apps, b.packet.flow)->frames);
	say(&b, 1, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 41);
	assert_int_equal(app_flow(b.apps, b.packet.flow)->frames[1].ids, 1);
	/* Until other rules do. */
	b.opt.frames[APP_PROTO_HTTP1] = FRAME_BIT(FRAME_HTTP1_REQUEST);
	app_engine_needs(b.apps, &b.opt);
	say(&b, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	assert_int_equal(app_flow(b.apps, b.packet.flow)->frames[0].ids, 1);
	stop(&b);
}

/* A frame that is whole is looked at once: what each rule on it costs is counted. */
static void test_costs(void **state)
{
	static const struct {
		uint32_t sid;
		struct rule_cost cost;
	} of[] = {
		{ 1, { .candidates = 1, .checks = 1, .matches = 1 } },
		{ 2, { .candidates = 1, .checks = 1 } },
		{ 3, { .candidates = 1 } },
		{ 4, { .candidates = 0 } },
	};
	struct bench b;

	(void)state;
	start(&b,
	      "alert http1 any any -> any any (frame:request; content:\"GET\"; sid:1;)\n"
	      "alert http1 any any -> any any (frame:request; content:\"Host\"; content:\"z\"; "
	      "sid:2;)\n"
	      "alert http1 203.0.113.1 any -> any any (frame:request; content:\"GET\"; sid:3;)\n"
	      "alert http1 any any -> any any (frame:request; content:\"never\"; sid:4;)\n",
	      &usual, IP_PROTO_TCP, 80);
	shake_hands(&b);
	say(&b, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	send_packet(&b, 0, TCP_ACK, NULL, 0);
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		uint32_t rule = ruleset_find(b.rig.rules, of[i].sid, 0);
		const struct rule_cost *c = detector_rule_cost(b.rig.detector, rule);

		assert_int_equal(c->candidates, of[i].cost.candidates);
		assert_int_equal(c->checks, of[i].cost.checks);
		assert_int_equal(c->matches, of[i].cost.matches);
	}
	stop(&b);
}

/* The names of one protocol's frames are found, and no others. */
static void test_names(void **state)
{
	const char *names[FRAME_TYPE__COUNT];

	(void)state;
	for (unsigned t = FRAME_STREAM; t < FRAME_TYPE__COUNT; t++) {
		const struct frame_row *row = frame_row((enum frame_type)t);
		enum app_proto app =
			row->app == APP_PROTO_UNKNOWN ? APP_PROTO_FTP : (enum app_proto)row->app;

		assert_int_equal(frame_find(app, row->name, strlen(row->name)), t);
		assert_int_equal(frame_find(APP_PROTO_SMB, row->name, strlen(row->name)),
				 FRAME_NONE);
	}
	assert_int_equal(frame_find(APP_PROTO_DNS, "hdr", 3), FRAME_NONE);
	assert_int_equal(frame_names(APP_PROTO_HTTP1, names, FRAME_TYPE__COUNT), 3);
	assert_string_equal(names[2], "response");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),	cmocka_unit_test(test_rules),
		cmocka_unit_test(test_goes_on), cmocka_unit_test(test_gap),
		cmocka_unit_test(test_limit),	cmocka_unit_test(test_unwanted),
		cmocka_unit_test(test_names),	cmocka_unit_test(test_costs),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
