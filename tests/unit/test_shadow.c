/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel marked, held against what the engine did with it.
 */
#include "engine/run/shadow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "bpf/weir_xdp.h"

enum fact {
	FLOW = 1 << 0,
	RELEASED = 1 << 1, /* the packet's way of it */
	OTHER_WAY = 1 << 2, /* the other is released */
	ADMITTED = 1 << 3,
	RECORD = 1 << 4,
	FLOW_RECORDS = 1 << 5,
	QUOTES = 1 << 6, /* an ICMP error about the flow */
};

static const struct {
	uint32_t mark;
	unsigned facts;
	int wrong; /* -1: not looked at */
	const char *text;
} rows[] = {
	{ 0, ADMITTED, -1, "" },
	{ WEIR_UP_WANTED, ADMITTED, -1, "" },
	{ WEIR_KEPT_PORT, 0, 0, "" },
	{ WEIR_KEPT_PORT, FLOW, 0, "" },
	{ WEIR_KEPT_PORT, ADMITTED, 1, "kept for its ports, but a rule's header admits it" },
	{ WEIR_KEPT_PROTO, RECORD, 1, "kept for its protocol, but a record wants it" },
	{ WEIR_KEPT_NET, FLOW | FLOW_RECORDS, 1, "kept for its addresses, but a record wants it" },
	{ WEIR_KEPT_NET, FLOW_RECORDS, 0, "" },
	{ WEIR_KEPT_NOT_IP, RECORD, 1, "kept for not IP" },
	{ WEIR_KEPT_RELEASED, FLOW | RELEASED, 0, "" },
	{ WEIR_KEPT_RELEASED, FLOW | RELEASED | FLOW_RECORDS, 0, "" },
	{ WEIR_KEPT_RELEASED, FLOW, 1, "kept for a released flow, but its flow is inspected here" },
	{ WEIR_KEPT_RELEASED, FLOW | OTHER_WAY, 1, "its flow is inspected here" },
	/* Around a released flow, or of none. */
	{ WEIR_KEPT_RELEASED, 0, 0, "" },
	{ WEIR_KEPT_RELEASED, ADMITTED, 1, "a rule's header admits it" },
	{ WEIR_KEPT_RELEASED, FLOW | QUOTES | ADMITTED, 1, "a rule's header admits it" },
	{ WEIR_LOST_WORKER, ADMITTED, -1, "" },
};

static void judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned facts = rows[i].facts;
		struct shadow s = { .flows_wanted = facts & FLOW_RECORDS };
		struct counters *c = calloc(1, sizeof(*c));
		struct frame frame = { .mark = rows[i].mark };
		struct flow flow = { .proto = IP_PROTO_TCP,
				     .released = facts & RELEASED    ? 2
						 : facts & OTHER_WAY ? 1
								     : 0 };
		struct packet p = { .frame = &frame,
				    .number = 7,
				    .direction = 1,
				    .ip_version = 4,
				    .proto = facts & QUOTES ? IP_PROTO_ICMP : IP_PROTO_TCP,
				    .flow = facts & FLOW ? &flow : NULL };
		struct detect_result res = { .admitted = facts & ADMITTED };
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(c);
		assert_non_null(out);
		shadow_check(&s, c, &p, &res, facts & RECORD);
		assert_int_equal(c->value[COUNTER_SHADOW_PACKETS], rows[i].wrong >= 0);
		assert_int_equal(c->value[COUNTER_SHADOW_WRONG], rows[i].wrong > 0);
		shadow_print(&s, out);
		fclose(out);
		assert_int_equal(len > 0, rows[i].wrong > 0);
		if (!strstr(text, rows[i].text))
			fail_msg("row %zu: %s", i, text);
		free(text);
		free(c);
	}
}

/* The first are kept, all are counted. */
static void many(void **state)
{
	struct shadow s = { .mistakes = 0 };
	struct counters *c = calloc(1, sizeof(*c));
	struct frame frame = { .mark = WEIR_KEPT_PORT };
	struct packet p = { .frame = &frame };
	struct detect_result res = { .admitted = true };

	(void)state;
	assert_non_null(c);
	for (unsigned i = 0; i < 100; i++)
		shadow_check(&s, c, &p, &res, false);
	assert_int_equal(s.mistakes, SHADOW_MISTAKES);
	assert_int_equal(c->value[COUNTER_SHADOW_WRONG], 100);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judged),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests_name("shadow", tests, NULL, NULL);
}
