/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a configuration: read, checked, laid over the defaults, its variables looked at.
 * The first line is tried as a --set assignment as well.
 */
#include <stdlib.h>
#include <string.h>

#include "parser/config_key.h"
#include "parser/config_vars.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct diag_list *diags, const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	for (const struct diag *d = diags->first; d; d = d->next) {
		/* A place lies in its line. */
		if (d->place.text && d->place.column > strlen(d->place.text) + 1)
			abort();
		diag_print(out, d, d->place.line & 1);
	}
	config_dump(c->root, out);
	fclose(out);
	free(text);
}

static void set(struct config *c, const uint8_t *data, size_t size, struct diag_list *diags)
{
	const uint8_t *end = memchr(data, '\n', size);
	char line[256];
	size_t len = end ? (size_t)(end - data) : size;

	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	memcpy(line, data, len);
	line[len] = '\0';
	config_set(c, line, diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_vars vars;
	struct config_node *tree;
	struct diag_list diags;
	struct config c;

	diag_list_init(&diags);
	if (config_init(&c))
		abort();
	c.no_files = true;
	/* Reading the defaults takes longer than all the rest: not each time. */
	if (size % 64 == 0)
		config_overlay(&c, config_read_text(&c, "weir.yaml", config_defaults,
						    strlen(config_defaults), &diags));
	tree = config_read_text(&c, "fuzz.yaml", (const char *)data, size, &diags);
	if (tree) {
		config_check(tree, size & 1, &diags);
		config_overlay(&c, tree);
	}
	if (size)
		set(&c, data, size, &diags);
	config_check(c.root, true, &diags);
	if (config_vars_load(&c, &vars, &diags))
		abort();
	print(&diags, &c);
	config_fini(&c);
	diag_list_fini(&diags);
	return 0;
}
