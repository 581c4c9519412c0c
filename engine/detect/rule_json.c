/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/rule_json.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"

/* Escaping makes six bytes of one at most. */
static size_t room_for(const char *text)
{
	return text ? strlen(text) * 6 + 8 : 8;
}

static void quoted(struct buf *out, const char *text)
{
	buf_char(out, '"');
	buf_json(out, text, strlen(text));
	buf_char(out, '"');
}

static bool seen_before(const struct rule *r, unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		if (strcmp(r->metadata[k].key, r->metadata[i].key) == 0)
			return true;
	}
	return false;
}

static void metadata_key(struct buf *out, const struct rule *r, unsigned i)
{
	bool first = true;

	quoted(out, r->metadata[i].key);
	buf_text(out, ":[");
	for (unsigned k = i; k < r->metadata_count; k++) {
		if (strcmp(r->metadata[k].key, r->metadata[i].key) != 0)
			continue;
		if (!first)
			buf_char(out, ',');
		first = false;
		quoted(out, r->metadata[k].value ? r->metadata[k].value : "");
	}
	buf_char(out, ']');
}

static uint32_t finish(struct block_builder *b, struct buf *out)
{
	uint32_t at = 0;

	if (out->data) {
		buf_char(out, '\0');
		at = out->full ? 0 : block_string(b, out->data);
	} else {
		b->failed = true;
	}
	free(out->data);
	return at;
}

uint32_t rule_metadata_json(struct block_builder *b, const struct rule *r)
{
	struct buf out = { .size = 16 };

	if (!r->metadata_count)
		return 0;
	for (unsigned i = 0; i < r->metadata_count; i++)
		out.size += room_for(r->metadata[i].key) + room_for(r->metadata[i].value);
	out.data = malloc(out.size);
	if (!out.data)
		return finish(b, &out);
	buf_char(&out, '{');
	for (unsigned i = 0, n = 0; i < r->metadata_count; i++) {
		if (seen_before(r, i))
			continue;
		if (n++)
			buf_char(&out, ',');
		metadata_key(&out, r, i);
	}
	buf_char(&out, '}');
	return finish(b, &out);
}

static void reference(struct buf *out, const struct rule_reference *ref)
{
	buf_char(out, '"');
	if (ref->url) {
		buf_json(out, ref->url, strlen(ref->url));
	} else {
		buf_json(out, ref->type ? ref->type : "", ref->type ? strlen(ref->type) : 0);
		buf_char(out, ',');
		buf_json(out, ref->id ? ref->id : "", ref->id ? strlen(ref->id) : 0);
	}
	buf_char(out, '"');
}

uint32_t rule_references_json(struct block_builder *b, const struct rule *r)
{
	struct buf out = { .size = 16 };

	if (!r->references)
		return 0;
	for (unsigned i = 0; i < r->references; i++)
		out.size += room_for(r->reference[i].url) + room_for(r->reference[i].type) +
			    room_for(r->reference[i].id);
	out.data = malloc(out.size);
	if (!out.data)
		return finish(b, &out);
	buf_char(&out, '[');
	for (unsigned i = 0; i < r->references; i++) {
		if (i)
			buf_char(&out, ',');
		reference(&out, &r->reference[i]);
	}
	buf_char(&out, ']');
	return finish(b, &out);
}

static uint32_t piece(struct block_builder *b, const char *text, size_t len)
{
	char *copy = strndup(text, len);
	uint32_t at;

	if (!copy) {
		b->failed = true;
		return 0;
	}
	at = block_string(b, copy);
	free(copy);
	return at;
}

uint32_t rule_option_text(struct block_builder *b, const struct rule *r, unsigned option)
{
	const struct place *p = &r->option[option].place;

	if (!p->text || !p->column || p->column > strlen(p->text))
		return 0;
	return piece(b, p->text + p->column - 1, p->len ? p->len : 1);
}

static size_t header_len(const struct rule *r)
{
	return r->text ? strcspn(r->text, "(") : 0;
}

uint32_t rule_header_text(struct block_builder *b, const struct rule *r)
{
	size_t len = header_len(r);

	while (len && (r->text[len - 1] == ' ' || r->text[len - 1] == '\t'))
		len--;
	return len ? piece(b, r->text, len) : 0;
}
