/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/rule_words.h"

#include <stdio.h>
#include <string.h>

#include "parser/buffer.h"
#include "parser/rule_parse.h"

static bool say(rule_word_fn fn, void *ctx, const char *word)
{
	return fn(ctx, bytes_of(word, strlen(word)));
}

static bool content_words(const struct content *c, rule_word_fn fn, void *ctx)
{
	const struct {
		bool there;
		const char *word;
	} words[] = {
		{ c->nocase, "nocase" },
		{ c->rawbytes, "rawbytes" },
		{ c->startswith, "startswith" },
		{ c->endswith, "endswith" },
		{ c->fast_pattern || c->fast_pattern_only || c->fast_pattern_chop, "fast_pattern" },
		{ c->has_offset, "offset" },
		{ c->has_depth, "depth" },
		{ c->has_distance, "distance" },
		{ c->has_within, "within" },
		{ c->replace.data != NULL, "replace" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].there && say(fn, ctx, words[i].word))
			return true;
	}
	return false;
}

/* What stands in a rule and is no option of it. */
static bool meta_words(const struct rule *r, rule_word_fn fn, void *ctx)
{
	const struct {
		bool there;
		const char *word;
	} words[] = {
		{ r->msg && r->msg[0], "msg" },
		{ r->class_name != NULL, "classtype" },
		{ r->references != 0, "reference" },
		{ r->metadata_count != 0, "metadata" },
		{ r->target != TARGET_NONE, "target" },
		{ r->noalert, "noalert" },
		{ r->alert, "alert" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].there && say(fn, ctx, words[i].word))
			return true;
	}
	return false;
}

bool rule_each_buffer(const struct rule *r, rule_word_fn fn, void *ctx)
{
	for (unsigned i = 1; i < r->uses; i++) {
		if (say(fn, ctx, buffer_row((enum buffer)r->use[i].buffer)->name))
			return true;
	}
	return false;
}

bool rule_each_keyword(const struct rule *r, rule_word_fn fn, void *ctx)
{
	if (meta_words(r, fn, ctx) || rule_each_buffer(r, fn, ctx))
		return true;
	for (unsigned i = 1; i < r->uses; i++) {
		for (unsigned k = 0; k < r->use[i].transforms; k++) {
			if (say(fn, ctx, rule_transform_name(r->use[i].transform[k].kind)))
				return true;
		}
	}
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		if (say(fn, ctx, rule_option_name(o)) ||
		    (o->kind == OPTION_CONTENT && content_words(&o->content, fn, ctx)))
			return true;
	}
	return false;
}

bool rule_each_flowbit(const struct rule *r, rule_word_fn fn, void *ctx)
{
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		for (unsigned k = 0; o->kind == OPTION_FLOWBITS && k < o->flowbits.count; k++) {
			if (fn(ctx, o->flowbits.names[k]))
				return true;
		}
	}
	return false;
}

/* Two words as one; what is longer than a line of a rule ever is, is cut. */
static bool say_pair(const char *a, char between, const char *b, rule_word_fn fn, void *ctx)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%c%s", a, between, b);
	return say(fn, ctx, text);
}

bool rule_each_metadata(const struct rule *r, rule_word_fn fn, void *ctx)
{
	for (unsigned i = 0; i < r->metadata_count; i++) {
		if (say_pair(r->metadata[i].key, ' ', r->metadata[i].value, fn, ctx))
			return true;
	}
	return false;
}

bool rule_each_reference(const struct rule *r, rule_word_fn fn, void *ctx)
{
	for (unsigned i = 0; i < r->references; i++) {
		if (say_pair(r->reference[i].type, ',', r->reference[i].id, fn, ctx))
			return true;
	}
	return false;
}
