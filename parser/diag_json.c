/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics for programs: one object of JSON on a line, and SARIF 2.1.0. */
#include <string.h>

#include "parser/diag.h"
#include "parser/diag_code.h"

static const char *severity(const struct diag *d)
{
	return d->level == DIAG_ERROR ? "error" : d->level == DIAG_WARNING ? "warning" : "note";
}

/* Bytes of the UTF-8 character at s, 0 where it is none. */
static size_t utf8_bytes(const unsigned char *s)
{
	size_t more = s[0] < 0x80 ? 0 : s[0] >= 0xf0 && s[0] < 0xf5 ? 3 : s[0] >= 0xe0 ? 2 : 1;

	if (s[0] >= 0x80 && (s[0] < 0xc2 || s[0] > 0xf4))
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return more + 1;
}

void diag_json_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	while (*s) {
		size_t n = utf8_bytes(s);

		if (n == 0)
			fprintf(out, "\\u%04x", *s);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, n, out);
		s += n ? n : 1;
	}
	fputc('"', out);
}

static void put_member(FILE *out, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(out, ",\"%s\":", name);
	diag_json_string(out, text);
}

void diag_print_json(FILE *out, const struct diag *d)
{
	fputs("{\"severity\":", out);
	diag_json_string(out, severity(d));
	put_member(out, "code", d->code);
	put_member(out, "file", d->place.file);
	if (d->place.line)
		fprintf(out, ",\"line\":%u", d->place.line);
	if (d->place.column)
		fprintf(out, ",\"column\":%u,\"length\":%u", d->place.column, d->place.len);
	put_member(out, "message", d->message);
	put_member(out, "remedy", d->remedy);
	put_member(out, "fix", d->fix);
	fputs("}\n", out);
}

static void put_region(FILE *out, const struct place *at)
{
	if (!at->line)
		return;
	fprintf(out, ",\"region\":{\"startLine\":%u", at->line);
	if (at->column)
		fprintf(out, ",\"startColumn\":%u,\"endColumn\":%u", at->column,
			at->column + (at->len ? at->len : 1));
	fputc('}', out);
}

static void put_result(FILE *out, const struct diag *d)
{
	fputs("{\"level\":", out);
	diag_json_string(out, severity(d));
	put_member(out, "ruleId", d->code);
	fputs(",\"message\":{\"text\":", out);
	diag_json_string(out, d->message);
	fputs("}", out);
	if (d->place.file) {
		fputs(",\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":", out);
		diag_json_string(out, d->place.file);
		fputc('}', out);
		put_region(out, &d->place);
		fputs("}}]", out);
	}
	if (d->remedy) {
		fputs(",\"properties\":{\"remedy\":", out);
		diag_json_string(out, d->remedy);
		fputc('}', out);
	}
	fputc('}', out);
}

/* The codes that the list has, each with its words. */
static void put_rules(FILE *out, const struct diag_list *l)
{
	const char *comma = "";

	for (size_t i = 0; diag_code_at(i); i++) {
		const struct diag_code *c = diag_code_at(i);
		const struct diag *d = l->first;

		while (d && (!d->code || strcmp(d->code, c->code) != 0))
			d = d->next;
		if (!d)
			continue;
		fprintf(out, "%s{\"id\":", comma);
		diag_json_string(out, c->code);
		fputs(",\"shortDescription\":{\"text\":", out);
		diag_json_string(out, c->title);
		fputs("},\"fullDescription\":{\"text\":", out);
		diag_json_string(out, c->text);
		fputs("}}", out);
		comma = ",";
	}
}

void diag_print_sarif(FILE *out, const struct diag_list *l)
{
	fputs("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
	      "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"weir\",\"rules\":[",
	      out);
	put_rules(out, l);
	fputs("]}},\"results\":[", out);
	for (const struct diag *d = l->first; d; d = d->next) {
		put_result(out, d);
		fputs(d->next ? ",\n" : "", out);
	}
	fputs("]}]}\n", out);
}
