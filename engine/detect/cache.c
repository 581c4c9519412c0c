/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/cache.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/large.h"
#include "engine/base/spread.h"
#include "engine/detect/hs.h"
#include "engine/detect/regex.h"
#include "engine/detect/ruleset.h"
#include "engine/detect/wide.h"

#define FILE_MAGIC "WEIRCACH"
#define FILE_VERSION 2u
#define NAME_END ".weir"
/* A file being written; one as old as this was left behind. */
#define TEMPORARY_START ".new-"
#define TEMPORARY_MAX_S 3600
/* A file that is digested is read so, each piece by one thread. */
#define DIGEST_PIECE_BYTES (1u << 20)
#define DIGEST_PIECES_MAX (1u << 20)
#define DIGEST_READ_BYTES (64u << 10)
/* And a block: little enough to be in the processor's cache when its checksum is made. */
#define BLOCK_PIECE_BYTES (256u << 10)

struct file_head {
	char magic[8];
	uint32_t version;
	uint32_t head_bytes;
	uint8_t key[CACHE_DIGEST_BYTES];
	uint64_t block_bytes;
	uint64_t checksum; /* of the fields before it and of the block's pieces */
};
static_assert(sizeof(struct file_head) == 64, "no gaps: each byte is covered by the checksum");

/* --- the key ------------------------------------------------------------------------------------ */

/* Who adds a field sees to it that the key knows what the rule's text does not say. */
static_assert(sizeof(struct rule) == 328, "is the new field in put_rule()?");

struct cache_digest {
	EVP_MD_CTX *context;
	bool failed;
};

static void put(struct cache_digest *d, const void *data, size_t len)
{
	if (!d->failed && EVP_DigestUpdate(d->context, data, len) != 1)
		d->failed = true;
}

/* With its length, so that what follows cannot be taken for a part of it. */
static void put_bytes(struct cache_digest *d, const void *data, size_t len)
{
	uint64_t n = len;

	put(d, &n, sizeof(n));
	put(d, data, len);
}

static void put_text(struct cache_digest *d, const char *text)
{
	uint64_t none = UINT64_MAX;

	if (text)
		put_bytes(d, text, strlen(text));
	else
		put(d, &none, sizeof(none));
}

static void put_addresses(struct cache_digest *d, const struct address_set *a)
{
	uint32_t head[2] = { a->any, a->negated };

	put(d, head, sizeof(head));
	put_bytes(d, a->v4, a->v4_count * sizeof(*a->v4));
	put_bytes(d, a->v6, a->v6_count * sizeof(*a->v6));
}

static void put_ports(struct cache_digest *d, const struct port_set *s)
{
	uint32_t any = s->any;

	put(d, &any, sizeof(any));
	put_bytes(d, s->ranges, s->count * sizeof(*s->ranges));
}

/* Thresholds may come from elsewhere than the rule. */
static void put_thresholds(struct cache_digest *d, const struct rule *r)
{
	for (unsigned i = 0; i < r->options; i++) {
		const struct threshold *t = &r->option[i].threshold;

		if (r->option[i].kind == OPTION_THRESHOLD) {
			uint32_t of[] = {
				i, t->type, t->track, t->count, t->seconds, t->multiplier
			};

			put(d, of, sizeof(of));
		}
	}
}

/* threshold.config. */
static void put_filters(struct cache_digest *d, const struct rule *r)
{
	for (unsigned i = 0; i < r->filters; i++) {
		const struct rule_filter *f = r->filter[i];
		uint32_t of[] = {
			f->kind,   f->track,	       f->new_action,	   f->timeout,
			f->number, f->threshold.track, f->threshold.count, f->threshold.seconds
		};

		put(d, of, sizeof(of));
		put_addresses(d, &f->addresses);
	}
}

/* What lists in files say. */
static void put_lists(struct cache_digest *d, const struct rule *r)
{
	static const unsigned bytes[] = { 16, 20, 32 };

	for (unsigned i = 0; i < r->options; i++) {
		const struct file_hash_match *m = &r->option[i].file_hash;

		if (r->option[i].kind == OPTION_FILE_HASH)
			put_bytes(d, m->digest, (size_t)m->count * bytes[m->hash]);
	}
}

/*
 * The text says what the rule looks for, for one build of the parser.  Beside it: what is known only from elsewhere
 * (variables, classification, references, the file's name), and what is short anyway.
 */
static void put_rule(struct cache_digest *d, const struct rule *r)
{
	uint32_t numbers[] = { r->action,  r->proto,	 r->bidirectional, r->noalert, r->alert,
			       r->target,  r->sid,	 r->gid,	   r->rev,     r->priority,
			       r->options, r->variables, r->place.line };

	put(d, numbers, sizeof(numbers));
	put_text(d, r->text);
	put_text(d, r->place.file);
	put_text(d, r->msg);
	put_text(d, r->app_proto);
	put_text(d, r->class_text);
	put_text(d, r->class_name);
	put_addresses(d, &r->src);
	put_addresses(d, &r->dst);
	put_ports(d, &r->sport);
	put_ports(d, &r->dport);
	for (unsigned i = 0; i < r->references; i++) {
		put_text(d, r->reference[i].type);
		put_text(d, r->reference[i].id);
		put_text(d, r->reference[i].url);
	}
	for (unsigned i = 0; i < r->metadata_count; i++) {
		put_text(d, r->metadata[i].key);
		put_text(d, r->metadata[i].value);
	}
	put_thresholds(d, r);
	put_lists(d, r);
	put_filters(d, r);
}

/* The linker's name for this very program: another for each change of the code. */
static int find_build_id(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		const uint8_t *note = (const uint8_t *)(info->dlpi_addr + h->p_vaddr);
		const uint8_t *end = note + h->p_memsz;

		while (h->p_type == PT_NOTE && (size_t)(end - note) > sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *n = (const ElfW(Nhdr) *)note;
			const uint8_t *name = note + sizeof(*n);
			const uint8_t *id = name + ((n->n_namesz + 3u) & ~3u);

			if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == sizeof("GNU") &&
			    memcmp(name, "GNU", sizeof("GNU")) == 0) {
				*(struct bytes *)ctx = bytes_of(id, n->n_descsz);
				return 1;
			}
			note = id + ((n->n_descsz + 3u) & ~3u);
		}
	}
	return 1; /* the program comes first; its libraries' own do not matter */
}

static bool put_program(struct cache_digest *d)
{
	uint32_t versions[] = { FILE_VERSION, BLOCK_VERSION, sizeof(struct block_header) };
	struct bytes id = { .data = NULL };
	char text[LIBRARY_IDENTITY_BYTES];

	dl_iterate_phdr(find_build_id, &id);
	if (!id.len)
		return false;
	put(d, versions, sizeof(versions));
	put_text(d, WEIR_VERSION);
	put_bytes(d, id.data, id.len);
	hs_identity(text);
	put_text(d, text);
	put_text(d, wide_here() ? "wide" : "");
	regex_identity(text);
	put_text(d, text);
	return true;
}

static int digest_begin(struct cache_digest *d)
{
	*d = (struct cache_digest){ .context = EVP_MD_CTX_new() };
	if (!d->context)
		return -ENOMEM;
	return EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) == 1 && put_program(d) ? 0
											: -ENOTSUP;
}

static int digest_end(struct cache_digest *d, struct cache_key *out)
{
	unsigned len = 0;

	static_assert(CACHE_DIGEST_BYTES == 256 / 8, "SHA-256");
	return !d->failed && EVP_DigestFinal_ex(d->context, out->digest, &len) == 1 ? 0 : -ENOTSUP;
}

int cache_key_of(const struct rule *const *rule, size_t rules, bool without_texts,
		 struct cache_key *out)
{
	uint64_t count = rules;
	struct cache_digest d;
	int err = digest_begin(&d);

	if (!err) {
		put(&d, &count, sizeof(count));
		put(&d, &without_texts, sizeof(without_texts));
		for (size_t i = 0; i < rules; i++)
			put_rule(&d, rule[i]);
		err = digest_end(&d, out);
	}
	EVP_MD_CTX_free(d.context);
	return err;
}

int cache_digest_new(struct cache_digest **out)
{
	struct cache_digest *d = calloc(1, sizeof(*d));
	int err = d ? digest_begin(d) : -ENOMEM;

	if (err) {
		if (d)
			EVP_MD_CTX_free(d->context);
		free(d);
		d = NULL;
	}
	*out = d;
	return err;
}

void cache_digest_text(struct cache_digest *d, const char *text)
{
	put_text(d, text);
}

void cache_digest_bytes(struct cache_digest *d, const void *data, size_t len)
{
	put_bytes(d, data, len);
}

/* --- a file, in pieces ---------------------------------------------------------------------- */

/* At its place.  Returns 0, -EINVAL (it ends before) or another -errno. */
static int read_at(int fd, void *data, size_t len, uint64_t at)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = pread(fd, (uint8_t *)data + got, len - got, (off_t)(at + got));

		if (n == 0)
			return -EINVAL;
		if (n < 0 && errno != EINTR)
			return -errno;
		got += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

struct file_digest {
	int fd;
	uint64_t size;
	uint8_t (*piece)[CACHE_DIGEST_BYTES];
	atomic_bool failed;
};

static bool digest_range(EVP_MD_CTX *context, int fd, uint64_t at, uint64_t end)
{
	uint8_t room[DIGEST_READ_BYTES];

	while (at < end) {
		size_t n = end - at < sizeof(room) ? (size_t)(end - at) : sizeof(room);

		if (read_at(fd, room, n, at) || EVP_DigestUpdate(context, room, n) != 1)
			return false;
		at += n;
	}
	return true;
}

static void digest_piece(void *arg, unsigned part)
{
	struct file_digest *f = arg;
	uint64_t at = (uint64_t)part * DIGEST_PIECE_BYTES;
	uint64_t end = f->size - at < DIGEST_PIECE_BYTES ? f->size : at + DIGEST_PIECE_BYTES;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned len = 0;

	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
	    !digest_range(context, f->fd, at, end) ||
	    EVP_DigestFinal_ex(context, f->piece[part], &len) != 1)
		atomic_store(&f->failed, true);
	EVP_MD_CTX_free(context);
}

/* What is no file may say something else when it is read again; what has grown meanwhile, too. */
static bool put_file(struct cache_digest *d, int fd, const struct spread *by)
{
	struct file_digest f = { .fd = fd };
	struct stat st;
	unsigned pieces;
	uint8_t more;
	bool good;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)DIGEST_PIECE_BYTES * DIGEST_PIECES_MAX)
		return false;
	f.size = (uint64_t)st.st_size;
	pieces = (unsigned)((f.size + DIGEST_PIECE_BYTES - 1) / DIGEST_PIECE_BYTES);
	f.piece = calloc(pieces + 1, sizeof(*f.piece));
	if (!f.piece)
		return false;
	spread_run(by, digest_piece, &f, pieces);
	good = !atomic_load(&f.failed) && pread(fd, &more, 1, st.st_size) == 0;
	put(d, f.piece, pieces * sizeof(*f.piece));
	put(d, &f.size, sizeof(f.size));
	free(f.piece);
	return good;
}

void cache_digest_file(struct cache_digest *d, const char *path, const struct spread *by)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	put_text(d, path);
	if (!put_file(d, fd, by))
		d->failed = true;
	if (fd >= 0)
		close(fd);
}

int cache_digest_key(struct cache_digest *d, struct cache_key *out)
{
	int err = digest_end(d, out);

	EVP_MD_CTX_free(d->context);
	free(d);
	return err;
}

void cache_name(const struct cache_key *key, char out[CACHE_NAME_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < CACHE_DIGEST_BYTES; i++) {
		out[2 * i] = digits[key->digest[i] >> 4];
		out[2 * i + 1] = digits[key->digest[i] & 15];
	}
	memcpy(out + 2 * CACHE_DIGEST_BYTES, NAME_END, sizeof(NAME_END));
}

/* --- reading ------------------------------------------------------------------------------------ */

struct block_file {
	int fd; /* -1: it is there already */
	uint8_t *block;
	size_t size;
	uint64_t *sum; /* of each piece */
	atomic_int err;
};

static const struct hash_key checksum_key = { 0x626c6f636b206f66u, 0x72756c65732e2e2eu };

static void sum_piece(void *arg, unsigned part)
{
	struct block_file *f = arg;
	size_t at = (size_t)part * BLOCK_PIECE_BYTES;
	size_t len = f->size - at < BLOCK_PIECE_BYTES ? f->size - at : BLOCK_PIECE_BYTES;
	int err = 0;

	if (f->fd >= 0)
		err = read_at(f->fd, f->block + at, len, sizeof(struct file_head) + at);
	if (err)
		atomic_store(&f->err, err);
	else
		f->sum[part] = hash_bytes(&checksum_key, f->block + at, len);
}

/* Brings the block, where it is in a file, and sums it up.  Returns 0 or -errno. */
static int checksum_of(const struct file_head *h, struct block_file *f, const struct spread *by,
		       uint64_t *out)
{
	size_t pieces = (f->size + BLOCK_PIECE_BYTES - 1) / BLOCK_PIECE_BYTES;
	struct hash_key key = checksum_key;
	int err;

	f->sum = calloc(pieces + 1, sizeof(*f->sum));
	if (!f->sum)
		return -ENOMEM;
	spread_run(by, sum_piece, f, (unsigned)pieces);
	err = atomic_load(&f->err);
	key.k0 ^= hash_bytes(&checksum_key, h, offsetof(struct file_head, checksum));
	*out = hash_bytes(&key, f->sum, pieces * sizeof(*f->sum));
	free(f->sum);
	return err;
}

static int read_block(int fd, const struct cache_key *key, const struct spread *by, void **block,
		      size_t *size)
{
	struct block_file f = { .fd = fd };
	uint64_t sum = 0;
	struct file_head h;
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	err = read_at(fd, &h, sizeof(h), 0);
	if (err)
		return err;
	if (memcmp(h.magic, FILE_MAGIC, sizeof(h.magic)) != 0 || h.version != FILE_VERSION ||
	    h.head_bytes != sizeof(h) || memcmp(h.key, key->digest, sizeof(h.key)) != 0 ||
	    h.block_bytes > UINT32_MAX || (uint64_t)st.st_size != sizeof(h) + h.block_bytes)
		return -EINVAL;
	*size = h.block_bytes;
	*block = large_alloc(*size + 1);
	if (!*block)
		return -ENOMEM;
	f.block = *block;
	f.size = *size;
	err = checksum_of(&h, &f, by, &sum);
	if (!err && h.checksum != sum)
		err = -EINVAL;
	if (err) {
		free(*block);
		*block = NULL;
	}
	return err;
}

static int open_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int cache_load(const char *folder, const struct cache_key *key, const struct spread *by,
	       void **block, size_t *size)
{
	char name[CACHE_NAME_BYTES];
	int dir = open_folder(folder);
	int fd, err;

	*block = NULL;
	*size = 0;
	if (dir < 0)
		return dir;
	cache_name(key, name);
	/* A pipe in its place must not keep us waiting. */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
	} else {
		err = read_block(fd, key, by, block, size);
		/* Its last use; where it cannot be said, the file only looks older. */
		if (!err)
			(void)futimens(fd, NULL);
		close(fd);
	}
	close(dir);
	return err;
}

/* --- writing ------------------------------------------------------------------------------------ */

/* The folder and those above it. */
static int make_folder(const char *folder)
{
	char path[PATH_MAX];
	size_t len = strlen(folder);

	if (len == 0 || len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, folder, len + 1);
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

static int write_file(int dir, const char *name, const struct cache_key *key, const void *block,
		      size_t size)
{
	struct block_file f = { .fd = -1, .block = (uint8_t *)(uintptr_t)block, .size = size };
	struct file_head h = { .version = FILE_VERSION,
			       .head_bytes = sizeof(h),
			       .block_bytes = size };
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err;

	if (fd < 0)
		return -errno;
	memcpy(h.magic, FILE_MAGIC, sizeof(h.magic));
	memcpy(h.key, key->digest, sizeof(h.key));
	err = checksum_of(&h, &f, NULL, &h.checksum);
	if (!err)
		err = file_write_all(fd, &h, sizeof(h));
	if (!err)
		err = file_write_all(fd, block, size);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

struct kept {
	char name[CACHE_NAME_BYTES];
	uint64_t bytes;
	struct timespec used;
};

static int newest_first(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec > y->used.tv_sec ? -1 : 1;
	if (x->used.tv_nsec != y->used.tv_nsec)
		return x->used.tv_nsec > y->used.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_cache_name(const char *name)
{
	size_t digits = strspn(name, "0123456789abcdef");

	return digits == (size_t)2 * CACHE_DIGEST_BYTES && strcmp(name + digits, NAME_END) == 0;
}

/* The cache's files in a folder; anybody else's are let be, our own half-written ones removed. */
static size_t list_files(int dir, DIR *entries, struct kept **out)
{
	size_t count = 0, room = 0;
	const struct dirent *e;
	time_t now = time(NULL);

	while ((e = readdir(entries))) {
		bool temporary = strncmp(e->d_name, TEMPORARY_START, strlen(TEMPORARY_START)) == 0;
		struct stat st;

		if ((!temporary && !is_cache_name(e->d_name)) ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		if (temporary) {
			if (st.st_mtim.tv_sec + TEMPORARY_MAX_S < now)
				(void)unlinkat(dir, e->d_name, 0);
			continue;
		}
		if (count == room) {
			struct kept *more = realloc(*out, (room + 64) * sizeof(*more));

			if (!more)
				break;
			*out = more;
			room += 64;
		}
		memcpy((*out)[count].name, e->d_name, CACHE_NAME_BYTES);
		(*out)[count].bytes = (uint64_t)st.st_size;
		(*out)[count++].used = st.st_mtim;
	}
	return count;
}

static void prune(int dir)
{
	int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = own < 0 ? NULL : fdopendir(own);
	struct kept *file = NULL;
	uint64_t bytes = 0;
	size_t count;

	if (!entries) {
		if (own >= 0)
			close(own);
		return;
	}
	count = list_files(dir, entries, &file);
	if (count)
		qsort(file, count, sizeof(*file), newest_first);
	for (size_t i = 0; i < count; i++) {
		bytes += file[i].bytes;
		if (i >= CACHE_FILES_MAX || (i && bytes > CACHE_BYTES_MAX))
			(void)unlinkat(dir, file[i].name, 0);
	}
	free(file);
	closedir(entries);
}

int cache_store(const char *folder, const struct cache_key *key, const void *block, size_t size)
{
	char name[CACHE_NAME_BYTES], temporary[64];
	int err = make_folder(folder), dir;

	if (err)
		return err;
	dir = open_folder(folder);
	if (dir < 0)
		return dir;
	cache_name(key, name);
	snprintf(temporary, sizeof(temporary), TEMPORARY_START "%.8s-%ld", name, (long)getpid());
	err = write_file(dir, temporary, key, block, size);
	if (!err && renameat(dir, temporary, dir, name))
		err = -errno;
	if (!err)
		prune(dir);
	else if (err != -EEXIST)
		(void)unlinkat(dir, temporary, 0);
	close(dir);
	return err;
}
