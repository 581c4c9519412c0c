/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file beside the rules: the first byte says which, then threshold.config, or matchers that are laid over
 * some rules.  What stays of the rules must load as it is printed.
 */
#include <stdlib.h>
#include <string.h>

#include "parser/rule_lint.h"
#include "parser/rule_parse.h"
#include "parser/rule_select.h"
#include "parser/threshold_config.h"

static const char rules[] =
	"alert tcp any any -> any 80 (msg:\"a\"; content:\"a\\;b\"; sid:1; rev:2; metadata:x y;)\n"
	"#alert tcp any any -> any any (msg:\"old\"; flowbits:set,b; sid:2;)\n"
	"alert udp any any -> any any (msg:\"c\"; flowbits:isset,b; gid:3; sid:1;)\n";

static void thresholds(struct rule_set *set, struct diag_list *diags, const char *text, size_t len)
{
	struct threshold_config c;

	rule_set_text(set, "r", rules, strlen(rules), NULL, diags);
	threshold_config_text(set, "t", text, len, NULL, diags, &c);
	threshold_config_apply(&c, set, diags);
}

static void selection(struct rule_set *set, struct diag_list *diags, unsigned kind,
		      const char *text, size_t len)
{
	struct rule_parse_options opt = { .select = rule_select_new(), .lint = true };

	if (!opt.select)
		return;
	rule_select_text(opt.select, (enum rule_select_kind)(kind % SELECT__COUNT), "s", text, len,
			 diags);
	rule_set_text(set, "r.rules", rules, strlen(rules), &opt, diags);
	rule_select_unused(opt.select, diags);
	rule_set_lint(set, diags);
	rule_select_free(opt.select);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags;
	struct rule_set set;
	char *text = NULL;
	size_t len;
	FILE *out;

	if (size == 0)
		return 0;
	rule_set_init(&set);
	diag_list_init(&diags);
	if (data[0] == '0')
		thresholds(&set, &diags, (const char *)data + 1, size - 1);
	else
		selection(&set, &diags, data[0], (const char *)data + 1, size - 1);
	out = open_memstream(&text, &len);
	for (const struct diag *d = diags.first; d; d = d->next)
		diag_print_json(out, d);
	for (const struct rule *r = set.first; r; r = r->next)
		rule_print(r, out);
	fclose(out);
	free(text);
	diag_list_fini(&diags);
	rule_set_fini(&set);
	return 0;
}
