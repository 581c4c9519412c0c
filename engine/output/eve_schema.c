/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents made from the field table: a closed JSON Schema (draft 2020-12), one definition for
 * each kind of record, and the tables of docs/eve.md.
 */
#include <stdio.h>

#include "engine/output/eve_fields.h"
#include "engine/output/output.h"

/* A place in a record: a row of the table, or a counter. */
struct entry {
	char path[128];
	const struct eve_row *row; /* NULL: a counter */
	const char *meaning;
};

#define ENTRIES_MAX 1024

struct entries {
	size_t n;
	struct entry entry[ENTRIES_MAX];
};

static const char kind_letters[RECORD__COUNT + 1] = "agdnrvquhlmkpxibftse";

static void add(struct entries *es, const struct eve_row *row, const char *meaning,
		const char *object, const char *name)
{
	struct entry *e;

	if (es->n == ENTRIES_MAX)
		return;
	e = &es->entry[es->n++];
	e->row = row;
	e->meaning = meaning;
	snprintf(e->path, sizeof(e->path), "%s%s%s", object, object[0] ? "." : "", name);
}

static void add_counters(struct entries *es)
{
	for (int i = 0; i < COUNTER__COUNT; i++) {
		const char *name = counter_name((enum counter)i);

		add(es, NULL, eve_counter_meaning((enum counter)i),
		    strncmp(name, "weir.", 5) ? "stats" : "", name);
	}
}

static void add_events(struct entries *es)
{
	for (int i = 0; i < EVENT__COUNT; i++) {
		const char *name = eve_event_stats_name((enum event)i);

		if (name)
			add(es, NULL, "",
			    event_is_decode((enum event)i) ? "stats.decoder.event" : "stats.stream",
			    name);
	}
}

static void entries_of(struct entries *es, enum record_kind kind, bool events)
{
	es->n = 0;
	for (int i = 0; i < EVE_FIELD__COUNT; i++) {
		const struct eve_row *row = &eve_rows[i];

		if (strchr(row->records, kind_letters[kind]))
			add(es, row, row->meaning, row->object, row->name);
	}
	if (kind != RECORD_STATS)
		return;
	add_counters(es);
	if (events)
		add_events(es);
}

static void line(struct buf *out, unsigned depth)
{
	buf_char(out, '\n');
	while (depth-- > 0)
		buf_char(out, '\t');
}

static void put_string(struct buf *out, const char *text)
{
	buf_char(out, '"');
	buf_json(out, text, strlen(text));
	buf_char(out, '"');
}

/* ,"key":"text" */
static void put_pair(struct buf *out, const char *key, const char *text)
{
	buf_text(out, ", ");
	put_string(out, key);
	buf_text(out, ": ");
	put_string(out, text);
}

static void put_choices(struct buf *out, const char *choices, bool as_text)
{
	const char *value;

	buf_text(out, ", \"enum\": [");
	for (unsigned i = 0; (value = eve_choice(choices, i)); i++) {
		if (i > 0)
			buf_text(out, ", ");
		if (as_text)
			put_string(out, value);
		else
			buf_text(out, value);
	}
	buf_char(out, ']');
}

static const char *json_type(enum eve_type type)
{
	switch (type) {
	case EVE_COUNT:
	case EVE_ID:
	case EVE_PORT:
	case EVE_BYTE:
		return "integer";
	case EVE_FLAG:
		return "boolean";
	case EVE_STRINGS:
	case EVE_VLANS:
	case EVE_COUNTS:
	case EVE_OBJECTS:
	case EVE_NAMED_STRINGS:
		return "array";
	case EVE_KEYED_STRINGS:
	case EVE_ANY_OBJECT:
	case EVE_OBJECT:
		return "object";
	default:
		return "string";
	}
}

/* What a value must look like besides its type. */
static void put_constraints(struct buf *out, const struct eve_row *row)
{
	static const char *const text[] = {
		[EVE_COUNT] = ", \"minimum\": 0",
		[EVE_ID] = ", \"minimum\": 0, \"maximum\": 9007199254740991",
		[EVE_PORT] = ", \"minimum\": 0, \"maximum\": 65535",
		[EVE_BYTE] = ", \"minimum\": 0, \"maximum\": 255",
		[EVE_FLAG] = "",
		[EVE_STRING] = "",
		[EVE_TIME] =
			", \"pattern\": \"^\\\\d{4}-\\\\d{2}-\\\\d{2}T\\\\d{2}:\\\\d{2}:\\\\d{2}\\\\.\\\\d{6}[+-]\\\\d{4}$\"",
		[EVE_ADDRESS] = ", \"anyOf\": [{\"format\": \"ipv4\"}, {\"format\": \"ipv6\"}]",
		[EVE_MAC] = ", \"pattern\": \"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$\"",
		[EVE_HEX] = ", \"pattern\": \"^[0-9a-f]{2}$\"",
		[EVE_BASE64] = ", \"contentEncoding\": \"base64\", "
			       "\"pattern\": \"^[A-Za-z0-9+/]*={0,2}$\"",
		[EVE_STRINGS] = ", \"minItems\": 1",
		[EVE_COUNTS] = ", \"items\": {\"type\": \"integer\", \"minimum\": 0}",
		[EVE_VLANS] =
			", \"minItems\": 1, \"maxItems\": 3, "
			"\"items\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 4095}",
		[EVE_KEYED_STRINGS] = ", \"additionalProperties\": "
				      "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
		[EVE_NAMED_STRINGS] =
			", \"items\": {\"type\": \"object\", \"additionalProperties\": "
			"{\"type\": \"string\"}}",
		[EVE_ANY_OBJECT] = "",
		[EVE_OBJECT] = "",
		[EVE_OBJECTS] = ", \"minItems\": 1",
	};

	buf_text(out, text[row->type]);
	if (row->type == EVE_STRINGS) {
		buf_text(out, ", \"items\": {\"type\": \"string\"");
		if (row->choices)
			put_choices(out, row->choices, true);
		buf_char(out, '}');
	} else if (row->choices) {
		put_choices(out, row->choices, row->type == EVE_STRING);
	}
}

/* Length of the path's first part below object, or 0 where the path is not below it. */
static size_t part_below(const char *path, const char *object)
{
	size_t len = strlen(object);

	if (len > 0) {
		if (strncmp(path, object, len) || path[len] != '.')
			return 0;
		path += len + 1;
	}
	return strcspn(path, ".");
}

/* The whole path of that part. */
static void part_path(const char *path, const char *object, char out[128])
{
	size_t len = object[0] ? strlen(object) + 1 : 0;

	snprintf(out, 128, "%.*s", (int)(len + part_below(path, object)), path);
}

static const struct entry *find(const struct entries *es, const char *path)
{
	for (size_t i = 0; i < es->n; i++) {
		if (!strcmp(es->entry[i].path, path))
			return &es->entry[i];
	}
	return NULL;
}

/* Has an earlier entry the same part below object? */
static bool seen(const struct entries *es, size_t i, const char *object, const char *path)
{
	char other[128];

	for (size_t k = 0; k < i; k++) {
		if (!part_below(es->entry[k].path, object))
			continue;
		part_path(es->entry[k].path, object, other);
		if (!strcmp(other, path))
			return true;
	}
	return false;
}

static void put_required(struct buf *out, const struct entries *es, const char *object,
			 unsigned depth)
{
	bool first = true;

	for (size_t i = 0; i < es->n; i++) {
		const struct eve_row *row = es->entry[i].row;

		if (!row || !row->always || strcmp(row->object, object))
			continue;
		if (first) {
			buf_char(out, ',');
			line(out, depth);
			buf_text(out, "\"required\": [");
		} else {
			buf_text(out, ", ");
		}
		first = false;
		put_string(out, row->name);
	}
	if (!first)
		buf_char(out, ']');
}

static void put_object(struct buf *out, const struct entries *es, const char *object,
		       enum record_kind kind, unsigned depth);

static void put_property(struct buf *out, const struct entries *es, const char *path,
			 enum record_kind kind, unsigned depth)
{
	const struct entry *e = find(es, path);
	const struct eve_row *row = e ? e->row : NULL;

	if (row == &eve_rows[EVE_EVENT_TYPE]) {
		buf_text(out, "{\"const\": ");
		put_string(out, record_kind_name(kind));
		buf_char(out, '}');
		return;
	}
	if (!e || (row && row->type == EVE_OBJECT)) {
		buf_char(out, '{');
		if (e) {
			line(out, depth + 1);
			buf_text(out, "\"description\": ");
			put_string(out, e->meaning);
			buf_char(out, ',');
		}
		put_object(out, es, path, kind, depth + 1);
		line(out, depth);
		buf_char(out, '}');
		return;
	}
	buf_text(out, "{\"type\": ");
	put_string(out, row ? json_type(row->type) : "integer");
	if (row)
		put_constraints(out, row);
	else
		buf_text(out, ", \"minimum\": 0");
	if (e->meaning[0])
		put_pair(out, "description", e->meaning);
	if (row && row->type == EVE_OBJECTS) {
		buf_text(out, ", \"items\": {");
		put_object(out, es, path, kind, depth + 1);
		line(out, depth);
		buf_char(out, '}');
	}
	buf_char(out, '}');
}

/* The inside of an object's schema. */
static void put_object(struct buf *out, const struct entries *es, const char *object,
		       enum record_kind kind, unsigned depth)
{
	bool first = true;

	line(out, depth);
	buf_text(out, "\"type\": \"object\",");
	line(out, depth);
	buf_text(out, "\"additionalProperties\": false,");
	line(out, depth);
	buf_text(out, "\"properties\": {");
	for (size_t i = 0; i < es->n; i++) {
		char path[128];

		if (!part_below(es->entry[i].path, object))
			continue;
		part_path(es->entry[i].path, object, path);
		if (seen(es, i, object, path))
			continue;
		if (!first)
			buf_char(out, ',');
		first = false;
		line(out, depth + 1);
		put_string(out, object[0] ? path + strlen(object) + 1 : path);
		buf_text(out, ": ");
		put_property(out, es, path, kind, depth + 1);
	}
	line(out, depth);
	buf_char(out, '}');
	put_required(out, es, object, depth);
}

void output_schema(struct buf *out)
{
	static _Thread_local struct entries es;

	buf_text(out, "{\n"
		      "\t\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
		      "\t\"title\": \"Weir's EVE records\",\n"
		      "\t\"description\": \"One JSON object a line. Made from engine/output/"
		      "eve_fields.h; do not edit.\",\n"
		      "\t\"type\": \"object\",\n"
		      "\t\"required\": [\"timestamp\", \"event_type\"],\n"
		      "\t\"oneOf\": [");
	for (int k = 0; k < RECORD__COUNT; k++) {
		buf_text(out, k > 0 ? ",\n\t\t" : "\n\t\t");
		buf_text(out, "{\"$ref\": \"#/$defs/");
		buf_text(out, record_kind_name((enum record_kind)k));
		buf_text(out, "\"}");
	}
	buf_text(out, "\n\t],\n\t\"$defs\": {");
	for (int k = 0; k < RECORD__COUNT; k++) {
		entries_of(&es, (enum record_kind)k, true);
		buf_text(out, k > 0 ? ",\n\t\t" : "\n\t\t");
		put_string(out, record_kind_name((enum record_kind)k));
		buf_text(out, ": {");
		put_object(out, &es, "", (enum record_kind)k, 3);
		buf_text(out, "\n\t\t}");
	}
	buf_text(out, "\n\t}\n}\n");
}

static const char *shown_type(enum eve_type type)
{
	switch (type) {
	case EVE_TIME:
		return "string, time";
	case EVE_ADDRESS:
		return "string, address";
	case EVE_MAC:
		return "string, MAC";
	case EVE_HEX:
		return "string, two hex digits";
	case EVE_BASE64:
		return "string, base64";
	case EVE_STRINGS:
		return "array of strings";
	case EVE_VLANS:
	case EVE_COUNTS:
		return "array of integers";
	case EVE_OBJECTS:
		return "array of objects";
	default:
		return json_type(type);
	}
}

static void put_values(struct buf *out, const struct eve_row *row)
{
	const char *value;

	if (!strcmp(row->name, "event") && row->choices[0] == '@') {
		buf_text(out, "[events](#events)");
		return;
	}
	for (unsigned i = 0; (value = eve_choice(row->choices, i)); i++) {
		if (i > 0)
			buf_text(out, ", ");
		buf_char(out, '`');
		buf_text(out, value);
		buf_char(out, '`');
	}
}

static void put_row(struct buf *out, const struct entry *e)
{
	buf_text(out, "| `");
	buf_text(out, e->path);
	buf_text(out, "` | ");
	buf_text(out, e->row ? shown_type(e->row->type) : "integer");
	buf_text(out, e->row && e->row->always ? " | yes | " : " | | ");
	if (e->row)
		put_values(out, e->row);
	buf_text(out, " | ");
	buf_text(out, e->meaning);
	buf_text(out, " |\n");
}

static void put_event_list(struct buf *out, bool decode)
{
	buf_text(out, decode ? "\nDecoding:\n\n" : "\nTCP streams:\n\n");
	for (int i = 0; i < EVENT__COUNT; i++) {
		if ((bool)event_is_decode((enum event)i) != decode)
			continue;
		buf_text(out, "- `");
		buf_text(out, event_layer((enum event)i));
		buf_char(out, '.');
		buf_text(out, eve_event_name((enum event)i));
		buf_text(out, "`\n");
	}
}

void output_markdown(struct buf *out)
{
	static _Thread_local struct entries es;

	for (int k = 0; k < RECORD__COUNT; k++) {
		entries_of(&es, (enum record_kind)k, false);
		buf_text(out, "\n### ");
		buf_text(out, record_kind_name((enum record_kind)k));
		buf_text(out, "\n\n| Field | Type | Always | Values | Meaning |\n"
			      "| --- | --- | --- | --- | --- |\n");
		for (size_t i = 0; i < es.n; i++)
			put_row(out, &es.entry[i]);
		if (k == RECORD_STATS)
			buf_text(out, "| `stats.decoder.event.*` | integer | | | Decoder events "
				      "by [name](#events) (option decoder-events) |\n"
				      "| `stats.stream.*` | integer | | | Stream events by "
				      "[name](#events) (option stream-events) |\n");
	}
	buf_text(out, "\n### Events\n");
	put_event_list(out, true);
	put_event_list(out, false);
}
