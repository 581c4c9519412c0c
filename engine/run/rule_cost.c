/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/rule_cost.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/detect/ruleset.h"
#include "engine/run/rule_top.h"

struct rule_cost_file {
	FILE *out;
	struct rule_top_clock begin;
};

static uint64_t number(const json_t *o, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(o, name));

	return n > 0 ? (uint64_t)n : 0;
}

bool rule_cost_read(const char *text, struct rule_cost_line *out)
{
	json_t *o = json_loads(text, 0, NULL);
	const char *buffer = json_string_value(json_object_get(o, "buffer"));
	bool good = buffer && json_is_integer(json_object_get(o, "sid"));

	if (good) {
		*out = (struct rule_cost_line){ .gid = (uint32_t)number(o, "gid"),
						.sid = (uint32_t)number(o, "sid"),
						.rev = (uint32_t)number(o, "rev"),
						.candidates = number(o, "candidates"),
						.checks = number(o, "checks"),
						.matches = number(o, "matches"),
						.ns = number(o, "ns") };
		snprintf(out->buffer, sizeof(out->buffer), "%s", buffer);
	}
	json_decref(o);
	return good;
}

int rule_cost_open(const char *folder, struct rule_cost_file **out)
{
	struct rule_cost_file *f = calloc(1, sizeof(*f));
	char path[4096];
	int err = -ENOMEM;

	*out = NULL;
	if (!f)
		return err;
	if (snprintf(path, sizeof(path), "%s/" RULE_COST_FILE, folder) >= (int)sizeof(path)) {
		err = -ENAMETOOLONG;
		goto fail;
	}
	f->out = fopen(path, "we");
	if (!f->out) {
		err = -errno;
		goto fail;
	}
	f->begin = rule_top_begin();
	*out = f;
	return 0;
fail:
	rule_cost_close(f);
	return err;
}

void rule_cost_close(struct rule_cost_file *f)
{
	if (!f)
		return;
	if (f->out)
		fclose(f->out);
	free(f);
}

int rule_cost_write(struct rule_cost_file *f, const struct workers *w, const struct ruleset *rs)
{
	for (uint32_t i = 0; i < rs->block->rules.count; i++) {
		struct rule_cost c = workers_rule_cost(w, i);
		struct rule_info info;

		if (!c.candidates)
			continue;
		ruleset_rule(rs, i, &info);
		fprintf(f->out,
			"{\"gid\":%" PRIu32 ",\"sid\":%" PRIu32 ",\"rev\":%" PRIu32
			",\"buffer\":\"%s\",\"candidates\":%" PRIu64 ",\"checks\":%" PRIu64
			",\"matches\":%" PRIu64 ",\"ns\":%" PRIu64 "}\n",
			info.gid, info.sid, info.rev, rule_top_buffer(rs, i), c.candidates,
			c.checks, c.matches, rule_top_ns(&f->begin, c.cycles));
	}
	return fflush(f->out) || ferror(f->out) ? -EIO : 0;
}
