/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on files, and which of them are kept. */
#include "parser/file_text.h"
#include "parser/rule_parser.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Files travel in both directions. */
static bool need_files(struct rule_parser *p)
{
	return rule_need_buffer(p, BUFFER_FILE_DATA);
}

bool rule_parse_filesize(struct rule_parser *p, const struct option_value *v)
{
	struct rule_option *o;
	struct int_match m;

	if (!rule_compare(p, v->text, UINT64_MAX, &m) || !need_files(p))
		return false;
	o = rule_add(p, OPTION_FILESIZE);
	if (!o)
		return false;
	o->number = m;
	return true;
}

/* filename, fileext, filemagic: a content of the buffer, in any letter case. */
bool rule_parse_file_text(struct rule_parser *p, const struct option_value *v)
{
	enum buffer b = keyword_row(p->keyword)->buffer;
	struct span text = v->text;
	bool negated = v->negated, ext = p->keyword == KW_FILEEXT;
	struct rule_option *o;
	struct bytes pattern;

	if (!v->quoted && negated)
		text = span_trim(span_from(text, 1));
	if (!rule_pattern(p, text, &pattern) || !rule_need_buffer(p, b))
		return false;
	if (ext) {
		uint8_t *with_dot = arena_alloc(&p->set->arena, pattern.len + 1);

		if (!with_dot)
			return false;
		with_dot[0] = '.';
		memcpy(with_dot + 1, pattern.data, pattern.len);
		pattern = bytes_of(with_dot, pattern.len + 1);
	}
	o = rule_add_content(p, pattern, negated, rule_plain_use(p, b));
	if (!o)
		return false;
	o->content.nocase = true;
	o->content.endswith = ext;
	return true;
}

static unsigned digest_bytes(enum file_hash h)
{
	return h == FILE_HASH_MD5 ? 16 : h == FILE_HASH_SHA1 ? 20 : 32;
}

static int compare_md5(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static int compare_sha1(const void *a, const void *b)
{
	return memcmp(a, b, 20);
}

static int compare_sha256(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* The file beside the rule's own. */
static char *path_beside(struct rule_parser *p, struct span name)
{
	const char *slash = strrchr(p->file, '/');
	size_t folder = slash && name.at[0] != '/' ? (size_t)(slash + 1 - p->file) : 0;
	char *path = arena_alloc(&p->set->arena, folder + name.len + 1);

	if (!path)
		return NULL;
	memcpy(path, p->file, folder);
	memcpy(path + folder, name.at, name.len);
	path[folder + name.len] = '\0';
	return path;
}

/* A line: the digest in hexadecimal; what follows a blank, and what begins with '#', is let be. */
static bool read_digest(struct span line, unsigned bytes, uint8_t *out)
{
	struct span rest, word = rule_cut_word(span_trim(line), &rest);
	uint64_t byte;

	if (word.len != bytes * 2)
		return false;
	for (unsigned i = 0; i < bytes; i++) {
		if (!span_hex(span_head(span_from(word, i * 2), 2), &byte))
			return false;
		out[i] = (uint8_t)byte;
	}
	return true;
}

static bool bad_line(struct rule_parser *p, const char *path, uint32_t line, struct span text,
		     unsigned bytes)
{
	return rule_fail(p, p->option_span, rule_say(p, "write %u hexadecimal digits", bytes * 2),
			 "%s:%u: expected a digest of %u bytes, found %s", path, line, bytes,
			 rule_quote(p, span_trim(text)));
}

static bool read_digests(struct rule_parser *p, const char *path, struct span text,
			 struct file_hash_match *m)
{
	static int (*const order[])(const void *, const void *) = { compare_md5, compare_sha1,
								    compare_sha256 };
	unsigned bytes = digest_bytes((enum file_hash)m->hash);
	struct text_lines lines = text_lines_of(text);
	uint8_t *digests = arena_alloc(&p->set->arena, (text.len / (2 * bytes) + 1) * bytes);
	struct span line;

	if (!digests)
		return false;
	while (text_next_line(&lines, &line)) {
		struct span s = span_trim(line);

		if (s.len == 0 || s.at[0] == '#')
			continue;
		if (!read_digest(s, bytes, digests + (size_t)m->count * bytes))
			return bad_line(p, path, lines.line, s, bytes);
		m->count++;
	}
	if (m->count == 0)
		return rule_fail(p, p->option_span, "write one digest on each line of the file",
				 "no digest in %s", path);
	qsort(digests, m->count, bytes, order[m->hash]);
	m->digest = digests;
	return true;
}

bool rule_parse_file_hash(struct rule_parser *p, const struct option_value *v)
{
	struct file_hash_match m = { .hash = keyword_row(p->keyword)->detail };
	struct span name = v->text;
	struct rule_option *o;
	char *text, *path;
	struct stat st;
	size_t len;
	bool ok;

	if (name.len > 0 && name.at[0] == '!') {
		m.negated = true;
		name = span_trim(span_from(name, 1));
	}
	if (name.len == 0)
		return rule_fail(p, v->text, "write the name of the file with the list",
				 "'%s' needs the name of a file", rule_keyword(p));
	if (!need_files(p))
		return false;
	path = path_beside(p, name);
	if (!path)
		return false;
	if (stat(path, &st) || !S_ISREG(st.st_mode) || text_read_quiet(path, &text, &len))
		return rule_fail(p, name,
				 "name a file that can be read, from the rule file's folder",
				 "cannot read the list %s", rule_quote(p, name));
	m.path = path;
	ok = read_digests(p, path, span_of(text, len), &m);
	free(text);
	if (!ok)
		return false;
	o = rule_add(p, OPTION_FILE_HASH);
	if (!o)
		return false;
	o->file_hash = m;
	return true;
}

/* [direction[,scope]] */
bool rule_parse_filestore(struct rule_parser *p, const struct option_value *v)
{
	static const char *const directions[] = { "",	       "request",   "response", "both",
						  "to_server", "to_client", "either" };
	static const char *const scopes[] = { "file", "tx", "flow", "ssn" };
	size_t comma = span_find(v->text, ',');
	struct span first = span_trim(span_head(v->text, comma));
	struct span second = span_trim(span_from(v->text, comma + 1));
	struct filestore f = { .direction = FILESTORE_DEFAULT, .scope = FILESTORE_FILE };
	struct rule_option *o;
	int n;

	if (v->text.len > 0) {
		n = rule_find_word(first, directions, 7);
		if (n <= 0)
			return rule_fail(p, first.len ? first : v->text,
					 rule_nearest(p, first, directions + 1, 6,
						      "write request, response or both"),
					 "expected a direction of 'filestore', found %s",
					 rule_quote(p, first));
		f.direction = (uint8_t)(n > 3 ? n - 3 : n);
	}
	if (comma < v->text.len) {
		n = rule_find_word(second, scopes, 4);
		if (n < 0)
			return rule_fail(p, second.len ? second : v->text,
					 rule_nearest(p, second, scopes, 4,
						      "write file, tx or flow"),
					 "expected a scope of 'filestore', found %s",
					 rule_quote(p, second));
		f.scope = (uint8_t)(n == 3 ? FILESTORE_FLOW : n);
	}
	if (!need_files(p))
		return false;
	o = rule_add(p, OPTION_FILESTORE);
	if (!o)
		return false;
	o->filestore = f;
	return true;
}
