/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/dataset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/detect/json_text.h"
#include "engine/detect/transform.h"
#include "parser/file_text.h"

#define BUCKETS 16384u /* a power of two */
#define DATASET_LABELS_MAX 127
#define DATASET_CONTEXT_MAX 65535

struct entry {
	uint32_t next; /* offset in room, 0: none */
	uint16_t len;
	uint16_t reputation;
	uint32_t context; /* bytes of JSON behind the key */
	uint8_t key[];
};

struct dataset_set {
	enum dataset_type type;
	char *name;
	unsigned users; /* beside the first */
	FILE *save; /* opened at start: later nothing may be */
	uint8_t *room;
	uint32_t size, used;
	uint32_t free; /* removed entries */
	uint32_t bucket[BUCKETS];
	uint64_t refused;
	uint64_t charge,
		wanted; /* while it is loaded: what is charged; the most that was asked for */
};

static struct entry *at(const struct dataset_set *s, uint32_t offset)
{
	return (struct entry *)(s->room + offset);
}

static uint32_t bucket_of(struct bytes key)
{
	static const struct hash_key hash = { 0x6461746173657473, 0x6f6672756c657321 };

	return (uint32_t)hash_bytes(&hash, key.data, key.len) & (BUCKETS - 1);
}

/* --- keys ------------------------------------------------------------------------------------------- */

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* As the set keeps it: addresses of both versions in one set as IPv6.  False: it cannot be in it. */
static bool key_of(const struct dataset_set *s, struct bytes in, uint8_t place[16],
		   struct bytes *out)
{
	*out = in;
	switch (s->type) {
	case DATASET_MD5:
		return in.len == 16;
	case DATASET_SHA256:
		return in.len == 32;
	case DATASET_IPV4:
		return in.len == 4;
	case DATASET_IP:
		if (in.len == 4) {
			memcpy(place, mapped, sizeof(mapped));
			memcpy(place + sizeof(mapped), in.data, 4);
			*out = bytes_of(place, 16);
		}
		return out->len == 16;
	default:
		return in.len > 0 && in.len <= DATASET_KEY_MAX;
	}
}

/* --- asking and writing ---------------------------------------------------------------------------- */

static uint32_t *find(const struct dataset_set *s, struct bytes key)
{
	uint32_t *link = (uint32_t *)&s->bucket[bucket_of(key)];

	uint32_t offset;

	/* Others may be writing. */
	while ((offset = __atomic_load_n(link, __ATOMIC_ACQUIRE))) {
		struct entry *e = at(s, offset);

		if (e->len == key.len && memcmp(e->key, key.data, key.len) == 0)
			break;
		link = &e->next;
	}
	return link;
}

static bool look(const struct dataset_set *s, struct bytes key, struct dataset_found *out)
{
	uint8_t place[16];
	const struct entry *e;
	uint32_t offset;

	if (!key_of(s, key, place, &key))
		return false;
	offset = __atomic_load_n(find(s, key), __ATOMIC_ACQUIRE);
	if (!offset)
		return false;
	e = at(s, offset);
	*out = (struct dataset_found){ .reputation = e->reputation,
				       .context = bytes_of(e->key + e->len, e->context) };
	return true;
}

bool dataset_look(const struct dataset_set *s, struct bytes key, bool subdomain,
		  struct dataset_found *out)
{
	size_t tried = 0;

	if (look(s, key, out))
		return true;
	/* A name has 127 labels at most (RFC 1035, section 2.3.4). */
	for (size_t i = 1; subdomain && i < key.len && tried < DATASET_LABELS_MAX; i++) {
		if (key.data[i] != '.')
			continue;
		tried++;
		if (look(s, bytes_slice(key, i, key.len), out))
			return true;
	}
	return false;
}

bool dataset_find(const struct dataset_set *s, struct bytes key, uint16_t *reputation)
{
	struct dataset_found found;

	if (!look(s, key, &found))
		return false;
	if (reputation)
		*reputation = found.reputation;
	return true;
}

/* Room for an entry, from those removed or behind all others; 0: there is none. */
static uint32_t take_room(struct dataset_set *s, size_t len, size_t context)
{
	size_t need = (sizeof(struct entry) + len + context + 7) & ~(size_t)7;
	uint32_t offset;

	for (uint32_t *link = &s->free; *link; link = &at(s, *link)->next) {
		offset = *link;
		if (at(s, offset)->len != len || context)
			continue;
		*link = at(s, offset)->next;
		return offset;
	}
	if (s->size - s->used < need) {
		s->refused++;
		return 0;
	}
	offset = s->used;
	s->used += (uint32_t)need;
	return offset;
}

/* What is charged for the value and what is said of it, beside its fixed part. */
static void charge(struct dataset_set *s, size_t key, size_t context)
{
	uint64_t n = context + (s->type == DATASET_STRING ? key : 0);

	s->charge += n;
	if (s->wanted < s->charge + n)
		s->wanted = s->charge + n;
}

static bool add(struct dataset_set *s, struct bytes key, uint16_t reputation, struct bytes context)
{
	uint32_t *link = find(s, key), offset;
	struct entry *e;

	if (*link)
		return false;
	charge(s, key.len, context.len);
	offset = take_room(s, key.len, context.len);
	if (!offset)
		return false;
	e = at(s, offset);
	e->next = 0;
	e->len = (uint16_t)key.len;
	e->reputation = reputation;
	e->context = (uint32_t)context.len;
	memcpy(e->key, key.data, key.len);
	if (context.len)
		memcpy(e->key + key.len, context.data, context.len);
	__atomic_store_n(link, offset, __ATOMIC_RELEASE);
	return true;
}

bool dataset_add(struct dataset_set *s, struct bytes key)
{
	uint8_t place[16];

	return key_of(s, key, place, &key) && add(s, key, 0, bytes_of(NULL, 0));
}

bool dataset_remove(struct dataset_set *s, struct bytes key)
{
	uint8_t place[16];
	uint32_t *link, offset;

	if (!key_of(s, key, place, &key))
		return false;
	link = find(s, key);
	offset = *link;
	if (!offset)
		return false;
	*link = at(s, offset)->next;
	at(s, offset)->next = s->free;
	s->free = offset;
	return true;
}

static size_t count_all(const struct dataset_set *s)
{
	size_t n = 0;

	for (uint32_t b = 0; b < BUCKETS; b++) {
		for (uint32_t i = s->bucket[b]; i; i = at(s, i)->next)
			n++;
	}
	return n;
}

static size_t take_all(struct dataset_set *s, uint32_t *places)
{
	size_t n = 0;

	for (uint32_t b = 0; b < BUCKETS; b++) {
		for (uint32_t i = s->bucket[b]; i; i = at(s, i)->next)
			places[n++] = i;
		__atomic_store_n(&s->bucket[b], 0, __ATOMIC_RELEASE);
	}
	return n;
}

size_t dataset_take_out(struct dataset_set *s, struct bytes key, uint32_t **out)
{
	size_t count = key.data ? 1 : count_all(s);
	uint8_t place[16];
	uint32_t *link;

	*out = count ? malloc(count * sizeof(**out)) : NULL;
	if (!*out)
		return 0;
	if (!key.data)
		return take_all(s, *out);
	link = key_of(s, key, place, &key) ? find(s, key) : NULL;
	if (!link || !*link) {
		free(*out);
		*out = NULL;
		return 0;
	}
	**out = *link;
	__atomic_store_n(link, at(s, *link)->next, __ATOMIC_RELEASE);
	return 1;
}

void dataset_give_back(struct dataset_set *s, uint32_t *places, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		at(s, places[i])->next = s->free;
		s->free = places[i];
	}
	free(places);
}

uint64_t dataset_refused(const struct dataset_set *s)
{
	return s->refused;
}

/* --- files -------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t read_hex(struct span s, uint8_t *out)
{
	for (size_t i = 0; i < s.len; i += 2) {
		if (i + 1 == s.len || hex_digit(s.at[i]) < 0 || hex_digit(s.at[i + 1]) < 0)
			return 0;
		out[i / 2] = (uint8_t)(hex_digit(s.at[i]) << 4 | hex_digit(s.at[i + 1]));
	}
	return s.len / 2;
}

static size_t read_address(struct span s, uint8_t out[16])
{
	char text[64];

	if (s.len >= sizeof(text))
		return 0;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

/* What a line says, in the form that the set keeps; 0: it cannot be read. */
static size_t read_key(const struct dataset_set *s, struct span text, uint8_t *out)
{
	switch (s->type) {
	case DATASET_MD5:
		return text.len == 32 ? read_hex(text, out) : 0;
	case DATASET_SHA256:
		return text.len == 64 ? read_hex(text, out) : 0;
	case DATASET_IPV4:
	case DATASET_IP:
		return read_address(text, out);
	default:
		if (text.len > DATASET_KEY_MAX)
			return 0;
		return transform_base64(bytes_of(text.at, text.len), BASE64_STRICT, out);
	}
}

size_t dataset_key(const struct dataset_set *s, const char *text, size_t len,
		   uint8_t out[DATASET_KEY_BYTES])
{
	return read_key(s, span_of(text, len), out);
}

static const char *form_of(enum dataset_type type, bool json)
{
	switch (type) {
	case DATASET_MD5:
		return "expected 32 hexadecimal digits";
	case DATASET_SHA256:
		return "expected 64 hexadecimal digits";
	case DATASET_IPV4:
	case DATASET_IP:
		return "expected an address";
	default:
		return json ? "expected a string" : "expected a string in base64";
	}
}

static bool read_reputation(struct span s, uint16_t *out)
{
	uint64_t v;

	if (!span_u64(span_trim(s), &v) || v > UINT16_MAX)
		return false;
	*out = (uint16_t)v;
	return true;
}

/* A line of a file: a value, and in all lines or in none a reputation.  NULL: it is taken. */
static const char *take_line(struct dataset_set *s, struct span line, int *has_reputation)
{
	uint8_t bytes[DATASET_KEY_MAX + 16], place[16];
	struct span rest = line, key;
	uint16_t reputation = 0;
	struct bytes k;
	bool more;

	(void)span_next(&rest, ',', &key);
	k = bytes_of(bytes, read_key(s, span_trim(key), bytes));
	if (!k.len || !key_of(s, k, place, &k))
		return form_of(s->type, false);
	more = span_find(line, ',') < line.len;
	if (*has_reputation >= 0 && more != *has_reputation)
		return "a reputation stands in all lines or in none";
	*has_reputation = more;
	if (more && !read_reputation(rest, &reputation))
		return "expected a reputation from 0 to 65535";
	add(s, k, reputation, bytes_of(NULL, 0));
	return NULL;
}

static void complain(const char *path, uint32_t line, struct span s, const char *what,
		     struct diag_list *diags)
{
	char *text = strndup(s.at, s.len);
	struct place place = {
		.file = path, .line = line, .column = 1, .len = (uint32_t)s.len, .text = text
	};

	diag_add_coded(diags, DIAG_ERROR, &place, "correct or remove the line", "E0213", NULL,
		       what);
	free(text);
}

/* An object that says something of a value.  One without the value says nothing.  NULL: it is taken. */
static const char *take_object(struct dataset_set *s, const struct dataset_options *opt,
			       struct span object, char *scratch)
{
	uint8_t bytes[DATASET_KEY_MAX + 16], place[16], *said = (uint8_t *)scratch;
	struct span value, member, none = { NULL, 0 };
	struct bytes k, context;
	size_t n;

	if (!json_text_find(object, opt->value_key, &value, &member))
		return NULL;
	n = json_text_string(value, said);
	if (!n)
		return form_of(s->type, true);
	if (s->type == DATASET_STRING && n <= DATASET_KEY_MAX)
		memcpy(bytes, said, n);
	else
		n = s->type == DATASET_STRING ? 0 : read_key(s, span_of(scratch, n), bytes);
	k = bytes_of(bytes, n);
	if (!k.len || !key_of(s, k, place, &k))
		return form_of(s->type, true);
	n = json_text_compact(object, opt->remove_key ? member : none, scratch);
	context = bytes_of(scratch, n);
	if (n > DATASET_CONTEXT_MAX)
		return "more than 65535 bytes are said of a value";
	add(s, k, 0, context);
	return NULL;
}

/* An object a line. */
static void load_json_lines(struct dataset_set *s, const struct dataset_options *opt,
			    struct span text, char *scratch, struct diag_list *diags)
{
	struct text_lines lines = text_lines_of(text);
	struct span line;

	while (text_next_line(&lines, &line)) {
		const char *wrong;

		if (!span_trim(line).len)
			continue;
		wrong = json_text_valid(line) ? take_object(s, opt, line, scratch)
					      : "expected a JSON object";
		if (wrong)
			complain(opt->load, lines.line, line, wrong, diags);
	}
}

static uint32_t line_of(struct span text, const char *at)
{
	uint32_t line = 1;

	for (const char *p = text.at; p < at; p++)
		line += *p == '\n';
	return line;
}

/* One text, somewhere in it the list of objects. */
static void load_json(struct dataset_set *s, const struct dataset_options *opt, struct span text,
		      char *scratch, struct diag_list *diags)
{
	struct span array = text, rest, item, nothing = { "", 0 };
	const char *wrong = NULL;

	if (!json_text_valid(text))
		wrong = "expected one JSON text";
	else if (opt->array_key && !json_text_find(text, opt->array_key, &array, NULL))
		wrong = "nothing lies at the path array_key";
	else if (!json_text_items(array, &rest))
		wrong = "expected a list of JSON objects";
	if (wrong) {
		complain(opt->load, 1, nothing, wrong, diags);
		return;
	}
	while (json_text_next(&rest, &item)) {
		wrong = take_object(s, opt, item, scratch);
		if (wrong)
			complain(opt->load, line_of(text, item.at), nothing, wrong, diags);
	}
}

static void load_lines(struct dataset_set *s, const struct dataset_options *opt, struct span text,
		       struct diag_list *diags)
{
	struct text_lines lines = text_lines_of(text);
	struct span line;
	int has_reputation = -1; /* not known */

	while (text_next_line(&lines, &line)) {
		struct span item = span_trim(line);
		const char *wrong;

		if (!item.len || item.at[0] == '#')
			continue;
		wrong = take_line(s, item, &has_reputation);
		if (wrong)
			complain(opt->load, lines.line, line, wrong, diags);
	}
}

/* What is charged before there is a value. */
static uint64_t charge_of(const struct dataset_options *opt)
{
	uint64_t slots = opt->hashsize ? opt->hashsize : DATASET_HASHSIZE,
		 value = DATASET_CHARGE_VALUE;

	if (opt->type == DATASET_IPV4)
		value -= 8;
	if (opt->type == DATASET_SHA256 || opt->format != DATASET_CSV)
		value += 16;
	return slots * DATASET_CHARGE_SLOT + value * DATASET_CHARGE_VALUES;
}

/* All of it fits, or it is told. */
static void check_room(struct dataset_set *s, const struct dataset_options *opt, uint64_t memcap,
		       struct diag_list *diags)
{
	struct place at = { .file = opt->load ? opt->load : opt->rule_file };

	if (s->refused)
		diag_add(
			diags, DIAG_ERROR, &at, "give it a larger memcap",
			"the set '%s' does not fit: %llu values find no room in its memcap of %llu bytes",
			opt->name, (unsigned long long)s->refused, (unsigned long long)memcap);
	else if (s->wanted > memcap)
		diag_add(
			diags, DIAG_ERROR, &at, "give it a larger memcap or a smaller hashsize",
			"the set '%s' does not fit: it is charged %llu bytes, and its memcap is %llu",
			opt->name, (unsigned long long)s->wanted, (unsigned long long)memcap);
}

static int load(struct dataset_set *s, const struct dataset_options *opt, struct diag_list *diags)
{
	struct span whole;
	char *text, *scratch = NULL;
	size_t len;
	int err = opt->load_optional ? text_read_quiet(opt->load, &text, &len)
				     : text_read(opt->load, &text, &len, diags);

	/* What cannot be read has been told; the set begins empty. */
	if (err)
		return err == -ENOMEM ? err : 0;
	whole = span_of(text, len);
	if (opt->format != DATASET_CSV) {
		scratch = malloc(len + 1);
		err = scratch ? 0 : -ENOMEM;
	}
	if (!scratch && !err)
		load_lines(s, opt, whole, diags);
	else if (!err && opt->format == DATASET_NDJSON)
		load_json_lines(s, opt, whole, scratch, diags);
	else if (!err)
		load_json(s, opt, whole, scratch, diags);
	free(scratch);
	free(text);
	return err;
}

static void open_save(struct dataset_set *s, const char *path, struct diag_list *diags)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	struct place at = { .file = path };

	s->save = fd < 0 ? NULL : fdopen(fd, "r+");
	if (s->save)
		return;
	diag_add(diags, DIAG_ERROR, &at, "let it be written, or remove save",
		 "cannot write the data set: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

int dataset_open(const struct dataset_options *opt, struct diag_list *diags,
		 struct dataset_set **out)
{
	struct dataset_set *s = calloc(1, sizeof(*s));
	uint64_t memcap = opt->memcap ? opt->memcap : DATASET_MEMCAP;
	int err = -ENOMEM;

	*out = NULL;
	if (!s)
		return err;
	s->type = opt->type;
	s->size = memcap > UINT32_MAX - 8 ? UINT32_MAX - 8 : (uint32_t)memcap;
	s->used = 8; /* offset 0 is none */
	s->room = calloc(1, s->size);
	s->name = strdup(opt->name);
	if (!s->room || !s->name)
		goto fail;
	s->charge = s->wanted = charge_of(opt);
	err = opt->load ? load(s, opt, diags) : 0;
	if (err)
		goto fail;
	check_room(s, opt, memcap, diags);
	if (opt->save)
		open_save(s, opt->save, diags);
	*out = s;
	return 0;
fail:
	dataset_close(s);
	return err;
}

void dataset_close(struct dataset_set *s)
{
	if (!s)
		return;
	if (s->users) {
		s->users--;
		return;
	}
	free(s->room);
	free(s->name);
	if (s->save)
		fclose(s->save);
	free(s);
}

static void write_base64(FILE *f, const uint8_t *p, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;
		size_t left = len - i;

		v |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= left > 2 ? p[i + 2] : 0;
		fputc(digits[v >> 18], f);
		fputc(digits[v >> 12 & 63], f);
		fputc(left > 1 ? digits[v >> 6 & 63] : '=', f);
		fputc(left > 2 ? digits[v & 63] : '=', f);
	}
}

static void write_entry(FILE *f, const struct dataset_set *s, const struct entry *e)
{
	char text[INET6_ADDRSTRLEN];

	switch (s->type) {
	case DATASET_MD5:
	case DATASET_SHA256:
		for (unsigned i = 0; i < e->len; i++)
			fprintf(f, "%02x", e->key[i]);
		break;
	case DATASET_IPV4:
		fputs(inet_ntop(AF_INET, e->key, text, sizeof(text)), f);
		break;
	case DATASET_IP:
		if (memcmp(e->key, mapped, sizeof(mapped)) == 0)
			fputs(inet_ntop(AF_INET, e->key + sizeof(mapped), text, sizeof(text)), f);
		else
			fputs(inet_ntop(AF_INET6, e->key, text, sizeof(text)), f);
		break;
	default:
		write_base64(f, e->key, e->len);
		break;
	}
	fputc('\n', f);
}

void dataset_print(const struct dataset_set *s, FILE *out)
{
	for (uint32_t b = 0; b < BUCKETS; b++) {
		for (uint32_t i = s->bucket[b]; i; i = at(s, i)->next)
			write_entry(out, s, at(s, i));
	}
}

int dataset_save(const struct dataset_set *s)
{
	FILE *f;
	int err = 0;

	if (!s || !s->save)
		return 0;
	f = s->save;
	if (fseek(f, 0, SEEK_SET) || ftruncate(fileno(f), 0))
		return -errno;
	dataset_print(s, f);
	if (fflush(f))
		err = -errno;
	return err;
}

/* --- from process to process ------------------------------------------------------------------------ */

/* What stands before the entries. */
struct image {
	uint32_t type, size, used, free;
	uint32_t bucket[BUCKETS];
};

struct dataset_set *dataset_share(struct dataset_set *s)
{
	s->users++;
	return s;
}

enum dataset_type dataset_type(const struct dataset_set *s)
{
	return s->type;
}

int dataset_put(const struct dataset_set *s, int fd)
{
	struct image *i = malloc(sizeof(*i));
	int err;

	if (!i)
		return -ENOMEM;
	*i = (struct image){
		.type = (uint32_t)s->type, .size = s->size, .used = s->used, .free = s->free
	};
	memcpy(i->bucket, s->bucket, sizeof(i->bucket));
	err = file_write_all(fd, i, sizeof(*i));
	free(i);
	return err ? err : file_write_all(fd, s->room, s->used);
}

int dataset_get(struct bytes *in, const char *name, struct dataset_set **out)
{
	struct dataset_set *s = calloc(1, sizeof(*s));
	struct image i;
	int err = -ENOMEM;

	*out = NULL;
	if (!s)
		return err;
	err = -EINVAL;
	if (in->len < sizeof(i))
		goto fail;
	memcpy(&i, in->data, sizeof(i));
	if (i.used > i.size || in->len - sizeof(i) < i.used)
		goto fail;
	err = -ENOMEM;
	s->type = (enum dataset_type)i.type;
	s->size = i.size;
	s->used = i.used;
	s->free = i.free;
	memcpy(s->bucket, i.bucket, sizeof(s->bucket));
	s->name = strdup(name);
	s->room = calloc(1, s->size);
	if (!s->name || !s->room)
		goto fail;
	memcpy(s->room, in->data + sizeof(i), i.used);
	*in = bytes_slice(*in, sizeof(i) + i.used, in->len);
	*out = s;
	return 0;
fail:
	dataset_close(s);
	return err;
}
