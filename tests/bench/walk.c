/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk RULES CAPTURE PASSES [KEY=VALUE...]: a capture through the stages and the detector, and nothing else: no threads, no sandbox,
 * no records.  For counting instructions (test_instructions.py).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/capture/capture.h"
#include "engine/cli/trial.h"
#include "engine/run/run.h"

#define GAP_NS (200 * 1000000000LL)

struct walk {
	struct trial trial;
	uint64_t packets, alerts;
};

static void on_packet(void *ctx, struct packet *p)
{
	struct walk *w = ctx;
	struct detect_result res;

	detect_packet(w->trial.detector, p, &res);
	w->alerts += res.alerts;
}

static void on_flow_end(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct walk *w = ctx;

	(void)reason;
	detect_flow_end(w->trial.detector, f);
}

static int walk(struct walk *w, const struct settings *s, const struct ruleset *rules,
		const char *path, unsigned passes)
{
	struct pipeline_hooks hooks = { .packet = on_packet, .flow_end = on_flow_end, .ctx = w };
	struct capture_options opt = { .inputs = &path,
				       .input_count = 1,
				       .readers = 1,
				       .passes = passes,
				       .pass_gap_ns = GAP_NS };
	char error[CAPTURE_ERROR_BYTES] = "";
	const struct capture_block *block;
	struct capture *c;
	const char *failed;

	if (capture_open(&opt, &c, error)) {
		fprintf(stderr, "walk: %s\n", error);
		return 1;
	}
	if (trial_init(&w->trial, s, rules, &hooks, &failed)) {
		fprintf(stderr, "walk: %s\n", failed);
		return 1;
	}
	while (capture_next_block(c, 0, &block) == 1) {
		for (unsigned i = 0; i < block->count; i++)
			trial_frame(&w->trial, &block->frames[i]);
		w->packets += block->count;
	}
	trial_end(&w->trial);
	trial_fini(&w->trial);
	capture_close(c);
	return 0;
}

int main(int argc, char **argv)
{
	struct settings_args args = { .checksums = "none" };
	struct walk w = { .packets = 0 };
	struct run_rules rules;
	struct settings *s;
	struct diag_list diags;
	int code = 1;

	if (argc < 4 || !text_list_add(&args.sets, "workers=1") ||
	    !text_list_add(&args.rules, argv[1])) {
		fprintf(stderr, "usage: walk RULES CAPTURE PASSES [KEY=VALUE...]\n");
		return 2;
	}
	for (int i = 4; i < argc; i++) {
		if (!text_list_add(&args.sets, argv[i]))
			return 1;
	}
	diag_list_init(&diags);
	if (settings_load(&args, &diags, &s) || run_load_rules(s, &diags, &rules))
		return 1;
	if (diags.errors)
		settings_print_diags(&diags, stderr);
	else
		code = walk(&w, s, rules.compiled, argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	run_rules_fini(&rules);
	settings_free(s);
	diag_list_fini(&diags);
	text_list_fini(&args.sets);
	text_list_fini(&args.rules);
	if (!code)
		printf("%llu packets, %llu alerts\n", (unsigned long long)w.packets,
		       (unsigned long long)w.alerts);
	return code;
}
