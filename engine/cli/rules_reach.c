/* SPDX-License-Identifier: Apache-2.0 */
/* weir rules --reach: how far into a flow each rule can alert. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/rules.h"
#include "engine/detect/reach.h"

struct line {
	const struct rule_row *row;
	const struct rule_cold *cold;
	uint32_t rule;
};

/* Far reaches first, then by number. */
static int line_order(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->row->reach != y->row->reach)
		return y->row->reach - x->row->reach;
	if (x->cold->gid != y->cold->gid)
		return x->cold->gid < y->cold->gid ? -1 : 1;
	return x->cold->sid < y->cold->sid ? -1 : x->cold->sid > y->cold->sid;
}

static bool keeps_up(const struct rule_row *row)
{
	for (unsigned class = 0; class < PROTO_CLASS__COUNT; class ++) {
		if ((row->protos >> class & 1) && reach_holds(row, class))
			return true;
	}
	return false;
}

static const char *way(const struct rule_row *row)
{
	bool to_server = row->need & NEED_TO_SERVER, to_client = row->need & NEED_TO_CLIENT;

	return to_server == to_client ? "both" : to_server ? "to server" : "to client";
}

static const char *cause(const struct ruleset *rs, const struct rule_row *row)
{
	const struct cond *c = reach_cause(row, rs->cond + row->conds);

	return c ? block_text(rs->block, c->text) : "";
}

static void print_line(const struct ruleset *rs, const struct line *l, int header)
{
	char name[32];

	snprintf(name, sizeof(name), "%" PRIu32 ":%" PRIu32, l->cold->gid, l->cold->sid);
	printf("%-14s %-20s %-10s %-*s  %s\n", name, reach_name((enum reach)l->row->reach),
	       way(l->row), header, block_text(rs->block, l->cold->header_text), cause(rs, l->row));
}

#define HEADER_MOST 60

static void print_table(const struct ruleset *rs, const struct line *line, size_t lines)
{
	size_t width = strlen("header");

	for (size_t i = 0; i < lines; i++) {
		size_t len = strlen(block_text(rs->block, line[i].cold->header_text));

		if (len > width && len <= HEADER_MOST)
			width = len;
	}
	printf("\n%-14s %-20s %-10s %-*s  %s\n", "rule", "reach", "direction", (int)width, "header",
	       "because of");
	for (size_t i = 0; i < lines; i++)
		print_line(rs, &line[i], (int)width);
}

static const char *const words[REACH__COUNT] = {
	[REACH_FIRST] = "addresses and ports alone, tried once a direction",
	[REACH_HANDSHAKE] = "until both sides have been seen",
	[REACH_FLAGS] = "on TCP flags that always come",
	[REACH_ODD] = "on decoder events; such packets always come",
	[REACH_STREAM_EVENT] = "given up when a flow is released",
	[REACH_BYTES] = "the start of a stream, or while a count is low",
	[REACH_STREAM] = "given up past stream.reassembly.depth",
	[REACH_FLOW] = "may become true at any time: keeps flows up",
	[REACH_PACKET] = "looks at each packet: keeps flows up",
};

static void print_counts(const struct ruleset *rs, size_t keeping)
{
	size_t count[REACH__COUNT] = { 0 };
	uint32_t rules = rs->block->rules.count;

	for (uint32_t i = 0; i < rules; i++)
		count[rs->row[i].reach]++;
	if (keeping)
		printf("%zu of %" PRIu32 " rules keep flows up that their header admits.\n\n",
		       keeping, rules);
	else
		printf("None of %" PRIu32 " rules keeps a flow up past its depth.\n\n", rules);
	for (int i = REACH__COUNT - 1; i >= 0; i--) {
		if (count[i])
			printf("%8zu  %-20s %s\n", count[i], reach_name((enum reach)i), words[i]);
	}
}

int rules_print_reach(const struct run_rules *rules, bool all)
{
	const struct ruleset *rs = rules->compiled;
	const struct rule_cold *cold = block_at(rs->block, rs->block->cold.offset);
	struct line *line = calloc(rs->block->rules.count + 1, sizeof(*line));
	size_t lines = 0, keeping = 0;

	if (!line) {
		fprintf(stderr, "weir rules: no memory\n");
		return EXIT_FAILED;
	}
	for (uint32_t i = 0; i < rs->block->rules.count; i++) {
		bool keeps = keeps_up(&rs->row[i]);

		keeping += keeps;
		if (keeps || all)
			line[lines++] = (struct line){ &rs->row[i], &cold[i], i };
	}
	qsort(line, lines, sizeof(*line), line_order);
	print_counts(rs, keeping);
	if (lines)
		print_table(rs, line, lines);
	free(line);
	return EXIT_DONE;
}
