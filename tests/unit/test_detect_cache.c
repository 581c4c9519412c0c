/* SPDX-License-Identifier: Apache-2.0 */
/* What is cached is what would have been compiled; what is damaged, foreign or missing is compiled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/detect/cache.h"
#include "engine/detect/hs.h"
#include "tests/unit/detect_rig.h"

#define RULES 120

static char folder[64]; /* of one test */

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/weir-cache-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static const char *inside(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void empty_folder(void)
{
	DIR *d = opendir(folder);
	const struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' && (!e->d_name[1] || e->d_name[1] == '.'))
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0))
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
}

static int remove_folder(void **state)
{
	(void)state;
	empty_folder();
	return rmdir(folder);
}

static unsigned files_in(void)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

/* --- rules ---------------------------------------------------------------------------------------- */

struct set {
	struct rule_set parsed;
	struct diag_list diags;
	struct ruleset *compiled;
};

struct source {
	const char *what; /* differs from the others */
	const char *name; /* of the file */
	const char *home; /* $HOME_NET and $PORTS */
	const char *ports;
	const char *extra; /* rules in front */
	unsigned rules;
};

static const struct source plain = { "nothing", "a.rules", "10.0.0.0/8", "53", "", RULES };

static const char *variable(void *ctx, const char *name, bool ports)
{
	const struct source *s = ctx;

	(void)name;
	return ports ? s->ports : s->home;
}

static char *text_of(const struct source *s)
{
	size_t size = strlen(s->extra) + (size_t)s->rules * 256 + 1, at;
	char *text = malloc(size);

	assert_non_null(text);
	at = (size_t)snprintf(text, size, "%s", s->extra);
	for (unsigned i = 1; i <= s->rules; i++)
		at += (size_t)snprintf(
			text + at, size - at,
			"alert udp $HOME_NET any -> any $PORTS (msg:\"rule %u\"; content:\"number%u.\"; "
			"pcre:\"/[a-z]+%u\\.end/\"; reference:url,example.com/%u; "
			"classtype:trojan-activity; sid:%u;)\n",
			i, i, i, i, i);
	return text;
}

static void parse(struct set *s, const struct source *from)
{
	struct rule_parse_options opt = { .variable = variable, .ctx = (void *)from };
	char *text = text_of(from);

	*s = (struct set){ .compiled = NULL };
	rule_set_init(&s->parsed);
	diag_list_init(&s->diags);
	assert_int_equal(rule_set_text(&s->parsed, from->name, text, strlen(text), &opt, &s->diags),
			 0);
	free(text);
}

static void compile(struct set *s, const struct source *from, const char *where)
{
	struct detect_options opt = { .pcre_match_limit = 3500, .cache_folder = where };

	parse(s, from);
	assert_int_equal(detect_compile(&s->parsed, &opt, &s->diags, &s->compiled), 0);
}

static void set_fini(struct set *s)
{
	ruleset_free(s->compiled);
	rule_set_fini(&s->parsed);
	diag_list_fini(&s->diags);
}

/* The set's rules in the order of the text, which is here that of inspection. */
static struct cache_key key_of(const struct set *s)
{
	const struct rule *rule[2 * RULES];
	struct cache_key key;
	size_t n = 0;

	for (const struct rule *r = s->parsed.first; r; r = r->next)
		rule[n++] = r;
	assert_int_equal(cache_key_of(rule, n, false, &key), 0);
	return key;
}

static const char *file_of(const struct cache_key *key)
{
	char name[CACHE_NAME_BYTES];

	cache_name(key, name);
	return inside(name);
}

static bool cached(const struct cache_key *key)
{
	void *block;
	size_t size;
	int err = cache_load(folder, key, NULL, &block, &size);

	free(block);
	return err == 0;
}

/* --- the tests ------------------------------------------------------------------------------------- */

/* sids that datagrams find, as text. */
static void alerts(struct set *s, char *out, size_t size)
{
	struct rig rig = { .rules = s->compiled };
	size_t at = 0;

	rig.options = (struct detect_options){ .pcre_match_limit = 3500,
					       .pcre_recursion_limit = 1500,
					       .max_flow_states = 64,
					       .inspection_recursion_limit = 3000 };
	rig_detector(&rig);
	for (unsigned i = 1; i <= RULES; i++) {
		char payload[64];
		int len = snprintf(payload, sizeof(payload), "xx number%u. abc%u.end", i, i);
		struct packet p = rig_udp(payload, (size_t)len);

		at += (size_t)snprintf(out + at, size - at, "%s;", rig_inspect(&rig, &p));
	}
	detector_free(rig.detector);
}

static void round_trip(void **state)
{
	static char one[8192], two[8192];
	struct set fresh, kept;
	struct cache_key key;
	struct stat st;

	(void)state;
	compile(&fresh, &plain, folder);
	key = key_of(&fresh);
	assert_int_equal(files_in(), 1);
	assert_int_equal(stat(file_of(&key), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(cached(&key));

	compile(&kept, &plain, folder);
	assert_int_equal(files_in(), 1);
	assert_int_equal(kept.compiled->block->size, fresh.compiled->block->size);
	assert_memory_equal(kept.compiled->block, fresh.compiled->block,
			    fresh.compiled->block->size);
	alerts(&fresh, one, sizeof(one));
	alerts(&kept, two, sizeof(two));
	assert_string_equal(one, two);
	assert_memory_equal(one, "1;2;3;4;", 8);
	set_fini(&fresh);
	set_fini(&kept);
}

/* A cached block, not a new one, is what a second load gives. */
static void is_used(void **state)
{
	struct set first, second;
	struct cache_key key;
	struct block_header *block;
	void *data;
	size_t size;

	(void)state;
	compile(&first, &plain, folder);
	key = key_of(&first);
	assert_int_equal(cache_load(folder, &key, NULL, &data, &size), 0);
	block = data;
	((struct rule_cold *)((uint8_t *)data + block->cold.offset))->rev = 77;
	assert_int_equal(cache_store(folder, &key, data, size), 0);
	free(data);
	compile(&second, &plain, folder);
	assert_int_equal(((const struct rule_cold *)block_at(second.compiled->block,
							     second.compiled->block->cold.offset))
				 ->rev,
			 77);
	set_fini(&first);
	set_fini(&second);
}

static const struct source others[] = {
	{ "a file's name", "b.rules", "10.0.0.0/8", "53", "", RULES },
	{ "an address", "a.rules", "10.0.0.0/9", "53", "", RULES },
	{ "an excluded address", "a.rules", "[10.0.0.0/8,!10.0.0.1]", "53", "", RULES },
	{ "a port", "a.rules", "10.0.0.0/8", "54", "", RULES },
	{ "any port", "a.rules", "10.0.0.0/8", "any", "", RULES },
	{ "a rule less", "a.rules", "10.0.0.0/8", "53", "", RULES - 1 },
	{ "a line in front", "a.rules", "10.0.0.0/8", "53", "\n", RULES },
	{ "a rule in front", "a.rules", "10.0.0.0/8", "53",
	  "alert ip any any -> any any (sid:900;)\n", RULES },
	{ "its sid", "a.rules", "10.0.0.0/8", "53", "alert ip any any -> any any (sid:901;)\n",
	  RULES },
	{ "its action", "a.rules", "10.0.0.0/8", "53", "drop ip any any -> any any (sid:901;)\n",
	  RULES },
	{ "its direction", "a.rules", "10.0.0.0/8", "53", "drop ip any any <> any any (sid:901;)\n",
	  RULES },
	{ "its threshold", "a.rules", "10.0.0.0/8", "53",
	  "drop ip any any <> any any (threshold:type limit,track by_src,count 1,seconds 5; "
	  "sid:901;)\n",
	  RULES },
};
#define OTHERS (sizeof(others) / sizeof(others[0]))

static void keys_differ(void **state)
{
	struct cache_key key[OTHERS + 1];
	struct set s;

	(void)state;
	for (size_t i = 0; i <= OTHERS; i++) {
		parse(&s, i < OTHERS ? &others[i] : &plain);
		assert_int_equal(s.diags.errors, 0);
		key[i] = key_of(&s);
		set_fini(&s);
		for (size_t k = 0; k < i; k++) {
			if (memcmp(&key[i], &key[k], sizeof(key[i])) == 0)
				fail_msg("'%s' has the key of '%s'",
					 i < OTHERS ? others[i].what : plain.what, others[k].what);
		}
	}
	parse(&s, &plain);
	key[0] = key_of(&s);
	assert_memory_equal(&key[0], &key[OTHERS], sizeof(key[0]));
	set_fini(&s);
}

/* What is not in the rule's text, each alone. */
static void keys_know_fields(void **state)
{
	struct set s;
	struct rule *r;
	struct cache_key before, after;

	(void)state;
	parse(&s, &plain);
	r = s.parsed.first;
	before = key_of(&s);
#define CHANGES(field, value) \
	do { \
		__typeof__(field) was = field; \
		field = value; \
		after = key_of(&s); \
		assert_memory_not_equal(&before, &after, sizeof(after)); \
		field = was; \
		after = key_of(&s); \
		assert_memory_equal(&before, &after, sizeof(after)); \
	} while (0)
	CHANGES(r->class_text, "other words");
	CHANGES(r->priority, r->priority + 1);
	CHANGES(r->reference[0].url, "https://elsewhere.example/");
	CHANGES(r->noalert, !r->noalert);
	CHANGES(r->place.line, r->place.line + 1);
	CHANGES(r->src.negated, !r->src.negated);
#undef CHANGES
	set_fini(&s);
}

/* Options that shape the block by the order of the rules. */
static void options_differ(void **state)
{
	struct detect_options opt = { .cache_folder = folder };
	struct source mixed = plain;
	struct set a, b;

	(void)state;
	mixed.extra = "drop udp any any -> any any (sid:900;)\n"
		      "pass udp any any -> any any (sid:901;)\n";
	compile(&a, &mixed, folder);
	opt.action_order[0] = ACTION_DROP;
	opt.action_order[1] = ACTION_PASS;
	opt.action_order[2] = ACTION_REJECT;
	opt.action_order[3] = ACTION_ALERT;
	parse(&b, &mixed);
	assert_int_equal(detect_compile(&b.parsed, &opt, &b.diags, &b.compiled), 0);
	assert_int_equal(files_in(), 2);
	assert_int_not_equal(a.compiled->row[0].action, b.compiled->row[0].action);
	set_fini(&a);
	set_fini(&b);
}

/* What a library refuses is told again, and only that. */
static void refused_again(void **state)
{
	struct source bad = plain;
	struct set s[2];

	(void)state;
	bad.extra = "alert udp any any -> any any (content:\"x\"; pcre:\"/(a/\"; sid:900;)\n"
		    "alert udp any any -> any any (content:\"x\"; pcre:\"/[b/\"; sid:901;)\n";
	compile(&s[0], &bad, folder);
	compile(&s[1], &bad, folder);
	assert_int_equal(files_in(), 1);
	assert_int_equal(s[0].diags.errors, 2);
	assert_int_equal(s[1].diags.errors, 2);
	for (const struct diag *a = s[0].diags.first, *b = s[1].diags.first; a;
	     a = a->next, b = b->next) {
		assert_string_equal(a->message, b->message);
		assert_int_equal(a->place.line, b->place.line);
		assert_int_equal(a->place.column, b->place.column);
	}
	assert_int_equal(ruleset_rules(s[0].compiled), RULES);
	assert_int_equal(ruleset_rules(s[1].compiled), RULES);
	set_fini(&s[0]);
	set_fini(&s[1]);
}

static void flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	uint8_t b;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= 0x10;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	close(fd);
}

static void damage(void **state)
{
	struct cache_key key;
	struct set s;
	struct stat st;
	const char *path;
	unsigned told = 0;

	(void)state;
	compile(&s, &plain, folder);
	key = key_of(&s);
	set_fini(&s);
	path = file_of(&key);
	assert_int_equal(stat(path, &st), 0);
	/* Each byte of both headers, then one in each piece of the rest, and the last. */
	for (off_t at = 0; at < st.st_size;
	     at += at < 64 + (off_t)sizeof(struct block_header) ? 1 : 4099) {
		flip(path, at);
		if (cached(&key))
			fail_msg("byte %ld changed and nobody saw it", (long)at);
		flip(path, at);
		told++;
	}
	flip(path, st.st_size - 1);
	assert_false(cached(&key));
	flip(path, st.st_size - 1);
	assert_true(told > 500);
	assert_true(cached(&key));
}

static void wrong_size(void **state)
{
	struct cache_key key;
	struct set s;
	struct stat st;
	const char *path;

	(void)state;
	compile(&s, &plain, folder);
	key = key_of(&s);
	set_fini(&s);
	path = file_of(&key);
	assert_int_equal(stat(path, &st), 0);
	for (int i = 0; i < 4; i++) {
		const off_t sizes[] = { 0, 63, st.st_size - 1, st.st_size + 1 };

		assert_int_equal(truncate(path, sizes[i]), 0);
		assert_false(cached(&key));
		/* Compiled, and written anew. */
		compile(&s, &plain, folder);
		assert_int_equal(ruleset_rules(s.compiled), RULES);
		set_fini(&s);
		assert_true(cached(&key));
		path = file_of(&key);
	}
}

/* A file of the right bytes that others may write, or that is none. */
static void not_ours(void **state)
{
	struct cache_key key;
	struct set s;
	char path[PATH_MAX], beside[PATH_MAX];
	void *block;
	size_t size;

	(void)state;
	compile(&s, &plain, folder);
	key = key_of(&s);
	set_fini(&s);
	strcpy(path, file_of(&key));
	strcpy(beside, inside("beside"));
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(cache_load(folder, &key, NULL, &block, &size), -EPERM);
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(cache_load(folder, &key, NULL, &block, &size), -EPERM);
	assert_int_equal(chmod(path, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(cache_load(folder, &key, NULL, &block, &size), -EPERM);
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(rename(path, beside), 0);
	assert_int_equal(symlink(beside, path), 0);
	assert_int_equal(cache_load(folder, &key, NULL, &block, &size), -ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(cache_load(folder, &key, NULL, &block, &size), -EPERM);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(cache_load(folder, &key, NULL, &block, &size), -EPERM);
	/* A folder cannot be replaced: the rules load all the same. */
	compile(&s, &plain, folder);
	assert_int_equal(ruleset_rules(s.compiled), RULES);
	set_fini(&s);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(files_in(), 1);
}

static void no_folder(void **state)
{
	char path[PATH_MAX];
	struct set s;
	FILE *f;

	(void)state;
	strcpy(path, inside("file"));
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	strcat(path, "/below");
	compile(&s, &plain, path);
	assert_int_equal(ruleset_rules(s.compiled), RULES);
	assert_int_equal(s.diags.errors + s.diags.warnings, 0);
	set_fini(&s);
	compile(&s, &plain, "");
	assert_int_equal(ruleset_rules(s.compiled), RULES);
	set_fini(&s);
	assert_int_equal(files_in(), 1);
}

static void makes_folders(void **state)
{
	char deep[PATH_MAX];
	struct stat st;
	struct set s;

	(void)state;
	strcpy(deep, inside("a/b"));
	compile(&s, &plain, deep);
	set_fini(&s);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* So that the one test's folder can go. */
	strcpy(folder + strlen(folder), "/a/b");
	assert_int_equal(files_in(), 1);
	empty_folder();
	rmdir(folder);
	*strrchr(folder, '/') = '\0';
	rmdir(folder);
	*strrchr(folder, '/') = '\0';
}

static void few_rules(void **state)
{
	struct source few = plain;
	struct set s;

	(void)state;
	few.rules = CACHE_RULES_MIN - 1;
	compile(&s, &few, folder);
	set_fini(&s);
	assert_int_equal(files_in(), 0);
}

static struct cache_key number(unsigned n)
{
	struct cache_key key;

	memset(&key, (int)n, sizeof(key));
	return key;
}

/* The newest stay, whatever is not the cache's stays too. */
static void prunes(void **state)
{
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	static const char block[100];
	char foreign[PATH_MAX];
	int fd;

	(void)state;
	strcpy(foreign, inside("notes.txt"));
	close(open(foreign, O_CREAT | O_WRONLY, 0600));
	fd = open(inside(".new-left-behind"), O_CREAT | O_WRONLY, 0600);
	assert_int_equal(futimens(fd, old), 0);
	close(fd);
	close(open(inside(".new-being-written"), O_CREAT | O_WRONLY, 0600));
	for (unsigned i = 0; i < CACHE_FILES_MAX + 3; i++) {
		struct cache_key key = number(i);

		assert_int_equal(cache_store(folder, &key, block, sizeof(block)), 0);
		old[0].tv_sec = old[1].tv_sec = 2000 + (time_t)i;
		assert_int_equal(utimensat(AT_FDCWD, file_of(&key), old, 0), 0);
	}
	assert_int_equal(files_in(), CACHE_FILES_MAX + 2);
	assert_int_equal(access(foreign, F_OK), 0);
	assert_int_equal(access(inside(".new-being-written"), F_OK), 0);
	for (unsigned i = 0; i < CACHE_FILES_MAX + 3; i++) {
		struct cache_key key = number(i);

		assert_int_equal(cached(&key), i >= 3);
	}
}

/* A file that is used is not the oldest. */
static void use_is_remembered(void **state)
{
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct cache_key key = number(1);
	static const char block[100];
	struct stat st;

	(void)state;
	assert_int_equal(cache_store(folder, &key, block, sizeof(block)), 0);
	assert_int_equal(utimensat(AT_FDCWD, file_of(&key), old, 0), 0);
	assert_true(cached(&key));
	assert_int_equal(stat(file_of(&key), &st), 0);
	assert_true(st.st_mtim.tv_sec > 1000);
}

/* --- many literals --------------------------------------------------------------------------------- */

struct found {
	unsigned literals; /* numbers below this are literals */
	unsigned hits, strange;
};

static int on_found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	struct found *f = ctx;

	(void)from;
	(void)to;
	(void)flags;
	if (id < f->literals)
		f->hits++;
	else if (id > f->literals)
		f->strange++;
	return 0;
}

/* Few and many literals, short and longer ones are compiled in different ways: every byte means itself in all. */
static void literals_of_any_byte(void **state)
{
	static const unsigned counts[] = { 1, 10, 11, 48, 49, 95, 96, 97, 256 };
	/* What stands in for nothing: for start of match, for one place in two, and of what makes up the number two. */
	static const uint8_t nothing[] = { 0xd7, 0x9e, 0x3b, 0xa1, 0xc4, 0x5f, 0xe8, 0x12, 0xf9,
					   0xc1, 0xfb, 0x80, 0xbb, 0xf6, 0xb1, 0xec, 0xa7, 0xe2,
					   0x9d, 0xa5, 0xe0, 0x9b, 0xd6, 0x91, 0xcc, 0x87, 0xc2 };

	(void)state;
	for (size_t c = 0; c < 2 * sizeof(counts) / sizeof(counts[0]); c++) {
		unsigned count = counts[c / 2], literal = c % 2 ? 6 : 4;
		uint8_t bytes[256][6];
		struct hs_literal l[256];
		struct hs_base *base;
		struct hs_work *work = NULL;
		void *serialized, *room;
		size_t len, size;
		char why[128];

		for (unsigned i = 0; i < count; i++) {
			/* No two of which overlap with another literal's. */
			bytes[i][0] = (uint8_t)i;
			bytes[i][1] = (uint8_t)~i;
			bytes[i][2] = (uint8_t)i;
			bytes[i][3] = (uint8_t)(i ^ 0x55);
			bytes[i][4] = (uint8_t)(i ^ 0x35);
			bytes[i][5] = (uint8_t)(i ^ 0xca);
			l[i] = (struct hs_literal){ bytes[i], (uint16_t)literal, false };
		}
		assert_int_equal(hs_build(l, count, &serialized, &len, why), 0);
		assert_int_equal(hs_size(serialized, len, &size), 0);
		room = aligned_alloc(HS_ALIGN, (size + HS_ALIGN - 1) / HS_ALIGN * HS_ALIGN);
		assert_non_null(room);
		assert_int_equal(hs_open(serialized, len, room, &base), 0);
		assert_int_equal(hs_work_new(&base, 1, &work), 0);
		for (unsigned i = 0; i < count; i++) {
			struct found f = { .literals = count };

			hs_search(base, work, bytes[i], literal, on_found, &f);
			if (f.hits != 1 || f.strange)
				fail_msg("of %u literals of %u bytes number %u: %u hits", count,
					 literal, i, f.hits);
		}
		/* It is found as nothing. */
		struct found f = { .literals = count };

		hs_search(base, work, nothing, sizeof(nothing), on_found, &f);
		assert_int_equal(f.hits + f.strange, 0);
		hs_work_free(work);
		free(room);
		free(serialized);
	}
}

/* A packet with the bytes of the expression that stands in for nothing. */
static void spoiler_in_traffic(void **state)
{
	struct set s;
	struct rig rig = { .detector = NULL };
	static const char payload[] = "\xd7\x9e\x3b\xa1\xc4\x5f\xe8\x12 number7. abc7.end";
	struct packet p = rig_udp(payload, sizeof(payload) - 1);

	(void)state;
	compile(&s, &plain, NULL);
	rig.rules = s.compiled;
	rig.options = (struct detect_options){ .pcre_match_limit = 3500,
					       .pcre_recursion_limit = 1500,
					       .max_flow_states = 64,
					       .inspection_recursion_limit = 3000 };
	rig_detector(&rig);
	assert_string_equal(rig_inspect(&rig, &p), "7");
	detector_free(rig.detector);
	set_fini(&s);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(round_trip),
		IN_FOLDER(is_used),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(keys_know_fields),
		IN_FOLDER(options_differ),
		IN_FOLDER(refused_again),
		IN_FOLDER(damage),
		IN_FOLDER(wrong_size),
		IN_FOLDER(not_ours),
		IN_FOLDER(no_folder),
		IN_FOLDER(makes_folders),
		IN_FOLDER(few_rules),
		IN_FOLDER(prunes),
		IN_FOLDER(use_is_remembered),
		cmocka_unit_test(literals_of_any_byte),
		cmocka_unit_test(spoiler_in_traffic),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
