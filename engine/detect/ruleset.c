/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_tx.h"
#include "engine/detect/ruleset.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/app/app.h"
#include "engine/base/large.h"
#include "engine/base/spread.h"
#include "engine/detect/dataset.h"
#include "engine/detect/geoip.h"
#include "engine/detect/hs.h"
#include "engine/detect/iprep.h"
#include "engine/detect/mpm.h"
#include "engine/detect/regex.h"

static bool is_block(const struct block_header *b, size_t size)
{
	return size >= sizeof(*b) && memcmp(b->magic, BLOCK_MAGIC, sizeof(b->magic)) == 0 &&
	       b->version == BLOCK_VERSION && b->size == size;
}

/* What is to be brought where. */
struct moving {
	const void *built;
	size_t len;
	uint8_t *to;
	/* One of them. */
	struct mpm **search;
	struct hs_base **filter;
};

/* Once to see how much room the databases need, and once to see where each one goes. */
struct opening {
	uint8_t *room; /* NULL: sizes only */
	size_t used;
	struct moving *list;
	size_t count;
	atomic_int err;
};

/* Each part has every so many-th of them, as large ones stand together. */
#define OPENING_PARTS 16

static int open_one(const struct ruleset *rs, const struct section *s, struct opening *o,
		    struct mpm **search, struct hs_base **filter)
{
	const void *built = block_at(rs->block, s->offset);
	size_t at = o->used, size = 0;
	int err = 0;

	if (search)
		err = mpm_size(built, s->count, &size);
	else if (s->count)
		err = hs_size(built, s->count, &size);
	if (err || !size)
		return err;
	if (size > SIZE_MAX / 2 - at)
		return -EINVAL;
	o->used = (at + size + MPM_ALIGN - 1) / MPM_ALIGN * MPM_ALIGN;
	if (o->room)
		o->list[o->count] =
			(struct moving){ built, s->count, o->room + at, search, filter };
	o->count++;
	return 0;
}

static int open_scans(const struct ruleset *rs, const struct section *of, struct opening *o,
		      struct mpm **scan)
{
	const struct scan_database *database = block_at(rs->block, of->offset);
	int err = 0;

	for (uint32_t i = 0; i < of->count && !err; i++) {
		const struct section *built = &database[i].built;

		err = open_one(rs, built, o, &scan[i], NULL);
		if (!err && mpm_literals(block_at(rs->block, built->offset)) + 1 !=
				    database[i].patterns.count)
			err = -EINVAL;
	}
	return err;
}

static int open_all(const struct ruleset *rs, struct opening *o)
{
	const struct section *filter = block_at(rs->block, rs->block->filters.offset);
	int err = open_scans(rs, &rs->block->databases, o, rs->scan);

	if (!err)
		err = open_scans(rs, &rs->block->tx_databases, o, rs->tx_scan);
	for (uint32_t i = 0; i < rs->block->regex_count && !err; i++)
		err = open_one(rs, &filter[i], o, NULL, &rs->filter[i]);
	return err;
}

static void move_part(void *arg, unsigned part)
{
	struct opening *o = arg;

	for (size_t i = part; i < o->count; i += OPENING_PARTS) {
		const struct moving *m = &o->list[i];
		int err = m->search ? mpm_open(m->built, m->to, m->search)
				    : hs_open(m->built, m->len, m->to, m->filter);

		if (err)
			atomic_store(&o->err, err);
	}
}

static int open_databases(struct ruleset *rs, const struct spread *by)
{
	struct opening o = { .room = NULL };
	int err;

	rs->database = block_at(rs->block, rs->block->databases.offset);
	rs->tx_database = block_at(rs->block, rs->block->tx_databases.offset);
	rs->scan = calloc(rs->block->databases.count + 1, sizeof(*rs->scan));
	rs->tx_scan = calloc(rs->block->tx_databases.count + 1, sizeof(*rs->tx_scan));
	rs->filter = calloc(rs->block->regex_count + 1, sizeof(*rs->filter));
	if (!rs->scan || !rs->tx_scan || !rs->filter)
		return -ENOMEM;
	err = open_all(rs, &o);
	if (err)
		return err;
	rs->room = large_alloc(o.used);
	o.list = calloc(o.count + 1, sizeof(*o.list));
	if (!rs->room || !o.list) {
		free(o.list);
		return -ENOMEM;
	}
	o.room = rs->room;
	o.used = o.count = 0;
	err = open_all(rs, &o);
	if (!err) {
		spread_run(by, move_part, &o, OPENING_PARTS);
		err = atomic_load(&o.err);
	}
	free(o.list);
	return err;
}

struct named {
	uint64_t key;
	uint32_t rule;
};

static int by_key(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int sort_keys(struct ruleset *rs)
{
	uint32_t n = rs->block->rules.count;
	struct named *list = malloc((n + 1) * sizeof(*list));

	rs->by_key = malloc((n + 1) * sizeof(*rs->by_key));
	if (!list || !rs->by_key) {
		free(list);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		list[i] = (struct named){ rs->row[i].key, i };
	qsort(list, n, sizeof(*list), by_key);
	for (uint32_t i = 0; i < n; i++)
		rs->by_key[i] = list[i].rule;
	free(list);
	return 0;
}

uint32_t ruleset_of_key(const struct ruleset *rs, uint64_t key)
{
	uint32_t low = 0, high = rs->block->rules.count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2, rule = rs->by_key[mid];

		if (rs->row[rule].key == key)
			return rule;
		if (rs->row[rule].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return UINT32_MAX;
}

const char *ruleset_state_name(const struct ruleset *rs, uint64_t key)
{
	const struct state_name *n = block_at(rs->block, rs->block->names.offset);

	for (uint32_t i = 0; i < rs->block->names.count; i++) {
		if (n[i].key == key)
			return block_text(rs->block, n[i].text);
	}
	return NULL;
}

int ruleset_open_rows(void *block, size_t size, struct ruleset **out)
{
	struct ruleset *rs = calloc(1, sizeof(*rs));
	int err = -ENOMEM;

	*out = NULL;
	if (!rs) {
		free(block);
		return err;
	}
	rs->block = block;
	if (!is_block(block, size)) {
		err = -EINVAL;
		goto fail;
	}
	rs->row = block_at(block, rs->block->rules.offset);
	rs->cond = block_at(block, rs->block->conds.offset);
	rs->transforms = block_at(block, rs->block->transforms.offset);
	err = sort_keys(rs);
	if (err)
		goto fail;
	*out = rs;
	return 0;
fail:
	ruleset_free(rs);
	return err;
}

static enum regex_jit jit_of(const struct detect_options *opt)
{
	if (opt->check_only)
		return REGEX_JIT_NEVER;
	return opt->regex_later ? REGEX_JIT_LATER : REGEX_JIT_NOW;
}

int ruleset_open(void *block, size_t size, bool to_match, struct ruleset **out)
{
	const struct detect_options opt = { .check_only = !to_match };

	return ruleset_open_as(block, size, &opt, out);
}

int ruleset_open_as(void *block, size_t size, const struct detect_options *opt,
		    struct ruleset **out)
{
	struct ruleset *rs;
	int err = ruleset_open_rows(block, size, &rs);

	*out = NULL;
	if (err)
		return err;
	err = open_databases(rs, opt->spread);
	if (!err)
		err = regex_open(block_at(block, rs->block->regexes.offset), rs->block->regex_count,
				 jit_of(opt), &rs->regexes);
	if (err)
		goto fail;
	*out = rs;
	return 0;
fail:
	ruleset_free(rs);
	return err;
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	free(rs->filter);
	free(rs->scan);
	free(rs->tx_scan);
	free(rs->room);
	regex_close(rs->regexes);
	for (uint32_t i = 0; rs->set && i < rs->block->sets.count; i++)
		dataset_close(rs->set[i]);
	free(rs->set);
	iprep_free(rs->iprep);
	geoip_close(rs->geoip);
	free(rs->by_key);
	free(rs->block);
	free(rs);
}

/* Categories are numbers of the files, which the block does not know. */
static void resolve_categories(struct ruleset *rs)
{
	struct cond *c = (struct cond *)((uint8_t *)rs->block + rs->block->conds.offset);

	for (uint32_t i = 0; i < rs->block->conds.count; i++) {
		if (c[i].kind == COND_IPREP)
			c[i].iprep.category =
				(int16_t)iprep_category(rs->iprep,
							block_text(rs->block, c[i].iprep.name));
	}
}

/* Beside the rule file where it is there, else in the data folder; malloc'ed. */
static char *path_of(const char *name, const char *rule_file, const char *folder, bool reads)
{
	const char *slash = strrchr(rule_file, '/');
	size_t room = strlen(name) + strlen(rule_file) + strlen(folder) + 3;
	char *path = malloc(room);

	if (!path)
		return NULL;
	if (*name == '/') {
		snprintf(path, room, "%s", name);
		return path;
	}
	snprintf(path, room, "%.*s/%s", slash ? (int)(slash - rule_file) : 1,
		 slash ? rule_file : ".", name);
	if (!reads || access(path, R_OK))
		snprintf(path, room, "%s/%s", *folder ? folder : ".", name);
	return path;
}

static const struct dataset_config *configured(const struct detect_options *opt, const char *name)
{
	for (unsigned i = 0; i < opt->dataset_count; i++) {
		if (strcmp(opt->datasets[i].name, name) == 0)
			return &opt->datasets[i];
	}
	return NULL;
}

static uint32_t hashsize_of(const struct dataset_row *row, const struct dataset_config *said,
			    const struct detect_options *options)
{
	if (row->hashsize)
		return row->hashsize;
	return said && said->hashsize ? said->hashsize : options->dataset_hashsize;
}

/* Of what a rule says; what the configuration says is its own affair. */
static void check_hashsize(uint32_t hashsize, const char *name, const char *file,
			   const struct detect_options *options, struct diag_list *diags)
{
	struct place at = { .file = file };

	if (options->dataset_hashsize_max && hashsize > options->dataset_hashsize_max)
		diag_add(diags, DIAG_ERROR, &at,
			 "write a smaller hashsize, or raise datasets.limits.single-hashsize",
			 "the set '%s' has hashsize %u, and a set may have %u", name, hashsize,
			 options->dataset_hashsize_max);
}

/* What rules leave unsaid of a set, the configuration may say. */
static int open_set(struct ruleset *rs, const struct dataset_row *row,
		    const struct detect_options *options, struct diag_list *diags,
		    struct dataset_set **out)
{
	const char *folder = options->data_dir ? options->data_dir : "";
	const struct dataset_config *said = configured(options, block_text(rs->block, row->name));
	bool writes = !options->check_only && !options->saves_later,
	     ours = said && !row->load && !row->save;
	const char *file = block_text(rs->block, row->file);
	const char *load = block_text(rs->block, row->load),
		   *save = block_text(rs->block, row->save);
	uint64_t memcap = row->memcap;
	char *load_path, *save_path;
	struct dataset_options opt;
	int err;

	if (ours) {
		load = said->load;
		save = said->save;
	}
	if (!memcap)
		memcap = said && said->memcap ? said->memcap : options->dataset_memcap;
	check_hashsize(row->hashsize, block_text(rs->block, row->name), file, options, diags);
	file = file && !ours ? file : "";
	load_path = load ? path_of(load, file, folder, true) : NULL;
	save_path = save ? path_of(save, file, folder, false) : NULL;
	opt = (struct dataset_options){ .name = block_text(rs->block, row->name),
					.type = (enum dataset_type)(
						row->type == DATASET_UNSAID && said ? said->type
										    : row->type),
					.load = load_path,
					.save = writes ? save_path : NULL,
					.load_optional = load && save,
					.memcap = memcap,
					.hashsize = hashsize_of(row, said, options),
					.rule_file = file,
					.format = (enum dataset_format)row->format,
					.value_key = block_text(rs->block, row->value_key),
					.array_key = block_text(rs->block, row->array_key),
					.remove_key = row->remove_key };
	err = (load && !load_path) || (save && !save_path) ? -ENOMEM
							   : dataset_open(&opt, diags, out);

	free(load_path);
	free(save_path);
	return err;
}

static int open_sets(struct ruleset *rs, const struct detect_options *opt, struct diag_list *diags)
{
	const struct dataset_row *row = block_at(rs->block, rs->block->sets.offset);
	uint32_t count = rs->block->sets.count;
	uint64_t hashsizes = 0;
	int err = 0;

	if (!count)
		return 0;
	rs->set = calloc(count, sizeof(struct dataset_set *));
	if (!rs->set)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && !err; i++) {
		hashsizes += row[i].hashsize;
		err = open_set(rs, &row[i], opt, diags, &rs->set[i]);
	}
	if (opt->dataset_hashsizes_max && hashsizes > opt->dataset_hashsizes_max)
		diag_add(diags, DIAG_ERROR, &(struct place){ .file = NULL },
			 "write smaller hashsizes, or raise datasets.limits.total-hashsizes",
			 "the sets of the rules have hashsizes of %llu together, and may have %llu",
			 (unsigned long long)hashsizes,
			 (unsigned long long)opt->dataset_hashsizes_max);
	return err;
}

bool ruleset_set(const struct ruleset *rs, uint32_t i, struct ruleset_set *out)
{
	const struct dataset_row *row = block_at(rs->block, rs->block->sets.offset);

	if (i >= rs->block->sets.count)
		return false;
	*out = (struct ruleset_set){ .name = block_text(rs->block, row[i].name),
				     .type = row[i].type,
				     .set = rs->set ? rs->set[i] : NULL };
	if (out->set)
		out->type = (uint8_t)dataset_type(out->set);
	return true;
}

char *ruleset_set_path(const struct ruleset *rs, uint32_t i, const struct detect_options *opt)
{
	const struct dataset_row *row =
		(const struct dataset_row *)block_at(rs->block, rs->block->sets.offset) + i;
	const struct dataset_config *said = configured(opt, block_text(rs->block, row->name));
	const char *file = block_text(rs->block, row->file), *folder = opt->data_dir;
	const char *save = block_text(rs->block, row->save);

	if (said && !row->load && !row->save) {
		save = said->save;
		file = "";
	}
	return save ? path_of(save, file ? file : "", folder ? folder : "", false) : NULL;
}

int ruleset_write_lists(const struct ruleset *rs, int fd)
{
	int err = 0;

	for (uint32_t i = 0; rs->set && i < rs->block->sets.count && !err; i++)
		err = dataset_put(rs->set[i], fd);
	if (!err && rs->iprep)
		err = iprep_put(rs->iprep, fd);
	return err;
}

/* What is in it is worth more than what its file had. */
static bool keeps(const struct ruleset *rs, const struct dataset_row *row,
		  const struct detect_options *opt)
{
	return row->written || row->save || configured(opt, block_text(rs->block, row->name));
}

static struct dataset_set *set_before(const struct ruleset *before, const char *name,
				      enum dataset_type type)
{
	struct ruleset_set s;

	for (uint32_t i = 0; before && ruleset_set(before, i, &s); i++) {
		if (s.set && strcmp(s.name, name) == 0 && dataset_type(s.set) == type)
			return s.set;
	}
	return NULL;
}

static int read_set(struct ruleset *rs, uint32_t i, struct bytes *in,
		    const struct detect_options *opt, const struct ruleset *before)
{
	const struct dataset_row *row =
		(const struct dataset_row *)block_at(rs->block, rs->block->sets.offset) + i;
	const char *name = block_text(rs->block, row->name);
	struct dataset_set *was;
	int err = dataset_get(in, name, &rs->set[i]);

	if (err || !keeps(rs, row, opt))
		return err;
	was = set_before(before, name, dataset_type(rs->set[i]));
	if (!was)
		return 0;
	dataset_close(rs->set[i]);
	rs->set[i] = dataset_share(was);
	return 0;
}

int ruleset_read_lists(struct ruleset *rs, const uint8_t *data, size_t len,
		       const struct detect_options *opt, const struct ruleset *before)
{
	struct bytes in = bytes_of(data, len);
	uint32_t count = rs->block->sets.count;
	char why[128];
	int err = 0;

	if (count) {
		rs->set = calloc(count, sizeof(struct dataset_set *));
		if (!rs->set)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < count && !err; i++)
		err = read_set(rs, i, &in, opt, before);
	if (!err && in.len && rs->block->has_iprep)
		err = iprep_get(&in, &rs->iprep);
	/* Later rules may ask for it. */
	if (!err && before)
		rs->geoip = before->geoip ? geoip_share(before->geoip) : NULL;
	else if (!err && geoip_open(opt->geoip_file ? opt->geoip_file : GEOIP_FILE, why,
				    &rs->geoip) == -ENOMEM)
		err = -ENOMEM;
	return err;
}

int ruleset_save(const struct ruleset *rs)
{
	int first = 0;

	for (uint32_t i = 0; rs->set && i < rs->block->sets.count; i++) {
		int err = dataset_save(rs->set[i]);

		first = first ? first : err;
	}
	return first;
}

int ruleset_lists(struct ruleset *rs, const struct detect_options *opt, struct diag_list *diags)
{
	struct place at = { .file = "geoip-database" };
	char why[128] = "";
	int err = open_sets(rs, opt, diags);

	if (!err && rs->block->has_iprep) {
		err = iprep_load(opt->iprep_categories, opt->iprep_files, opt->iprep_file_count,
				 diags, &rs->iprep);
		if (!err)
			resolve_categories(rs);
	}
	if (!err && rs->block->has_geoip) {
		const char *path = opt->geoip_file ? opt->geoip_file : GEOIP_FILE;

		err = geoip_open(path, why, &rs->geoip);
		/* Without it the rules load, and never hold. */
		if (err == -EINVAL) {
			diag_add(diags, DIAG_WARNING, &at, "set geoip-database",
				 "%s: %s: rules with geoip cannot hold", path, why);
			err = 0;
		}
	}
	return err;
}

/* Fingerprints that are "auto" stand in records where a rule asks for them. */
static void fingerprint_needs(const struct ruleset *rs, struct app_options *opt)
{
	for (uint32_t i = 0; i < rs->block->conds.count; i++) {
		switch ((enum buffer)rs->cond[i].buffer) {
		case BUFFER_JA3_HASH:
		case BUFFER_JA3_STRING:
		case BUFFER_JA3S_HASH:
		case BUFFER_JA3S_STRING:
			opt->log_ja3 = true;
			break;
		case BUFFER_JA4_HASH:
			opt->log_ja4 = true;
			break;
		case BUFFER_SSH_HASSH:
		case BUFFER_SSH_HASSH_STRING:
		case BUFFER_SSH_HASSH_SERVER:
		case BUFFER_SSH_HASSH_SERVER_STRING:
			opt->log_hassh = true;
			break;
		default:
			break;
		}
	}
}

void ruleset_app_needs(const struct ruleset *rs, struct app_options *opt)
{
	fingerprint_needs(rs, opt);
	opt->inspects = true;
	memcpy(opt->frames, rs->block->frames, sizeof(opt->frames));
	opt->files.keep = rs->block->tx_rules > 0;
	opt->files.digests |= rs->block->file_needs & (FILE_MD5 | FILE_SHA1 | FILE_SHA256);
	opt->files.magic |= (rs->block->file_needs & TX_NEEDS_MAGIC) != 0;
	opt->files.asked = rs->block->file_needs & FILE_STORE;
}

bool ruleset_kept(const struct ruleset *rs, struct cache_key *out)
{
	if (rs->kept)
		*out = rs->kept_as;
	return rs->kept;
}

bool ruleset_asks_watch(const struct ruleset *rs)
{
	return rs->block->has_watch;
}

unsigned ruleset_rules(const struct ruleset *rs)
{
	return rs->block->rules.count;
}

static const struct rule_cold *cold_of(const struct ruleset *rs, uint32_t rule)
{
	return (const struct rule_cold *)block_at(rs->block, rs->block->cold.offset) + rule;
}

void ruleset_rule(const struct ruleset *rs, uint32_t rule, struct rule_info *out)
{
	const struct rule_cold *c = cold_of(rs, rule);
	const struct block_header *b = rs->block;

	*out = (struct rule_info){
		.sid = c->sid,
		.gid = c->gid,
		.rev = c->rev,
		.priority = c->priority,
		.action = rs->row[rule].action,
		.target = c->target,
		.msg = block_text(b, c->msg),
		.class_text = block_text(b, c->class_text),
		.text = block_text(b, c->text),
		.metadata_json = block_text(b, c->metadata_json),
		.references_json = block_text(b, c->references_json),
		.has_threshold = (rs->row[rule].flags & ROW_THRESHOLD) != 0,
		.threshold = c->threshold,
	};
}

uint32_t ruleset_find(const struct ruleset *rs, uint32_t sid, uint32_t from)
{
	for (uint32_t i = from; i < rs->block->rules.count; i++) {
		if (cold_of(rs, i)->sid == sid)
			return i;
	}
	return UINT32_MAX;
}
