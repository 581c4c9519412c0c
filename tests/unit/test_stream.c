/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of stream_rows.h, as they are and with sessions that are kept in less room between packets. */
#include <stdlib.h>

#include "tests/unit/stream_bench.h"
#include "tests/unit/stream_rows.h"

static void parse(struct bench *b, const char *text, unsigned variant, struct packet *p)
{
	char side, flags[16], payload[64] = "";
	unsigned seq = 0, ack = 0, window = 8192, ts = (unsigned)b->number + 1;
	uint32_t broken = 0;
	uint32_t echo = 0;
	const char *at;

	assert_true(sscanf(text, "%c %15s %u %u %63s", &side, flags, &seq, &ack, payload) >= 3);
	at = strstr(text, "win=");
	if (at)
		window = (unsigned)atoi(at + 4);
	at = strstr(text, "ts=");
	if (at)
		ts = (unsigned)atoi(at + 3);
	at = strstr(text, "echo=");
	if (at)
		echo = (uint32_t)atoi(at + 5);
	at = strstr(text, "ack=");
	if (at)
		broken = (uint32_t)atoi(at + 4);
	if (strchr(payload, '='))
		payload[0] = 0;
	make(b, p, side == '>', flags_of(flags), seq, ack, payload, strlen(payload));
	p->tcp.window = (uint16_t)window;
	if (broken)
		p->tcp.ack = broken;
	at = strstr(text, "urg=");
	if (at)
		p->tcp.urgent = (uint16_t)strtoul(at + 4, NULL, 10);
	p->tcp.has_signature = strstr(text, "sig=") != NULL;
	p->tcp.ts_echo = echo;
	if ((variant & TIMES) || echo) {
		p->tcp.has_ts = true;
		p->tcp.ts_value = ts;
	}
	if ((variant & SCALED) && (p->tcp.flags & TCP_SYN)) {
		p->tcp.has_wscale = true;
		p->tcp.wscale = 2;
	}
}

/* Whenever it may: waking must bring back what was put to rest, to the byte.  Returns how often it did. */
static unsigned rest(struct bench *b, struct flow *f)
{
	struct session before;

	if (!f->tcp || stream_is_empty(f))
		return 0;
	before = *session_at(b->e, f->tcp);
	session_rest(b->e, f);
	if (!stream_is_empty(f))
		return 0;
	assert_memory_equal(session_look(b->e, f), &before, sizeof(before));
	return 1;
}

static unsigned run(const struct scenario *s, bool rests)
{
	struct stream_options opt = defaults();
	struct packet p = { .number = 0 };
	struct flow *f = NULL;
	unsigned rested = 0;
	struct bench b;

	opt.use_inline = s->variant & INLINE;
	opt.midstream = s->variant & MIDSTREAM;
	opt.async_oneside = s->variant & ASYNC;
	if (s->variant & CHUNKS)
		opt.chunk_bytes[0] = opt.chunk_bytes[1] = 8;
	if (s->variant & SHALLOW)
		opt.depth = 8;
	if (s->variant & NARROW)
		opt.window = 4;
	if (s->variant & LAST)
		opt.policy = STREAM_POLICY_LAST;
	set_up(&b, &opt);
	for (size_t i = 0; i < sizeof(s->row) / sizeof(s->row[0]) && s->row[i].segment; i++) {
		char seen[512] = "";

		if (strcmp(s->row[i].segment, "end") == 0) {
			size_t n = show_views(&b, f, 0, true, seen, sizeof(seen));

			show_views(&b, f, 1, true, seen + n, sizeof(seen) - n);
			assert_false(stream_pending(b.e, f, 0));
			assert_false(stream_pending(b.e, f, 1));
		} else if (strncmp(s->row[i].segment, "release ", 8) == 0) {
			unsigned way = s->row[i].segment[8] == '<';

			stream_release_way(b.e, f, way);
			b.released |= 1u << way;
		} else {
			parse(&b, s->row[i].segment, s->variant, &p);
			take_in(&b, &p);
			assert_non_null(p.flow);
			f = p.flow;
			show(&b, &p, seen, sizeof(seen));
		}
		if (strcmp(seen, s->row[i].seen) != 0)
			fail_msg("%s, row %zu: %s\n  seen   %s\n  wanted %s", s->name, i + 1,
				 s->row[i].segment, seen, s->row[i].seen);
		if (rests)
			rested += rest(&b, f);
	}
	tear_down(&b);
	return rested;
}

static void scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenario) / sizeof(scenario[0]); i++)
		run(&scenario[i], false);
}

/* Nobody sees that a session without bytes lies elsewhere between its packets. */
static void rests(void **state)
{
	unsigned rested = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(scenario) / sizeof(scenario[0]); i++)
		rested += run(&scenario[i], true);
	assert_true(rested > sizeof(scenario) / sizeof(scenario[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenarios),
		cmocka_unit_test(rests),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
