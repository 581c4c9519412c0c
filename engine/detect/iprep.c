/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/iprep.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "parser/file_text.h"

#define CATEGORIES 256
#define SCORE_MAX 127

/* A prefix, and what it has in one category. */
struct entry {
	uint8_t category;
	uint8_t len; /* bits */
	uint8_t score;
	uint8_t bytes[16]; /* the bits after the prefix are 0 */
};

struct family {
	struct entry *entry; /* by (category, len, bytes) */
	size_t count, room;
	bool has[CATEGORIES][129]; /* prefixes of this length in a category */
};

struct iprep {
	char *category[CATEGORIES];
	struct family v4, v6;
};

/* --- reading ------------------------------------------------------------------------------------ */

struct line {
	const char *file;
	uint32_t number;
	struct span text;
	struct diag_list *diags;
};

static void complain(const struct line *l, const char *what, const char *form)
{
	char *text = strndup(l->text.at, l->text.len);
	struct place at = { .file = l->file,
			    .line = l->number,
			    .column = 1,
			    .len = (uint32_t)l->text.len,
			    .text = text };

	diag_add_coded(l->diags, DIAG_ERROR, &at, form, "E0212", NULL, what);
	free(text);
}

static bool read_number(struct span s, unsigned max, unsigned *out)
{
	unsigned v = 0;

	s = span_trim(s);
	if (!s.len || s.len > 3)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!span_digit(s.at[i]))
			return false;
		v = v * 10 + (unsigned)(s.at[i] - '0');
	}
	*out = v;
	return v <= max;
}

static void read_category(struct iprep *r, const struct line *l)
{
	struct span rest = l->text, id = { NULL, 0 }, name = { NULL, 0 };
	unsigned number;

	span_next(&rest, ',', &id);
	span_next(&rest, ',', &name);
	name = span_trim(name);
	if (!read_number(id, CATEGORIES - 1, &number) || !name.len) {
		complain(l, "expected a category: a number, a name, words",
			 "write it as in 1,spam,Sends spam");
		return;
	}
	free(r->category[number]);
	r->category[number] = strndup(name.at, name.len);
}

static bool read_prefix(struct span s, int *family, uint8_t bytes[16], unsigned *len)
{
	char text[64];
	char *slash;
	unsigned most;

	s = span_trim(s);
	if (!s.len || s.len >= sizeof(text))
		return false;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	memset(bytes, 0, 16);
	*family = strchr(text, ':') ? AF_INET6 : AF_INET;
	most = *family == AF_INET ? 32 : 128;
	*len = most;
	if (inet_pton(*family, text, bytes) != 1)
		return false;
	return !slash || read_number(span_of(slash + 1, strlen(slash + 1)), most, len);
}

/* The bits after the first len are cleared. */
static void mask(uint8_t bytes[16], unsigned len)
{
	for (unsigned i = 0; i < 16; i++) {
		if (i * 8 >= len)
			bytes[i] = 0;
		else if (len - i * 8 < 8)
			bytes[i] &= (uint8_t)(0xff << (8 - (len - i * 8)));
	}
}

static int add(struct family *f, const struct entry *e)
{
	if (f->count == f->room) {
		size_t room = f->room ? f->room * 2 : 64;
		struct entry *more = realloc(f->entry, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		f->entry = more;
		f->room = room;
	}
	f->entry[f->count++] = *e;
	f->has[e->category][e->len] = true;
	return 0;
}

static int read_entry(struct iprep *r, const struct line *l)
{
	struct span rest = l->text, address = { NULL, 0 }, category = { NULL, 0 };
	unsigned number, score, len;
	struct entry e;
	int family;

	span_next(&rest, ',', &address);
	span_next(&rest, ',', &category);
	if (!read_prefix(address, &family, e.bytes, &len) ||
	    !read_number(category, CATEGORIES - 1, &number) ||
	    !read_number(rest, SCORE_MAX, &score)) {
		complain(l, "expected an address, a category's number, and a score to 127",
			 "write it as in 192.0.2.1,1,100");
		return 0;
	}
	mask(e.bytes, len);
	e.category = (uint8_t)number;
	e.len = (uint8_t)len;
	e.score = (uint8_t)score;
	return add(family == AF_INET ? &r->v4 : &r->v6, &e);
}

static int read_file(struct iprep *r, const char *path, bool categories, struct diag_list *diags)
{
	struct line l = { .file = path, .diags = diags };
	struct text_lines lines;
	char *text;
	size_t len;
	int err = text_read(path, &text, &len, diags);

	/* What cannot be read has been told. */
	if (err)
		return err == -ENOMEM ? err : 0;
	lines = text_lines_of(span_of(text, len));
	while (!err && text_next_line(&lines, &l.text)) {
		l.number = lines.line;
		l.text = span_trim(l.text);
		if (!l.text.len || l.text.at[0] == '#')
			continue;
		if (categories)
			read_category(r, &l);
		else
			err = read_entry(r, &l);
	}
	free(text);
	return err;
}

static int order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

int iprep_load(const char *categories, const char *const *files, unsigned count,
	       struct diag_list *diags, struct iprep **out)
{
	struct iprep *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	*out = NULL;
	if (!r)
		return err;
	err = categories ? read_file(r, categories, true, diags) : 0;
	for (unsigned i = 0; i < count && !err; i++)
		err = read_file(r, files[i], false, diags);
	if (err) {
		iprep_free(r);
		return err;
	}
	if (r->v4.count)
		qsort(r->v4.entry, r->v4.count, sizeof(struct entry), order);
	if (r->v6.count)
		qsort(r->v6.entry, r->v6.count, sizeof(struct entry), order);
	*out = r;
	return 0;
}

void iprep_free(struct iprep *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < CATEGORIES; i++)
		free(r->category[i]);
	free(r->v4.entry);
	free(r->v6.entry);
	free(r);
}

/* --- asking ------------------------------------------------------------------------------------- */

int iprep_category(const struct iprep *r, const char *name)
{
	for (int i = 0; i < CATEGORIES; i++) {
		if (r->category[i] && strcmp(r->category[i], name) == 0)
			return i;
	}
	return -1;
}

bool iprep_score(const struct iprep *r, unsigned category, const struct ip_addr *addr,
		 unsigned version, uint8_t *score)
{
	const struct family *f = version == 4 ? &r->v4 : &r->v6;
	struct entry want = { .category = (uint8_t)category };

	if (!f->count || category >= CATEGORIES)
		return false;
	for (unsigned len = version == 4 ? 33 : 129; len-- > 0;) {
		const struct entry *e;

		if (!f->has[category][len])
			continue;
		want.len = (uint8_t)len;
		memset(want.bytes, 0, sizeof(want.bytes));
		memcpy(want.bytes, addr->bytes, version == 4 ? 4 : 16);
		mask(want.bytes, len);
		e = bsearch(&want, f->entry, f->count, sizeof(want), order);
		if (e) {
			*score = e->score;
			return true;
		}
	}
	return false;
}

/* --- from process to process -------------------------------------------------------------------- */

static int put_family(const struct family *f, int fd)
{
	const uint64_t count = f->count;
	int err = file_write_all(fd, &count, sizeof(count));

	return err ? err : file_write_all(fd, f->entry, f->count * sizeof(*f->entry));
}

int iprep_put(const struct iprep *r, int fd)
{
	int err = put_family(&r->v4, fd);

	return err ? err : put_family(&r->v6, fd);
}

static int get_family(struct bytes *in, struct family *f)
{
	uint64_t count;
	int err = 0;

	if (in->len < sizeof(count))
		return -EINVAL;
	memcpy(&count, in->data, sizeof(count));
	*in = bytes_slice(*in, sizeof(count), in->len);
	if (count > in->len / sizeof(struct entry))
		return -EINVAL;
	for (uint64_t i = 0; i < count && !err; i++) {
		struct entry e;

		memcpy(&e, in->data + i * sizeof(e), sizeof(e));
		err = e.len > 128 ? -EINVAL : add(f, &e);
	}
	*in = bytes_slice(*in, count * sizeof(struct entry), in->len);
	return err;
}

int iprep_get(struct bytes *in, struct iprep **out)
{
	struct iprep *r = calloc(1, sizeof(*r));
	int err;

	*out = NULL;
	if (!r)
		return -ENOMEM;
	err = get_family(in, &r->v4);
	if (!err)
		err = get_family(in, &r->v6);
	if (err)
		iprep_free(r);
	else
		*out = r;
	return err;
}
