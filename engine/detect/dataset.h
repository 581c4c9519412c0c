/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset.h - sets of strings, digests and addresses that rules ask (dataset, datarep) and write.
 *
 * In: sets as rules name them, their files (a line each: base64 of a string, hexadecimal digits of a digest,
 * an address; behind a comma a reputation), or JSON that says more of each value.  Out: whether something is in
 * a set, and what is said of it.
 * Not here: when it is a packet's turn to write (detector.h).
 *
 * Memory: a set's entries lie in one block of its memcap, reserved when rules load and touched as it fills.
 * Whether a file fits is reckoned as Suricata reckons (DATASET_CHARGE_*), so that a memcap is right for both or for
 * neither; what does not fit is a diagnostic.  Full later: nothing is added, counted.  What is removed leaves its room for an entry of the same length.
 * Thread: writers: one at a time.  Readers: with them where a rule writes the set; else any, while others write.
 */
#ifndef WEIR_DETECT_DATASET_H
#define WEIR_DETECT_DATASET_H

#include <stdio.h>

#include "engine/base/bytes.h"
#include "parser/diag.h"
#include "parser/rule.h"

#define DATASET_MEMCAP (100u << 20)
#define DATASET_HASHSIZE 4096u
/*
 * What is charged to a memcap, as measured with Suricata 8.0.7: each slot of hashsize; so many values, whether
 * they are there or not; of each the bytes that have no fixed length, twice while it is added.
 */
#define DATASET_CHARGE_SLOT 64u
#define DATASET_CHARGE_VALUES 1000u
#define DATASET_CHARGE_VALUE 104u /* IPv4: 8 less; SHA-256, or JSON: 16 more */
#define DATASET_KEY_MAX 4096

struct dataset_set;

struct dataset_options {
	const char *name;
	enum dataset_type type;
	const char *rule_file; /* where the set is named, for diagnostics; may be NULL */
	const char *load, *save; /* whole paths, or NULL */
	bool load_optional; /* a state: it may not be there yet */
	uint64_t memcap; /* 0: DATASET_MEMCAP */
	uint32_t hashsize; /* 0: DATASET_HASHSIZE; what is charged for it, and no more */
	enum dataset_format format; /* of load */
	const char *value_key, *array_key; /* of JSON: paths; NULL: none */
	bool remove_key; /* what is said of a value leaves the value itself out */
};

/* What is known of a value. */
struct dataset_found {
	uint16_t reputation;
	struct bytes context; /* JSON; empty: nothing */
};

/* What the file has that cannot be understood is a diagnostic.  -ENOMEM. */
int dataset_open(const struct dataset_options *opt, struct diag_list *diags,
		 struct dataset_set **out);
void dataset_close(struct dataset_set *s);
/* One more user: each closes it. */
struct dataset_set *dataset_share(struct dataset_set *s);
enum dataset_type dataset_type(const struct dataset_set *s);
/* All of it, for another process.  0 or -errno. */
int dataset_put(const struct dataset_set *s, int fd);
/* What was put, from the front of *in.  0, -EINVAL or -ENOMEM. */
int dataset_get(struct bytes *in, const char *name, struct dataset_set **out);
/* Write it to where its rule says: a file that was opened with the set.  Returns 0 or -errno. */
int dataset_save(const struct dataset_set *s);
/* The same text, to a stream. */
void dataset_print(const struct dataset_set *s, FILE *out);

/* False: it is not in the set.  reputation may be NULL. */
bool dataset_find(const struct dataset_set *s, struct bytes key, uint16_t *reputation);
/* subdomain: or what begins at one of its dots is: for a.example.com also .example.com and .com. */
bool dataset_look(const struct dataset_set *s, struct bytes key, bool subdomain,
		  struct dataset_found *out);
/* False: it was there before, or there is no room. */
bool dataset_add(struct dataset_set *s, struct bytes key);
bool dataset_remove(struct dataset_set *s, struct bytes key);
/* The value that a text means, as a line of a file has it (base64 of a string, digits, an address); 0: none. */
#define DATASET_KEY_BYTES (DATASET_KEY_MAX + 16)
size_t dataset_key(const struct dataset_set *s, const char *text, size_t len,
		   uint8_t out[DATASET_KEY_BYTES]);
/*
 * Take entries out, one or all (key.data NULL), while readers look: *out are their places, which are to be given back when no
 * reader can be at them any more.  Returns how many; 0: it was not there, or there is no memory.
 */
size_t dataset_take_out(struct dataset_set *s, struct bytes key, uint32_t **out);
void dataset_give_back(struct dataset_set *s, uint32_t *places, size_t count);
/* Entries that found no room. */
uint64_t dataset_refused(const struct dataset_set *s);

#endif
