/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/rule_digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"

/* Constant: the same rules have the same digest in every run. */
static const struct hash_key keys[2] = { { 0x72756c6520646967u, 0x6573742c20666972u },
					 { 0x72756c6520646967u, 0x6573742c20736563u } };

struct mixed {
	const struct hash_key *key;
	uint64_t value;
};

static void mix(struct mixed *m, const void *data, size_t len)
{
	const uint64_t pair[2] = { m->value, hash_bytes(m->key, data, len) };

	m->value = hash_bytes(m->key, pair, sizeof(pair));
}

static void mix_text(struct mixed *m, const char *text)
{
	mix(m, text ? text : "", text ? strlen(text) : 0);
}

static void mix_addresses(struct mixed *m, const struct block_header *b, uint32_t set)
{
	const struct address_block *a = block_at(b, set);

	if (set)
		mix(m, a,
		    sizeof(*a) + a->v4_count * sizeof(struct range_v4) +
			    a->v6_count * sizeof(struct range_v6));
	else
		mix(m, "any", 3);
}

static void mix_ports(struct mixed *m, const struct block_header *b, uint32_t set)
{
	const struct port_block *p = block_at(b, set);

	if (set)
		mix(m, p->range, p->count * sizeof(p->range[0]));
	else
		mix(m, "any", 3);
}

/* Without the bytes between fields, which may be anything. */
static void mix_threshold(struct mixed *m, const struct threshold *t)
{
	const uint64_t fields[5] = { t->type, t->track, t->count, t->seconds, t->multiplier };

	mix(m, fields, sizeof(fields));
}

static void mix_suppress(struct mixed *m, const struct block_header *b, const struct section *s)
{
	const struct suppress_block *list = block_at(b, s->offset);

	for (uint32_t i = 0; i < s->count; i++) {
		mix(m, &list[i].track, sizeof(list[i].track));
		mix_addresses(m, b, list[i].addresses);
	}
}

static uint64_t digest_of(const struct ruleset *rs, uint32_t rule, const struct hash_key *key)
{
	const struct block_header *b = rs->block;
	const struct rule_row *row = &rs->row[rule];
	const struct rule_cold *cold = (const struct rule_cold *)block_at(b, b->cold.offset) + rule;
	const uint64_t fields[] = {
		row->key,	    row->action,       cold->rev,	    cold->priority,
		cold->rate_timeout, cold->rate_action, cold->suppress.count
	};
	struct mixed m = { .key = key };

	mix(&m, fields, sizeof(fields));
	mix(&m, cold->text_digest, sizeof(cold->text_digest));
	mix_text(&m, block_text(b, cold->class_text));
	mix_addresses(&m, b, row->src);
	mix_addresses(&m, b, row->dst);
	mix_ports(&m, b, row->sport);
	mix_ports(&m, b, row->dport);
	mix_threshold(&m, &cold->threshold);
	mix_threshold(&m, &cold->rate);
	mix_suppress(&m, b, &cold->suppress);
	return m.value;
}

uint64_t rule_digest(const struct ruleset *rs, uint32_t rule)
{
	return digest_of(rs, rule, &keys[0]);
}

void ruleset_digest(const struct ruleset *rs, char out[RULESET_DIGEST_BYTES])
{
	struct mixed m[2] = { { .key = &keys[0] }, { .key = &keys[1] } };

	for (uint32_t i = 0; i < rs->block->rules.count; i++) {
		for (unsigned k = 0; k < 2; k++) {
			uint64_t one = digest_of(rs, rs->by_key[i], m[k].key);

			mix(&m[k], &one, sizeof(one));
		}
	}
	snprintf(out, RULESET_DIGEST_BYTES, "%016" PRIx64 "%016" PRIx64, m[0].value, m[1].value);
}
