/* SPDX-License-Identifier: Apache-2.0 */
/* weir rules --report: what was loaded, and why the rest was not. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/rules.h"

/* What a diagnostic says became of a rule. */
enum fate { FATE_REFUSED, FATE_SKIPPED, FATE_REPLACED, FATE_IDLE, FATE__COUNT };

static const struct {
	const char *code; /* NULL: any error */
	const char *name, *words;
} fates[FATE__COUNT] = {
	[FATE_REFUSED] = { NULL, "refused", "have a mistake" },
	[FATE_SKIPPED] = { "N0001", "skipped", "require what is not there" },
	[FATE_REPLACED] = { "W0007", "replaced", "gave way to a later revision" },
	[FATE_IDLE] = { "W0001", "idle", "loaded, of a protocol that is not parsed: never fire" },
};

static int fate_of(const struct diag *d)
{
	for (int i = FATE_SKIPPED; d->code && i < FATE__COUNT; i++) {
		if (strcmp(d->code, fates[i].code) == 0)
			return i;
	}
	return d->level == DIAG_ERROR ? FATE_REFUSED : -1;
}

static void put_line(const struct diag *d, enum fate fate, bool json)
{
	if (!json) {
		printf("%s:%" PRIu32 ": %s [%s]\n", d->place.file, d->place.line, d->message,
		       d->code ? d->code : "-");
		return;
	}
	printf("{\"fate\":\"%s\",\"file\":", fates[fate].name);
	diag_json_string(stdout, d->place.file ? d->place.file : "");
	printf(",\"line\":%" PRIu32 ",\"code\":", d->place.line);
	diag_json_string(stdout, d->code ? d->code : "");
	printf(",\"reason\":");
	diag_json_string(stdout, d->message);
	puts("}");
}

/* One mistake may be told in several words: lines are counted once. */
static bool same_line(const struct diag *a, const struct diag *b)
{
	return a && a->place.line == b->place.line && a->place.file && b->place.file &&
	       strcmp(a->place.file, b->place.file) == 0;
}

int rules_print_report(const struct run_rules *rules, const struct diag_list *diags, bool json)
{
	unsigned count[FATE__COUNT] = { 0 };

	for (int f = 0; f < FATE__COUNT; f++) {
		const struct diag *before = NULL;

		for (const struct diag *d = diags->first; d; d = d->next) {
			if (fate_of(d) != f)
				continue;
			if (!count[f] && !json)
				printf("%s (they %s):\n", fates[f].name, fates[f].words);
			count[f] += !same_line(before, d);
			put_line(d, (enum fate)f, json);
			before = d;
		}
		if (count[f] && !json)
			putchar('\n');
	}
	if (json) {
		printf("{\"fate\":\"total\",\"loaded\":%u", rules->loaded);
		for (int f = 0; f < FATE__COUNT; f++)
			printf(",\"%s\":%u", fates[f].name, count[f]);
		puts("}");
		return EXIT_DONE;
	}
	printf("%8u  loaded\n", rules->loaded);
	for (int f = 0; f < FATE__COUNT; f++)
		printf("%8u  %-9s %s\n", count[f], fates[f].name, fates[f].words);
	return EXIT_DONE;
}
