/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/defrag/defrag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/decode/checksum.h"
#include "engine/decode/decode.h"
#include "tests/unit/guard.h"

#define NS_PER_S INT64_C(1000000000)
#define PAYLOAD_MAX 70000

/* One worker's decoder and defragmenter, and the datagram that came last. */
struct rig {
	struct counters counters;
	struct defrag *defrag;
	struct decoder decoder;
	struct packet_set set;
	int64_t now_ns;
};

struct piece {
	uint32_t offset, len;
	char fill;
	bool more;
};

static struct defrag_options options(void)
{
	return (struct defrag_options){ .max_trackers = 16,
					.max_fragments = 8300,
					.memcap_bytes = 8 << 20,
					.timeout_ns = 60 * NS_PER_S,
					.use_vlan = true };
}

static struct rig *rig_new(const struct defrag_options *o)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(defrag_new(o, &r->counters, &r->defrag), 0);
	r->decoder = (struct decoder){ .counters = &r->counters,
				       .defrag = defrag_add,
				       .defrag_ctx = r->defrag };
	return r;
}

static void rig_free(struct rig *r)
{
	defrag_free(r->defrag);
	free(r);
}

/* Decode a frame; the joined packet, or NULL. */
static const struct packet *give(struct rig *r, const uint8_t *data, size_t len, int link)
{
	static struct frame f;

	f = (struct frame){ .data = data,
			    .len = (uint32_t)len,
			    .wire_len = (uint32_t)len,
			    .number = 1,
			    .time_ns = r->now_ns,
			    .link = (enum link_type)link };
	decode_frame(&r->decoder, &f, &r->set);
	return r->set.count > 1 ? &r->set.packets[1] : NULL;
}

static bool raised(const struct rig *r, enum event e)
{
	return packet_has_event(&r->set.packets[0], e);
}

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void set_ip4_checksum(uint8_t *ip)
{
	uint16_t sum;

	put16(ip + 10, 0);
	sum = (uint16_t)~checksum_fold(checksum_add(0, bytes_of(ip, 20)));
	memcpy(ip + 10, &sum, 2);
}

/* Protocol 253 carries anything: the joined packet's bytes are then just the bytes. */
static size_t build4(uint8_t *ip, unsigned id, const struct piece *p)
{
	size_t len = 20 + p->len;

	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)len);
	put16(ip + 4, id);
	put16(ip + 6, p->offset / 8 | (p->more ? 0x2000u : 0));
	ip[8] = 64;
	ip[9] = 253;
	ip[15] = 1;
	ip[19] = 2;
	set_ip4_checksum(ip);
	memset(ip + 20, p->fill, p->len);
	return len;
}

static size_t build6(uint8_t *ip, unsigned id, const struct piece *p)
{
	memset(ip, 0, 48);
	ip[0] = 0x60;
	put16(ip + 4, 8 + p->len);
	ip[6] = IP_PROTO_FRAGMENT;
	ip[7] = 64;
	ip[23] = 1;
	ip[39] = 2;
	ip[40] = 253;
	put16(ip + 42, p->offset | (p->more ? 1u : 0));
	put16(ip + 46, id);
	memset(ip + 48, p->fill, p->len);
	return 48 + p->len;
}

static const struct packet *give_piece(struct rig *r, unsigned version, unsigned id,
				       const struct piece *p)
{
	static uint8_t datagram[PAYLOAD_MAX];
	size_t len = version == 4 ? build4(datagram, id, p) : build6(datagram, id, p);
	const struct packet *joined;

	joined = give(r, guard_copy(datagram, len), len, LINK_RAW);
	return joined;
}

static struct bytes payload_of(const struct packet *joined)
{
	size_t header = joined->ip_version == 4 ? 20 : 40;

	return bytes_slice(joined->data, header, joined->data.len);
}

/* The fragments of the paper "Target-Based Fragmentation Reassembly", in eights of bytes. */
static const struct piece novak[] = {
	{ 0, 24, 'A', true },	{ 32, 16, 'B', true },	 { 48, 24, 'C', true },
	{ 80, 8, 'D', true },	{ 104, 16, 'E', true },	 { 120, 24, 'F', true },
	{ 144, 16, 'G', true }, { 160, 16, 'H', true },	 { 176, 8, 'I', true },
	{ 8, 32, 'J', true },	{ 48, 24, 'K', true },	 { 72, 24, 'L', true },
	{ 96, 24, 'M', true },	{ 128, 8, 'N', true },	 { 152, 8, 'O', true },
	{ 160, 8, 'P', true },	{ 176, 16, 'Q', false },
};

/* One letter for each eight bytes. */
static const struct {
	enum defrag_policy policy;
	const char *expect;
} novak_rows[] = {
	{ DEFRAG_BSD, "AAAJJBCCCLLLMMMFFFGGHHIQ" },
	{ DEFRAG_BSD_RIGHT, "AJJJBBKKKLDLMEEFNFGOPHQQ" },
	{ DEFRAG_OLD_LINUX, "AAAJJBKKKLLLMMMFFFGGPHQQ" },
	{ DEFRAG_SOLARIS, "AAAJBBCCCLLLMMMFFFGGHHIQ" },
	{ DEFRAG_WINDOWS, "AAAJBBCCCLLLMEEFFFGGHHIQ" },
	{ DEFRAG_FIRST, "AAAJBBCCCLDLMEEFFFGGHHIQ" },
	{ DEFRAG_LAST, "AJJJJBKKKLLLMMMFNFGOPHQQ" },
};

static void policies_decide(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(novak_rows) / sizeof(novak_rows[0]); i++) {
		struct defrag_options o = options();
		const struct packet *joined = NULL;
		struct rig *r;
		char letters[25] = "";

		o.policy = novak_rows[i].policy;
		r = rig_new(&o);
		for (size_t k = 0; k < sizeof(novak) / sizeof(novak[0]); k++)
			joined = give_piece(r, 4, 1, &novak[k]);
		assert_non_null(joined);
		assert_int_equal(payload_of(joined).len, 192);
		for (size_t k = 0; k < 24; k++)
			letters[k] = (char)payload_of(joined).data[k * 8];
		assert_string_equal(letters, novak_rows[i].expect);
		rig_free(r);
	}
	guard_free_all();
}

/*
 * The same by a map of bytes: each byte knows the fragment that it is from, and that one's
 * bounds; a later fragment asks byte by byte.
 */
struct model {
	struct {
		bool there;
		char fill;
		uint32_t begin, end;
	} byte[1024];
	bool block[1024 / 8]; /* one fragment had all of it, or what the datagram's end left */
	uint32_t end; /* of the datagram; 0: not known */
	bool overlap; /* the last fragment met another */
};

static bool model_takes(enum defrag_policy policy, uint32_t begin, uint32_t end, uint32_t old_begin,
			uint32_t old_end)
{
	switch (policy) {
	case DEFRAG_BSD:
		return begin < old_begin;
	case DEFRAG_BSD_RIGHT:
		return begin >= old_begin;
	case DEFRAG_OLD_LINUX:
		return begin <= old_begin;
	case DEFRAG_SOLARIS:
		return begin < old_begin && end >= old_end;
	case DEFRAG_WINDOWS:
		return begin < old_begin && end > old_end;
	case DEFRAG_LAST:
		return true;
	default:
		return false;
	}
}

static void model_add(struct model *m, enum defrag_policy policy, const struct piece *p)
{
	uint32_t end = p->offset + p->len;
	bool fresh = false;

	m->overlap = false;
	for (uint32_t i = p->offset; i < end; i++) {
		m->overlap |= m->byte[i].there;
		if (i % 8 == 0 && !m->block[i / 8] && (i + 8 <= end || !p->more))
			m->block[i / 8] = fresh = true;
		if (m->byte[i].there &&
		    !model_takes(policy, p->offset, end, m->byte[i].begin, m->byte[i].end))
			continue;
		m->byte[i].there = true;
		m->byte[i].fill = p->fill;
		m->byte[i].begin = p->offset;
		m->byte[i].end = end;
	}
	if (p->more || (m->end && m->end <= end))
		return;
	if (fresh || policy == DEFRAG_LAST || policy == DEFRAG_BSD_RIGHT)
		m->end = end;
}

static bool model_whole(const struct model *m)
{
	for (uint32_t i = 0; i < m->end; i++) {
		if (!m->byte[i].there)
			return false;
	}
	return m->end != 0;
}

static uint32_t draw(uint32_t *random, uint32_t below)
{
	*random = *random * 1664525 + 1013904223;
	return (*random >> 8) % below;
}

/* Each piece has letters of its own, so what overlaps differs: both are told. */
static void versions_are_told(const struct rig *r, const struct model *m, const struct piece *p)
{
	const struct packet_overlap *o = r->set.packets[0].overlap;

	assert_int_equal(o != NULL, m->overlap);
	if (!o)
		return;
	assert_true(o->offset >= p->offset && o->offset + o->len <= p->offset + p->len);
	for (uint32_t i = 0; i < o->len; i++) {
		assert_int_equal(o->newer[i], p->fill);
		assert_int_not_equal(o->older[i], p->fill);
	}
}

static void random_pieces_join_as_the_model(void **state)
{
	uint32_t random = 3;
	unsigned joined_count = 0;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		struct defrag_options o = options();
		unsigned version = round % 2 ? 6 : 4;
		static struct model m;
		const struct packet *joined = NULL;
		struct rig *r;

		o.policy = (enum defrag_policy)(round / 2 % DEFRAG_DISCARD);
		r = rig_new(&o);
		memset(&m, 0, sizeof(m));
		for (unsigned k = 0; k < 40 && !joined; k++) {
			struct piece p = { .offset = draw(&random, 12) * 8,
					   .len = (1 + draw(&random, 4)) * 8,
					   .fill = (char)('A' + k),
					   .more = draw(&random, 6) != 0 };

			/* Ends within a block: for IPv6 only the last may have one. */
			if (!p.more || (version == 4 && draw(&random, 8) == 0))
				p.len -= draw(&random, 8);
			if (p.offset == 0)
				p.more = true;
			if (version == 6 && p.more)
				p.len = (p.len + 7) / 8 * 8;
			model_add(&m, o.policy, &p);
			joined = give_piece(r, version, 9, &p);
			assert_int_equal(raised(r, version == 4 ? EVENT_DECODE_IPV4_FRAG_OVERLAP
								: EVENT_DECODE_IPV6_FRAG_OVERLAP),
					 m.overlap);
			versions_are_told(r, &m, &p);
			assert_int_equal(joined != NULL, model_whole(&m));
		}
		if (joined) {
			struct bytes payload = payload_of(joined);

			joined_count++;
			assert_int_equal(payload.len, m.end);
			for (uint32_t i = 0; i < m.end; i++)
				assert_int_equal(payload.data[i], m.byte[i].fill);
		}
		rig_free(r);
		guard_free_all();
	}
	assert_true(joined_count > 1000);
}

static void any_order_joins(void **state)
{
	static const unsigned orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					       { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const struct piece pieces[3] = { { 0, 1480, 'a', true },
						{ 1480, 1480, 'b', true },
						{ 2960, 13, 'c', false } };

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		struct defrag_options o = options();
		struct rig *r = rig_new(&o);

		for (unsigned i = 0; i < 6; i++) {
			const struct packet *joined = NULL;

			for (unsigned k = 0; k < 3; k++) {
				assert_null(joined);
				joined = give_piece(r, version, 5, &pieces[orders[i][k]]);
			}
			assert_non_null(joined);
			assert_int_equal(joined->source, PACKET_DEFRAG);
			assert_int_equal(joined->depth, 0);
			assert_false(joined->is_fragment);
			assert_true(joined->from_defrag && r->set.packets[0].is_tunnel_outer);
			assert_int_equal(joined->proto, 253);
			assert_int_equal(payload_of(joined).len, 2973);
			assert_int_equal(payload_of(joined).data[1479], 'a');
			assert_int_equal(payload_of(joined).data[2959], 'b');
			assert_int_equal(payload_of(joined).data[2972], 'c');
			if (version == 4)
				assert_true(checksum_ok(bytes_slice(joined->data, 0, 20)));
			defrag_batch_done(r->defrag);
		}
		assert_int_equal(r->counters.value[version == 4 ? COUNTER_DEFRAG_IPV4_REASSEMBLED
								: COUNTER_DEFRAG_IPV6_REASSEMBLED],
				 6);
		rig_free(r);
	}
	guard_free_all();
}

/* Link header and VLAN stay in front; other VLANs, identifications and protocols are apart. */
static void link_header_stays(void **state)
{
	static const struct piece first = { 0, 16, 'x', true }, last = { 16, 4, 'y', false };
	struct defrag_options o = options();
	struct rig *r = rig_new(&o);
	uint8_t frame[128] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 7, 0x08, 0 };
	const struct packet *joined;
	size_t len;

	(void)state;
	len = 18 + build4(frame + 18, 3, &first);
	assert_null(give(r, frame, len, LINK_ETHERNET));
	len = 18 + build4(frame + 18, 3, &last);
	frame[15] = 8;
	assert_null(give(r, frame, len, LINK_ETHERNET));
	frame[15] = 7;
	joined = give(r, frame, len, LINK_ETHERNET);
	assert_non_null(joined);
	assert_int_equal(joined->l3_offset, 18);
	assert_int_equal(joined->data.len, 18 + 20 + 20);
	assert_int_equal(joined->wire_len, 18 + 20 + 20);
	assert_memory_equal(joined->data.data, frame, 18);
	assert_int_equal(joined->link, LINK_ETHERNET);
	assert_int_equal(joined->vlans, 1);
	assert_int_equal(joined->vlan[0], 7);
	rig_free(r);
}

static void extension_headers_stay(void **state)
{
	/* Hop-by-hop options in front of the fragment header: it alone is taken out. */
	static const uint8_t hop[8] = { IP_PROTO_FRAGMENT, 0, 5, 2, 0, 0, 1, 0 };
	static const struct piece pieces[2] = { { 0, 8, 'x', true }, { 8, 3, 'y', false } };
	struct defrag_options o = options();
	struct rig *r = rig_new(&o);
	const struct packet *joined = NULL;
	uint8_t ip[128];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		size_t len = build6(ip, 1, &pieces[i]);

		memmove(ip + 48, ip + 40, len - 40);
		memcpy(ip + 40, hop, sizeof(hop));
		ip[6] = 0;
		put16(ip + 4, (unsigned)len + 8 - 40);
		joined = give(r, ip, len + 8, LINK_RAW);
	}
	assert_non_null(joined);
	assert_int_equal(joined->data.len, 40 + 8 + 11);
	assert_int_equal(load_be16(joined->data.data + 4), 19);
	assert_int_equal(joined->data.data[6], 0);
	assert_int_equal(joined->data.data[40], 253);
	assert_memory_equal(joined->data.data + 48, "xxxxxxxxyyy", 11);
	rig_free(r);
}

static void time_passes(void **state)
{
	static const struct piece first = { 0, 8, 'x', true }, last = { 8, 4, 'y', false };
	struct defrag_options o = options();
	struct rig *r = rig_new(&o);

	(void)state;
	/* 59 seconds later it is still there, 60 seconds later it is not. */
	assert_null(give_piece(r, 4, 1, &first));
	r->now_ns += 59 * NS_PER_S;
	defrag_tick(r->defrag, r->now_ns);
	assert_non_null(give_piece(r, 4, 1, &last));
	assert_null(give_piece(r, 4, 2, &first));
	r->now_ns += 60 * NS_PER_S;
	assert_null(give_piece(r, 4, 2, &last));
	/* And the tick frees what nobody asks for, that last piece too. */
	for (unsigned i = 0; i < 15; i++)
		assert_null(give_piece(r, 4, 10 + i, &first));
	r->now_ns += 61 * NS_PER_S;
	defrag_tick(r->defrag, r->now_ns);
	for (unsigned i = 0; i < 16; i++)
		assert_null(give_piece(r, 4, 30 + i, &first));
	assert_int_equal(r->counters.value[COUNTER_DEFRAG_MAX_TRACKERS_REACHED], 0);
	rig_free(r);
	guard_free_all();
}

static void full_pools_give_up_the_oldest(void **state)
{
	static const struct piece first = { 0, 8, 'x', true }, last = { 8, 4, 'y', false };
	struct defrag_options o = options();
	struct rig *r = rig_new(&o);

	(void)state;
	for (unsigned i = 0; i < 17; i++)
		assert_null(give_piece(r, 4, i, &first));
	assert_int_equal(r->counters.value[COUNTER_DEFRAG_MAX_TRACKERS_REACHED], 1);
	assert_null(give_piece(r, 4, 0, &last)); /* evicted; its tail evicts the next */
	assert_non_null(give_piece(r, 4, 16, &last));
	assert_non_null(give_piece(r, 4, 2, &last));
	rig_free(r);

	/* One datagram that wants all the memory is given up itself. */
	o.memcap_bytes = 16 << 10;
	r = rig_new(&o);
	for (uint32_t offset = 0; offset < 32768; offset += 1024) {
		struct piece p = { offset, 1024, 'z', true };

		assert_null(give_piece(r, 4, 1, &p));
		if (raised(r, EVENT_DECODE_IPV4_FRAG_IGNORED))
			break;
		assert_true(offset < 16384);
	}
	assert_null(give_piece(r, 4, 2, &first));
	assert_non_null(give_piece(r, 4, 2, &last));
	rig_free(r);
	guard_free_all();
}

static void sizes_are_limited(void **state)
{
	struct defrag_options o = options();
	const struct packet *joined = NULL;
	struct rig *r = rig_new(&o);
	struct piece p = { 65512, 3, 'x', false };

	(void)state;
	/* An IPv4 datagram has 65535 bytes at most, its header included. */
	assert_null(give_piece(r, 4, 1, &p));
	assert_false(raised(r, EVENT_DECODE_IPV4_FRAG_PKT_TOO_LARGE));
	p.len = 4;
	assert_null(give_piece(r, 4, 2, &p));
	assert_true(raised(r, EVENT_DECODE_IPV4_FRAG_PKT_TOO_LARGE));
	p = (struct piece){ 65528, 8, 'x', false };
	assert_null(give_piece(r, 6, 1, &p));
	assert_true(raised(r, EVENT_DECODE_IPV6_FRAG_PKT_TOO_LARGE));
	p = (struct piece){ 0, 9, 'x', true };
	assert_null(give_piece(r, 6, 3, &p));
	assert_true(raised(r, EVENT_DECODE_IPV6_FRAG_INVALID_LENGTH));

	/* The largest of all joins, from the end to the front in the smallest pieces. */
	p = (struct piece){ 65512, 3, 'z', false };
	assert_null(give_piece(r, 4, 7, &p));
	for (uint32_t offset = 65512; offset > 0;) {
		assert_null(joined);
		offset -= 8;
		p = (struct piece){ offset, 8, (char)('a' + offset / 8 % 26), true };
		joined = give_piece(r, 4, 7, &p);
		guard_free_all();
	}
	assert_non_null(joined);
	assert_int_equal(joined->data.len, 65535);
	for (uint32_t i = 0; i < 65512; i++)
		assert_int_equal(payload_of(joined).data[i], 'a' + i / 8 % 26);
	rig_free(r);
	guard_free_all();
}

static void networks_have_policies(void **state)
{
	static const struct defrag_host hosts[] = {
		{ .network = { .ip_version = 4, .prefix_bits = 8 }, .policy = DEFRAG_FIRST },
		{ .network = { .ip_version = 4, .prefix_bits = 31 }, .policy = DEFRAG_LAST },
		{ .network = { .ip_version = 6, .prefix_bits = 0 }, .policy = DEFRAG_FIRST },
	};
	/* To 0.0.0.2, which the /31 is made to hold or not. */
	static const struct piece pieces[] = { { 0, 8, 'A', true },
					       { 0, 8, 'B', true },
					       { 8, 1, 'C', false } };

	(void)state;
	for (unsigned in = 0; in < 2; in++) {
		struct defrag_host copy[3];
		struct defrag_options o = options();
		const struct packet *joined = NULL;
		struct rig *r;

		memcpy(copy, hosts, sizeof(copy));
		copy[1].network.address.bytes[3] = in ? 2 : 4;
		o.hosts = copy;
		o.host_count = 3;
		r = rig_new(&o);
		for (unsigned i = 0; i < 3; i++)
			joined = give_piece(r, 4, 1, &pieces[i]);
		assert_non_null(joined);
		assert_int_equal(payload_of(joined).data[0], in ? 'B' : 'A');
		rig_free(r);
	}
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_decide),
		cmocka_unit_test(random_pieces_join_as_the_model),
		cmocka_unit_test(any_order_joins),
		cmocka_unit_test(link_header_stays),
		cmocka_unit_test(extension_headers_stay),
		cmocka_unit_test(time_passes),
		cmocka_unit_test(full_pools_give_up_the_oldest),
		cmocka_unit_test(sizes_are_limited),
		cmocka_unit_test(networks_have_policies),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
