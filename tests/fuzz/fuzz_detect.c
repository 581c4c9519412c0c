/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads against a fixed set of rules with every kind of condition, above all byte_* with numbers
 * that the payload chooses.  What the search for patterns finds must be what trying every rule
 * finds; the stream's way is run with an origin and a fresh edge from the input.
 */
#include "engine/detect/eval.h"
#include "tests/unit/detect_rig.h"
#include "tests/unit/guard.h"

#define RULE(sid, options) "alert udp any any -> any any (" options " sid:" #sid ";)\n"

static const char rules[] = RULE(1, "content:\"ab\";") RULE(2, "content:\"AB\"; nocase; offset:1; depth:20;") RULE(
	3, "content:\"a\"; content:\"b\"; distance:1; within:4; content:\"c\"; distance:-3;")
	RULE(4, "content:\"ab\"; endswith;") RULE(5, "content:!\"ab\"; content:\"c\"; startswith;") RULE(
		6, "pcre:\"/[a-c]{2,4}d/\"; content:\"e\"; within:2;")
		RULE(7, "content:\"a\"; pcre:\"/^[bc]+/R\"; isdataat:2,relative;") RULE(
			8,
			"byte_test:4,>,1000,0; byte_test:2,<,60000,2,little;") RULE(9,
										    "byte_jump:2,0; content:\"a\"; within:3;")
			RULE(10, "byte_jump:4,0,multiplier 3,align,post_offset -5; isdataat:1,relative;") RULE(
				11,
				"byte_jump:1,0,from_end,post_offset -4; content:\"a\"; within:2;")
				RULE(12, "byte_extract:4,0,n; content:\"a\"; offset:n; depth:n;") RULE(
					13,
					"byte_extract:4,0,n; content:\"a\"; content:\"b\"; distance:n; within:n;")
					RULE(14, "byte_extract:1,0,n; byte_jump:1,n; byte_test:1,>,n,0,relative;") RULE(
						15,
						"byte_extract:2,0,n,string,hex; isdataat:n; isdataat:!n,relative;")
						RULE(16,
						     "byte_math:bytes 4, offset 0, oper *, rvalue 3, result n; byte_test:1,=,n,4;")
							RULE(17,
							     "byte_extract:1,0,k; byte_math:bytes 2, offset 1, oper /, rvalue k, result n; "
							     "byte_jump:1,n,relative; content:\"a\"; distance:0;")
								RULE(18,
								     "byte_test:10,>,0,0,string,dec; content:\"1\";")
									RULE(19,
									     "pcre:!\"/(a|b)*c/\"; content:\"a\";")
										RULE(20,
										     "content:\"a\"; byte_jump:1,0,relative,from_beginning; pcre:\"/b./Rs\";");

static struct rig rig;
static struct regex_scratch *regex;
static struct hs_work *scratch;

static void start(void)
{
	if (rig.detector)
		return;
	rig_open(&rig, rules);
	if (regex_scratch_new(3500, 1500, 8, &regex) ||
	    hs_work_new(rig.rules->filter, rig.rules->block->regex_count, &scratch))
		abort();
}

static void compare(struct eval *e, const struct packet *p)
{
	unsigned at = 0;

	e->p = p;
	e->have = eval_facts(p, NULL) | eval_ends(e);
	for (uint32_t i = 0; i < ruleset_rules(rig.rules); i++) {
		const struct rule_row *row = &rig.rules->row[i];
		bool holds = (row->need & e->have) == row->need && eval_header(e, row) &&
			     eval_packet(e, row) && eval_bytes(e, row);
		bool found = at < rig.result.alerts && rig.result.alert[at].rule == i;

		at += found;
		if (holds != found)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor in = cursor_of(bytes_of(data, size));
	uint32_t origin = cursor_be32(&in);
	uint16_t fresh = cursor_be16(&in);
	struct bytes payload = cursor_rest(&in);
	struct packet p;
	struct eval e;

	start();
	if (!cursor_ok(&in))
		return 0;
	payload.data = guard_copy(payload.data, payload.len);
	p = rig_udp(payload.data, payload.len);
	e = (struct eval){ .rs = rig.rules,
			   .regex = regex,
			   .scratch = scratch,
			   .proto = PROTO_UDP,
			   .steps_max = 3000,
			   .data = payload };
	rig_inspect(&rig, &p);
	compare(&e, &p);
	e.origin = origin & 1 ? origin : origin & 0xff;
	e.fresh = payload.len ? fresh % payload.len : 0;
	for (uint32_t i = 0; i < ruleset_rules(rig.rules); i++)
		eval_bytes(&e, &rig.rules->row[i]);
	guard_free_all();
	return 0;
}
