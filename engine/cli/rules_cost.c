/* SPDX-License-Identifier: Apache-2.0 */
/* weir rules --cost: what rules have cost in a run that was made with --cost. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/cli/command.h"
#include "engine/cli/rules.h"
#include "engine/run/rule_cost.h"

#define LINE_MAX_BYTES 4096

struct cost {
	struct rule_cost_line line;
	const struct rule *rule; /* NULL: not among the rules that were given */
};

struct costs {
	struct cost *of;
	size_t count;
};

/* A file, or the log folder that it lies in. */
static FILE *open_file(const char *name, char *path, size_t size)
{
	struct stat st;

	snprintf(path, size, "%s", name);
	if (stat(name, &st) == 0 && S_ISDIR(st.st_mode))
		snprintf(path, size, "%s/" RULE_COST_FILE, name);
	return fopen(path, "re");
}

static int read_costs(const char *name, struct costs *out)
{
	char path[4096], line[LINE_MAX_BYTES];
	FILE *f = open_file(name, path, sizeof(path));
	unsigned at = 0;
	int code = EXIT_DONE;

	if (!f) {
		fprintf(stderr, "weir rules: %s: %s; weir run --cost writes it\n", path,
			strerror(errno));
		return EXIT_FAILED;
	}
	while (code == EXIT_DONE && fgets(line, sizeof(line), f)) {
		struct cost *more;

		at++;
		more = out->count & (out->count - 1)
			       ? out->of
			       : realloc(out->of,
					 (out->count ? out->count * 2 : 1) * sizeof(*more));
		if (!more) {
			fprintf(stderr, "weir rules: no memory\n");
			code = EXIT_FAILED;
			break;
		}
		out->of = more;
		out->of[out->count].rule = NULL;
		if (rule_cost_read(line, &out->of[out->count].line)) {
			out->count++;
		} else {
			fprintf(stderr, "%s:%u: not the cost of a rule\n", path, at);
			code = EXIT_FAILED;
		}
	}
	fclose(f);
	return code;
}

/* --- joined with the rules ------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;
	uint64_t k = (uint64_t)x->line.gid << 32 | x->line.sid,
		 l = (uint64_t)y->line.gid << 32 | y->line.sid;

	return (k > l) - (k < l);
}

/* Dearest first. */
static int by_time(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	if (x->line.ns != y->line.ns)
		return x->line.ns < y->line.ns ? 1 : -1;
	if (x->line.candidates != y->line.candidates)
		return x->line.candidates < y->line.candidates ? 1 : -1;
	return by_key(a, b);
}

static void join(struct costs *c, const struct run_rules *rules)
{
	qsort(c->of, c->count, sizeof(*c->of), by_key);
	for (const struct rule *r = rules->parsed.first; r; r = r->next) {
		struct cost key = { .line = { .gid = r->gid, .sid = r->sid } };
		struct cost *found = bsearch(&key, c->of, c->count, sizeof(*c->of), by_key);

		if (found)
			found->rule = r;
	}
}

/* Only those that are meant; without rule files all are. */
static void choose(struct costs *c, const struct rules_choice *choice)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->count; i++) {
		bool meant = !choice->keys && !choice->where;

		if (c->of[i].rule)
			meant = rules_chosen(choice, c->of[i].rule);
		if (meant)
			c->of[kept++] = c->of[i];
	}
	c->count = kept;
}

/* --- told ---------------------------------------------------------------------------------------------- */

static void put_row(const struct cost *c, uint64_t all_ns, const char *last)
{
	double percent = all_ns ? 100.0 * (double)c->line.ns / (double)all_ns : 0;

	printf("%10.3f %5.1f %12" PRIu64 " %12" PRIu64 " %10" PRIu64 " %8.0f  ",
	       (double)c->line.ns / 1e6, percent, c->line.candidates, c->line.checks,
	       c->line.matches,
	       c->line.candidates ? (double)c->line.ns / (double)c->line.candidates : 0.0);
	if (c->line.sid)
		printf("%" PRIu32 ":%" PRIu32 "  %s", c->line.gid, c->line.sid, c->line.buffer);
	else
		printf("%s", c->line.buffer);
	printf("%s%s\n", last[0] ? "  " : "", last);
}

static void add(struct cost *to, const struct cost *c)
{
	to->line.candidates += c->line.candidates;
	to->line.checks += c->line.checks;
	to->line.matches += c->line.matches;
	to->line.ns += c->line.ns;
}

#define BUFFERS_MAX 256

static void put_buffers(const struct costs *c, uint64_t all_ns)
{
	struct cost of[BUFFERS_MAX] = { { .rule = NULL } };
	size_t buffers = 0;

	for (size_t i = 0; i < c->count; i++) {
		size_t k = 0;

		while (k < buffers && strcmp(of[k].line.buffer, c->of[i].line.buffer) != 0)
			k++;
		if (k == buffers && buffers == BUFFERS_MAX)
			continue;
		if (k == buffers) {
			of[buffers] = (struct cost){ .rule = NULL };
			memcpy(of[buffers++].line.buffer, c->of[i].line.buffer,
			       sizeof(of[0].line.buffer));
		}
		add(&of[k], &c->of[i]);
	}
	qsort(of, buffers, sizeof(of[0]), by_time);
	for (size_t i = 0; i < buffers; i++)
		put_row(&of[i], all_ns, "");
}

#define HEADING "        ms     %   candidates       checks    matches  ns each  "

int rules_print_cost(const char *file, const struct run_rules *rules,
		     const struct rules_choice *choice, size_t most)
{
	struct costs c = { .of = NULL };
	struct cost all = { .line = { .buffer = "all" } };
	int code = read_costs(file, &c);

	if (code == EXIT_DONE) {
		join(&c, rules);
		choose(&c, choice);
		qsort(c.of, c.count, sizeof(*c.of), by_time);
		for (size_t i = 0; i < c.count; i++)
			add(&all, &c.of[i]);
		puts(HEADING "buffer");
		put_row(&all, all.line.ns, "");
		put_buffers(&c, all.line.ns);
		puts("\n" HEADING "rule");
		for (size_t i = 0; i < c.count && i < most; i++)
			put_row(&c.of[i], all.line.ns, c.of[i].rule ? c.of[i].rule->msg : "");
		if (c.count > most)
			printf("%zu rules more; --all tells them\n", c.count - most);
	}
	free(c.of);
	return code;
}
