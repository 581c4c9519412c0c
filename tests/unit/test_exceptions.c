/* SPDX-License-Identifier: Apache-2.0 */
/* Exception policies: what each does to a packet and to its flow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/exceptions.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	enum exception_target target;
	enum exception_policy policy;
	const char *packet; /* "" untouched, "pass", "bypass", "drop" */
	uint16_t flow; /* flags */
	const char *counter; /* NULL: none */
	uint64_t twice; /* what it is after another packet of the flow */
} rows[] = {
	{ EXCEPTION_MIDSTREAM, EXCEPTION_IGNORE, "", 0, NULL, 0 },
	{ EXCEPTION_MIDSTREAM, EXCEPTION_PASS_FLOW, "pass", FLOW_PASSED,
	  "exception_policy.tcp.midstream.pass_flow", 2 },
	{ EXCEPTION_MIDSTREAM, EXCEPTION_BYPASS, "bypass", FLOW_PASSED,
	  "exception_policy.tcp.midstream.bypass", 2 },
	{ EXCEPTION_MIDSTREAM, EXCEPTION_DROP_FLOW, "drop", FLOW_DROPPED,
	  "exception_policy.tcp.midstream.drop_flow", 1 },
	{ EXCEPTION_MIDSTREAM, EXCEPTION_REJECT, "drop", FLOW_DROPPED | FLOW_REJECTED,
	  "exception_policy.tcp.midstream.reject", 1 },
	{ EXCEPTION_STREAM_MEMCAP, EXCEPTION_PASS_PACKET, "pass", 0,
	  "exception_policy.tcp.ssn_memcap.pass_packet", 2 },
	{ EXCEPTION_REASSEMBLY_MEMCAP, EXCEPTION_DROP_PACKET, "drop", 0,
	  "exception_policy.tcp.reassembly.drop_packet", 2 },
	{ EXCEPTION_APP_ERROR, EXCEPTION_REJECT_BOTH, "drop", FLOW_DROPPED | FLOW_REJECTED,
	  "exception_policy.app_layer.error.reject_both", 1 },
	{ EXCEPTION_FLOW_MEMCAP, EXCEPTION_DROP_PACKET, "drop", 0,
	  "exception_policy.flow.memcap.drop_packet", 2 },
	{ EXCEPTION_DEFRAG_MEMCAP, EXCEPTION_PASS_PACKET, "pass", 0,
	  "exception_policy.defrag.memcap.pass_packet", 2 },
};

static enum counter named(const char *name)
{
	for (int i = 0; i < COUNTER__COUNT; i++) {
		if (!strcmp(counter_name((enum counter)i), name))
			return (enum counter)i;
	}
	fail_msg("no counter %s", name);
	return COUNTER__COUNT;
}

static const char *outcome(const struct packet *p)
{
	if (p->dropped)
		return "drop";
	if (p->bypass)
		return p->passed ? "bypass" : "bypass, inspected";
	return p->passed ? "pass" : "";
}

static void policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		static struct counters counters;
		struct exceptions e = { .policy = { 0 } };
		struct flow f = { .proto = IP_PROTO_TCP };
		bool on_flow = rows[i].target < EXCEPTION_OF_FLOWS;
		uint64_t sum = 0;

		memset(&counters, 0, sizeof(counters));
		e.policy[rows[i].target] = (uint8_t)rows[i].policy;
		for (unsigned n = 0; n < 2; n++) {
			struct packet p = { .flow = on_flow ? &f : NULL };

			packet_exception(&p, rows[i].target);
			exceptions_settle(&e, &counters, &p);
			assert_int_equal(p.exceptions, 0);
			if (n == 0)
				assert_string_equal(outcome(&p), rows[i].packet);
			if (n == 0 && p.dropped)
				assert_int_equal(p.drop_target, rows[i].target + 1);
		}
		assert_int_equal(f.flags, rows[i].flow);
		assert_int_equal(f.exceptions, on_flow ? 1u << rows[i].target : 0);
		assert_int_equal(exceptions_dropped_flow(&e, &f),
				 (rows[i].flow & FLOW_DROPPED) != 0);
		for (int c = 0; c < COUNTER__COUNT; c++)
			sum += counters.value[c];
		assert_int_equal(sum, rows[i].twice);
		if (rows[i].counter)
			assert_int_equal(counters.value[named(rows[i].counter)], rows[i].twice);
	}
}

/* The end of a flow is no packet that could be dropped. */
static void pseudo(void **state)
{
	static struct counters counters;
	struct exceptions e = { .policy = { [EXCEPTION_APP_ERROR] = EXCEPTION_DROP_PACKET } };
	struct packet p = { .pseudo = true };

	(void)state;
	packet_exception(&p, EXCEPTION_APP_ERROR);
	exceptions_settle(&e, &counters, &p);
	assert_false(p.dropped);
}

static void shown(void **state)
{
	struct exceptions e = { .policy = { [EXCEPTION_MIDSTREAM] = EXCEPTION_PASS_FLOW } };

	(void)state;
	assert_true(exception_shows(&e, COUNTER_EXCEPTION_MIDSTREAM_PASS_FLOW, false));
	assert_false(exception_shows(&e, COUNTER_EXCEPTION_MIDSTREAM_DROP_FLOW, false));
	assert_true(exception_shows(&e, COUNTER_EXCEPTION_MIDSTREAM_DROP_FLOW, true));
	assert_false(exception_shows(&e, COUNTER_EXCEPTION_SESSION_PASS_FLOW, true));
	assert_false(exception_shows(NULL, COUNTER_EXCEPTION_MIDSTREAM_PASS_FLOW, true));
	assert_true(exception_shows(&e, COUNTER_FLOW_TOTAL, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(pseudo),
		cmocka_unit_test(shown),
	};

	return cmocka_run_group_tests_name("exceptions", tests, NULL, NULL);
}
