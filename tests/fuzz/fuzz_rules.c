/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a rule file.  What loads must print to a text that loads in silence and prints
 * the same again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/rule_parse.h"

static const char *variable(void *ctx, const char *name, bool ports)
{
	(void)ctx;
	if (ports)
		return strcmp(name, "HTTP_PORTS") == 0 ? "[80,8080]" : NULL;
	if (strcmp(name, "HOME_NET") == 0)
		return "[10.0.0.0/8,192.168.0.0/16]";
	return strcmp(name, "EXTERNAL_NET") == 0 ? "!$HOME_NET" : NULL;
}

static const char *const *variable_names(void *ctx, bool ports)
{
	static const char *const names[] = { "HOME_NET", "EXTERNAL_NET", "HTTP_PORTS", NULL };

	(void)ctx;
	(void)ports;
	return names;
}

static char *print_all(const struct rule_set *set, const struct diag_list *diags, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	for (const struct diag *d = diags->first; d; d = d->next)
		diag_print(out, d, true);
	fclose(out);
	free(text);
	out = open_memstream(&text, len);
	for (const struct rule *r = set->first; r; r = r->next)
		rule_print(r, out);
	fclose(out);
	return text;
}

static char *parse(const char *text, size_t len, bool silent, size_t *len_out)
{
	static const struct rule_parse_options options = {
		.variable = variable,
		.variable_names = variable_names,
	};
	struct diag_list diags;
	struct rule_set set;
	char *out;

	rule_set_init(&set);
	diag_list_init(&diags);
	rule_set_text(&set, "fuzz.rules", text, len, &options, &diags);
	if (silent && diags.errors > 0) {
		diag_print(stderr, diags.first, false);
		abort();
	}
	out = print_all(&set, &diags, len_out);
	diag_list_fini(&diags);
	rule_set_fini(&set);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first_len, second_len;
	char *first = parse((const char *)data, size, false, &first_len);
	char *second = parse(first, first_len, true, &second_len);

	if (first_len != second_len || memcmp(first, second, first_len) != 0)
		abort();
	free(first);
	free(second);
	return 0;
}
