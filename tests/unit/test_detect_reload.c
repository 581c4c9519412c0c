/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/kit.h"
#include "engine/detect/tx.h"
#include "tests/unit/detect_rig.h"
#include "tests/unit/tx_rig.h"

#define SETS_MAX 8

/* Rulesets that came one after the other; the detector is the rig's. */
static struct {
	struct rig rig;
	struct ruleset *later[SETS_MAX];
	struct detect_kit *kit[SETS_MAX], *first;
	unsigned count;
	uint64_t packets;
} all;

static struct ruleset *compile(const char *text)
{
	struct rule_parse_options opt = { .variable = rig_variable };
	struct rule_set parsed;
	struct ruleset *rules;

	rule_set_init(&parsed);
	rig_must(rule_set_text(&parsed, "later.rules", text, strlen(text), &opt, &all.rig.diags) ==
			 0,
		 &all.rig, "parse");
	rig_must(detect_compile(&parsed, &all.rig.options, &all.rig.diags, &rules) == 0, &all.rig,
		 "compile");
	rig_must(all.rig.diags.errors == 0, &all.rig, "mistake in a rule");
	rule_set_fini(&parsed);
	return rules;
}

static void begin(const char *text)
{
	struct detector_env env = { .apps = (struct app_engine *)&fake };

	memset(&all, 0, sizeof(all));
	fake_open(APP_PROTO_HTTP1, 4);
	for (unsigned i = 0; i < 4; i++)
		fake.tx[i].next = NULL;
	rig_open(&all.rig, text);
	detector_free(all.rig.detector);
	env.counters = &all.rig.counters;
	all.rig.options.reloads = true;
	rig_must(detector_new(all.rig.rules, &all.rig.options, &env, &all.rig.detector) == 0,
		 &all.rig, "detector");
	all.first = detector_kit(all.rig.detector);
}

static bool next_with(const char *text, const struct detect_successors *s)
{
	unsigned i = all.count++;

	all.later[i] = compile(text);
	assert_int_equal(detect_kit_new(all.later[i], &all.rig.options, &all.kit[i]), 0);
	return detector_use(all.rig.detector, all.kit[i], s);
}

static bool next(const char *text)
{
	return next_with(text, NULL);
}

/* What the detector left is not its own any more. */
static void end(void)
{
	detect_flow_end(all.rig.detector, &fake.flow);
	detector_leave(all.rig.detector);
	if (detect_kit_is_left(all.first))
		detect_kit_free(all.first);
	for (unsigned i = 0; i < all.count; i++) {
		if (all.kit[i] && detect_kit_is_left(all.kit[i]))
			detect_kit_free(all.kit[i]);
	}
	rig_close(&all.rig);
	for (unsigned i = 0; i < all.count; i++)
		ruleset_free(all.later[i]);
}

static const char *inspect(const char *payload, unsigned dir)
{
	static char text[256];
	struct packet p = rig_tcp(payload, payload ? strlen(payload) : 0, TCP_ACK);
	size_t at = 0;

	p.number = ++all.packets;
	p.flow = &fake.flow;
	p.direction = (uint8_t)dir;
	p.established = true;
	detect_packet(all.rig.detector, &p, &all.rig.result);
	text[0] = '\0';
	for (unsigned i = 0; i < all.rig.result.alerts; i++) {
		const struct alert *a = &all.rig.result.alert[i];
		struct rule_info info;

		ruleset_rule(a->rules, a->rule, &info);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", at ? " " : "",
				       info.sid);
	}
	return text;
}

/* Until then it has not begun. */
static void whole(unsigned tx, unsigned dir)
{
	if (tx)
		fake.tx[tx - 1].next = &fake.tx[tx];
	fake.tx[tx].flags |= (uint8_t)(APP_TX_DONE << dir);
	fake.tx[tx].progress[dir]++;
}

/* --- what outlives a ruleset ---------------------------------------------------------------------------- */

#define TCP_RULE "alert tcp any any -> any any "

static void the_rules_in_force_decide(void **state)
{
	(void)state;
	begin(TCP_RULE "(sid:1; content:\"one\";)\n");
	assert_string_equal(inspect("one two", 0), "1");
	assert_true(next(TCP_RULE "(sid:2; content:\"two\";)\n" TCP_RULE
				  "(sid:3; content:\"three\";)\n"));
	assert_string_equal(inspect("one two", 0), "2");
	assert_string_equal(inspect("three", 0), "3");
	assert_true(next("# none\n"));
	assert_string_equal(inspect("one two three", 0), "");
	end();
}

static void marks_of_a_flow_go_on(void **state)
{
	(void)state;
	begin(TCP_RULE "(sid:1; content:\"a\"; flowbits:set,seen; flowint:n,=,5; noalert;)\n");
	assert_string_equal(inspect("a", 0), "");
	/* Other numbers, other names beside them. */
	assert_true(next(TCP_RULE
			 "(sid:7; content:\"z\"; flowbits:set,aaa; flowbits:set,zzz;)\n" TCP_RULE
			 "(sid:8; content:\"b\"; flowbits:isset,seen;)\n" TCP_RULE
			 "(sid:9; content:\"b\"; flowint:n,==,5;)\n" TCP_RULE
			 "(sid:10; content:\"b\"; flowbits:isset,aaa;)\n"));
	assert_string_equal(inspect("b", 0), "8 9");
	end();
}

static void tagged_packets_are_told_of_by_a_set_without_tags(void **state)
{
	(void)state;
	begin(TCP_RULE "(sid:1; content:\"a\"; tag:session,2,packets;)\n");
	assert_string_equal(inspect("a", 0), "1");
	assert_true(next(TCP_RULE "(sid:2; content:\"z\";)\n"));
	inspect("b", 0);
	assert_true(all.rig.result.tagged);
	end();
}

/* --- transactions ---------------------------------------------------------------------------------------- */

#define HTTP "alert http any any -> any any "

static void a_transaction_finishes_on_the_rules_that_it_began_with(void **state)
{
	(void)state;
	begin(HTTP "(sid:1; http.uri; content:\"/a\";)\n" HTTP
		   "(sid:2; flow:to_client; http.stat_code; content:\"200\";)\n");
	fake_buffer(0, BUFFER_HTTP_URI, 0, "/a");
	fake_buffer(0, BUFFER_HTTP_STAT_CODE, 1, "200");
	fake_buffer(1, BUFFER_HTTP_URI, 0, "/a");
	fake_buffer(1, BUFFER_HTTP_STAT_CODE, 1, "200");
	whole(0, 0);
	assert_string_equal(inspect(NULL, 0), "1");
	assert_true(next(HTTP "(sid:3; flow:to_client; http.stat_code; content:\"200\";)\n" HTTP
			      "(sid:1; http.uri; content:\"/a\";)\n" HTTP
			      "(sid:4; http.uri; content:\"/\";)\n"));
	whole(1, 0);
	/* Only the second has not begun. */
	assert_string_equal(inspect(NULL, 0), "1 4");
	assert_false(detect_kit_is_left(all.kit[0]));
	whole(0, 1);
	assert_string_equal(inspect(NULL, 1), "2");
	whole(1, 1);
	assert_string_equal(inspect(NULL, 1), "3");
	end();
}

/* Packets are from 10.0.0.1: at home to the first ruleset, and not to the next. */
static void it_sees_addresses_as_those_rules_do(void **state)
{
	(void)state;
	begin("alert http 10.0.0.1 any -> any any (sid:1; http.uri; content:\"/a\";)\n"
	      "alert http 10.0.0.1 any -> any any (sid:2; flow:to_client; http.stat_code; content:\"200\";)\n");
	fake_buffer(0, BUFFER_HTTP_URI, 0, "/a");
	fake_buffer(0, BUFFER_HTTP_STAT_CODE, 1, "200");
	fake_buffer(1, BUFFER_HTTP_STAT_CODE, 1, "200");
	whole(0, 0);
	assert_string_equal(inspect(NULL, 0), "1");
	assert_true(next(
		"alert http 10.0.0.9 any -> any any (sid:3; flow:to_client; http.stat_code; content:\"200\";)\n"
		"alert http !10.0.0.9 any -> any any (sid:4; flow:to_client; http.stat_code; content:\"200\";)\n"));
	whole(0, 1);
	whole(1, 1);
	assert_string_equal(inspect(NULL, 1), "2 4");
	end();
}

static void a_kit_is_left_with_its_last_transaction(void **state)
{
	(void)state;
	begin(HTTP "(sid:1; http.uri; content:\"/a\";)\n");
	assert_true(next(HTTP "(sid:2; http.uri; content:\"/a\";)\n"));
	fake_buffer(0, BUFFER_HTTP_URI, 0, "/a");
	whole(0, 0);
	assert_string_equal(inspect(NULL, 0), "2");
	assert_true(next(HTTP "(sid:3; http.uri; content:\"/a\";)\n"));
	assert_false(detect_kit_is_left(all.kit[0]));
	whole(0, 1);
	assert_string_equal(inspect(NULL, 1), "");
	detector_leave(all.rig.detector);
	assert_true(detect_kit_is_left(all.kit[0]));
	assert_false(detect_kit_is_left(all.kit[1]));
	end();
}

/* A rule over both directions has held in part. */
static void past_the_limit_the_oldest_goes_on_with_what_has_held(void **state)
{
	struct detect_successors *s;
	static const char set[] =
		HTTP "(sid:9; http.uri; content:\"/a\";)\n" HTTP
		     "(sid:8; flow:to_client; http.stat_code; content:\"200\";)\n";

	(void)state;
	begin(HTTP "(sid:8; flow:to_client; http.stat_code; content:\"200\";)\n" HTTP
		   "(sid:9; http.uri; content:\"/a\";)\n");
	for (unsigned i = 0; i < 4; i++) {
		fake_buffer(i, BUFFER_HTTP_URI, 0, "/a");
		fake_buffer(i, BUFFER_HTTP_STAT_CODE, 1, "200");
	}
	/* One transaction on each of the rulesets that may be known at once. */
	for (unsigned i = 0; i < KITS_MAX; i++) {
		whole(i, 0);
		assert_string_equal(inspect(NULL, 0), "9");
		if (i + 1 < KITS_MAX)
			assert_true(next(set));
	}
	assert_false(next(set));
	detect_kit_free(all.kit[KITS_MAX - 1]);
	all.kit[KITS_MAX - 1] = NULL;
	assert_int_equal(detect_successors_new(all.rig.rules, all.later[KITS_MAX - 2], &s), 0);
	assert_true(next_with(set, s));
	detect_successors_free(s);
	/* No rule holds again, none is lost. */
	assert_string_equal(inspect(NULL, 0), "");
	for (unsigned i = 0; i < KITS_MAX; i++) {
		whole(i, 1);
		assert_string_equal(inspect(NULL, 1), "8");
	}
	end();
}

static void successors_are_found_by_name(void **state)
{
	struct detect_successors *s;

	(void)state;
	begin(TCP_RULE "(sid:1; content:\"a\";)\n" TCP_RULE "(sid:2; content:\"b\";)\n" TCP_RULE
		       "(sid:3; content:\"c\";)\n");
	all.later[all.count++] = compile(TCP_RULE "(sid:3; content:\"c\";)\n" TCP_RULE
						  "(sid:2; content:\"other\";)\n");
	assert_int_equal(detect_successors_new(all.rig.rules, all.later[0], &s), 0);
	for (uint32_t i = 0; i < 3; i++) {
		struct rule_info was, is;

		ruleset_rule(all.rig.rules, i, &was);
		if (was.sid == 1) {
			assert_int_equal(s->of[i].rule, UINT32_MAX);
			continue;
		}
		ruleset_rule(all.later[0], s->of[i].rule, &is);
		assert_int_equal(is.sid, was.sid);
		assert_int_equal(s->of[i].same, was.sid == 3);
	}
	detect_successors_free(s);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_in_force_decide),
		cmocka_unit_test(marks_of_a_flow_go_on),
		cmocka_unit_test(tagged_packets_are_told_of_by_a_set_without_tags),
		cmocka_unit_test(a_transaction_finishes_on_the_rules_that_it_began_with),
		cmocka_unit_test(it_sees_addresses_as_those_rules_do),
		cmocka_unit_test(a_kit_is_left_with_its_last_transaction),
		cmocka_unit_test(past_the_limit_the_oldest_goes_on_with_what_has_held),
		cmocka_unit_test(successors_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
