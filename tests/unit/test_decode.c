/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decode/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/decode/checksum.h"
#include "engine/decode/layer.h"
#include "tests/unit/decode_rows.h"
#include "tests/unit/guard.h"

#define ROWS (sizeof(decode_rows) / sizeof(decode_rows[0]))
#define FRAME_MAX 2048
#define KEY 0x5eed

static const struct decode_options all_tunnels = {
	.teredo = true, .vxlan = true, .geneve = true, .gtpu = true
};

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned byte;

	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[n++] = (uint8_t)byte;
	}
	return n;
}

static struct frame frame_of(const uint8_t *data, size_t len, int link)
{
	return (struct frame){ .data = data,
			       .len = (uint32_t)len,
			       .wire_len = (uint32_t)len,
			       .number = 1,
			       .link = (enum link_type)link };
}

/* The fragment outside of tunnels that the last frame was. */
static struct {
	bool any;
	struct packet packet;
} outer;

static struct bytes note_outer(void *ctx, struct packet *frag)
{
	static const struct bytes none = { NULL, 0 };

	(void)ctx;
	if (!frag->depth) {
		assert_false(outer.any);
		outer.any = true;
		outer.packet = *frag;
	}
	return none;
}

static void decode(const struct frame *f, const struct decode_options *o, struct packet_set *set)
{
	static struct counters counters;
	struct decoder d = { .options = *o, .counters = &counters, .defrag = note_outer };

	outer.any = false;
	/* Nothing of an earlier frame may show through. */
	memset(set, 0xa5, sizeof(*set));
	decode_frame(&d, f, set);
}

/* snprintf() at the end of a text that is large enough. */
static void add(char *out, size_t size, const char *format, ...)
{
	size_t len = strlen(out);
	va_list args;

	va_start(args, format);
	assert_in_range(vsnprintf(out + len, size - len, format, args), 0, (int)(size - len) - 1);
	va_end(args);
}

static void tell_addresses(const struct packet *p, char *out, size_t size)
{
	char src[IP_ADDR_TEXT], dst[IP_ADDR_TEXT];

	ip_addr_text(&p->src, p->ip_version, src);
	ip_addr_text(&p->dst, p->ip_version, dst);
	if (p->sport || p->dport)
		add(out, size, " %s:%u>%s:%u", src, p->sport, dst, p->dport);
	else
		add(out, size, " %s>%s", src, dst);
}

static void tell_transport(const struct packet *p, char *out, size_t size)
{
	bool icmp = p->proto == IP_PROTO_ICMP || p->proto == IP_PROTO_ICMPV6;

	if (p->has_l4 && (p->payload.data || p->payload.len))
		add(out, size, " +%zu", p->payload.len);
	if (p->has_l4 && icmp)
		add(out, size, " icmp%u/%u", p->icmp_type, p->icmp_code);
	if (p->has_icmp_id)
		add(out, size, " id%u seq%u", p->icmp_id, p->icmp_seq);
	if (p->icmp_mtu)
		add(out, size, " mtu%u", p->icmp_mtu);
	if (p->has_quoted)
		add(out, size, " quotes %u %u>%u", p->quoted_proto, p->quoted_sport,
		    p->quoted_dport);
	if (p->spi)
		add(out, size, " spi%u", p->spi);
	if (p->tcp.has_wscale)
		add(out, size, " ws%u", p->tcp.wscale);
	if (p->tcp.has_mss)
		add(out, size, " mss%u", p->tcp.mss);
	if (p->tcp.has_ts)
		add(out, size, " ts%u", p->tcp.ts_value);
	if (p->tcp.sacks)
		add(out, size, " sack%u", p->tcp.sacks);
	if (p->tcp.has_fastopen)
		add(out, size, " tfo");
}

static void tell(const struct packet *p, char *out, size_t size)
{
	add(out, size, "%s", packet_source_name(p->source));
	if (p->depth)
		add(out, size, "@%u", p->depth);
	if (p->has_ip) {
		add(out, size, " ip%u %u", p->ip_version, p->proto);
		tell_addresses(p, out, size);
	}
	if (p->is_fragment)
		add(out, size, " fragment");
	if (p->arp.len)
		add(out, size, " arp");
	tell_transport(p, out, size);
	if (p->ip_options)
		add(out, size, " opts%x", p->ip_options);
	if (p->invalid)
		add(out, size, " invalid");
	for (unsigned i = 0; i < p->vlans; i++)
		add(out, size, " vlan%u", p->vlan[i]);
	for (unsigned i = 0; i < p->events; i++)
		add(out, size, "%s%s", i ? " " : " [", event_name((enum event)p->event[i]));
	if (p->events)
		add(out, size, "]");
}

static void rows_read_as_expected(void **state)
{
	static struct packet_set set;
	uint8_t bytes[FRAME_MAX];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct decode_row *row = &decode_rows[i];
		size_t len = from_hex(row->hex, bytes);
		struct frame f = frame_of(guard_copy(bytes, len), len, row->link);
		char text[1024] = "";

		decode(&f, &all_tunnels, &set);
		for (unsigned k = 0; k < set.count; k++) {
			if (k)
				add(text, sizeof(text), " | ");
			tell(&set.packets[k], text, sizeof(text));
		}
		if (strcmp(text, row->expect) != 0) {
			print_error("%s:\n  is       %s\n  expected %s\n", row->name, text,
				    row->expect);
			wrong++;
		}
	}
	guard_free_all();
	assert_int_equal(wrong, 0);
}

static bool within(struct bytes part, struct bytes whole)
{
	return part.len == 0 ||
	       (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

/* What holds of every packet, whatever the frame. */
static void check_set(const struct packet_set *set)
{
	assert_in_range(set->count, 1, DECODE_PACKETS_MAX);
	for (unsigned i = 0; i < set->count; i++) {
		const struct packet *p = &set->packets[i];

		assert_true(within(p->payload, p->data));
		assert_true(within(p->arp, p->data));
		assert_true(within(p->data, set->packets[0].data));
		assert_int_equal(p->wire_len, p->data.len);
		assert_in_range(p->events, 0, PACKET_EVENTS_MAX);
		assert_int_equal(p->outer != NULL, i != 0);
		if (p->has_ip)
			assert_true(p->l3_offset < p->data.len);
		if (p->has_l4)
			assert_true(p->has_ip && p->l4_offset <= p->data.len);
	}
}

static unsigned outers[3];

/* A fragment is found where decoding finds one; how much it brings is read where it is plain. */
static enum decode_outer check_outer(const struct frame *f)
{
	const struct packet *p = &outer.packet;
	struct decode_fragment frag;
	enum decode_outer is = decode_outer(&all_tunnels, f, KEY, &frag);

	if (!outer.any || is == DECODE_OUTER_UNREAD) {
		/* What is cut short is none. */
		assert_true(outer.any || is != DECODE_OUTER_FRAGMENT || !frag.alone);
		return is;
	}
	assert_int_equal(is, DECODE_OUTER_FRAGMENT);
	assert_int_equal(frag.hash, decode_owner_hash(p, KEY));
	assert_int_equal(frag.ip_version, p->ip_version);
	assert_int_equal((uint16_t)frag.id, p->ip_id);
	assert_int_equal(frag.offset, p->frag_offset * 8u);
	assert_int_equal(frag.more, p->more_fragments);
	assert_int_equal(frag.tags.len, 2 + 4 * p->vlans);
	if (p->ip_version == 4) {
		assert_int_equal(frag.proto, p->proto);
		assert_true(frag.end == frag.offset || frag.end == frag.offset + p->l3_len - 20u);
	} else {
		assert_int_equal(frag.end + p->frag_header + 8u,
				 frag.offset + p->l3_offset + p->l3_len);
	}
	return is;
}

/* A frame that is called plain gives one packet, and the hash is that packet's own. */
static bool check_pair(const struct frame *f, const struct packet_set *set)
{
	uint64_t hash;

	if (!decode_plain_hash(&all_tunnels, f, KEY, &hash)) {
		outers[check_outer(f)]++;
		return false;
	}
	assert_false(outer.any);
	assert_int_equal(set->count, 1);
	assert_int_equal(hash, decode_owner_hash(&set->packets[0], KEY));
	return true;
}

static void both_directions_have_one_owner(void **state)
{
	static const uint8_t a[16] = { 10, 0, 0, 1 }, b[16] = { 10, 0, 0, 2 };
	struct packet there = { .has_ip = true, .ip_version = 4, .proto = IP_PROTO_TCP };
	struct packet back = there, error = there, other = there;

	(void)state;
	there.src = back.dst = ip_addr_v6(a);
	there.dst = back.src = ip_addr_v6(b);
	assert_int_equal(decode_owner_hash(&there, KEY), decode_owner_hash(&back, KEY));
	/* A router's "unreachable" goes with the flow that it is about. */
	error.proto = IP_PROTO_ICMP;
	error.icmp_type = 3;
	error.has_quoted = true;
	error.quoted_proto = IP_PROTO_UDP;
	error.src.bytes[0] = 192;
	error.quoted_src = there.src;
	error.quoted_dst = there.dst;
	assert_int_equal(decode_owner_hash(&error, KEY), decode_owner_hash(&there, KEY));
	other.src.bytes[0] = 192;
	assert_int_not_equal(decode_owner_hash(&other, KEY), decode_owner_hash(&there, KEY));
	assert_int_equal(decode_owner_hash(&(struct packet){ .has_ip = false }, KEY), 0);
}

static void every_length_is_read(void **state)
{
	static struct packet_set set;
	uint8_t bytes[FRAME_MAX];
	unsigned plain = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		size_t len = from_hex(decode_rows[i].hex, bytes);

		for (size_t n = 0; n <= len; n++) {
			struct frame f = frame_of(guard_copy(bytes, n), n, decode_rows[i].link);

			decode(&f, &all_tunnels, &set);
			check_set(&set);
			plain += check_pair(&f, &set);
		}
		guard_free_all();
	}
	assert_true(plain > 10);
	for (unsigned i = 0; i < 3; i++)
		assert_true(outers[i] > 10);
}

static void changed_bytes_are_read(void **state)
{
	static struct packet_set set;
	uint8_t bytes[FRAME_MAX];
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		const struct decode_row *row = &decode_rows[round % ROWS];
		size_t len = from_hex(row->hex, bytes);
		struct frame f = frame_of(bytes, len, row->link);

		for (unsigned k = 0; k < 3; k++) {
			random = random * 1664525 + 1013904223;
			bytes[(random >> 8) % len] ^= (uint8_t)(1u << (random >> 29));
		}
		decode(&f, &all_tunnels, &set);
		check_set(&set);
		check_pair(&f, &set);
	}
}

/* The frame's packets as the layers alone read them. */
static void by_layers(const struct frame *f, struct decoder *d, struct packet_set *set)
{
	struct decode_run r = { .d = d, .count = d->counters->value, .set = set };
	struct packet *p = &set->packets[0];

	r.layers_max = d->options.recursion_limit ? d->options.recursion_limit : DECODE_LAYERS_MAX;
	set->count = 1;
	packet_clear(p);
	p->data = bytes_of(f->data, f->len);
	p->number = f->number;
	p->time_ns = f->time_ns;
	p->frame = f;
	p->wire_len = f->len;
	p->link = f->link;
	(void)decode_ethernet(&r, p, p->data);
}

/* The short way of plain frames reads the same.  Returns whether it was taken. */
static bool same_by_layers(const struct frame *f, const struct decode_options *o)
{
	static struct packet_set plain, layers;
	static struct counters some[2];
	struct decoder d = { .options = *o, .counters = &some[0] };
	struct decode_run r = { .d = &d,
				.count = some[0].value,
				.set = &layers,
				.layers_max = o->recursion_limit ? o->recursion_limit : 16 };
	bool taken;

	by_layers(f, &d, &layers);
	packet_clear(&layers.packets[0]);
	layers.packets[0].data = bytes_of(f->data, f->len);
	layers.count = 1;
	taken = decode_plain(&r, &layers.packets[0]);

	memset(some, 0, sizeof(some));
	decode_frame(&d, f, &plain);
	d.counters = &some[1];
	by_layers(f, &d, &layers);
	assert_int_equal(plain.count, layers.count);
	for (unsigned i = 0; i < plain.count; i++) {
		plain.packets[i].outer = layers.packets[i].outer = NULL;
		assert_memory_equal(&plain.packets[i], &layers.packets[i], sizeof(struct packet));
	}
	for (unsigned i = 0; i < COUNTER__COUNT; i++) {
		if (i != COUNTER_DECODER_PKTS && i != COUNTER_DECODER_BYTES &&
		    i != COUNTER_DECODER_MAX_PKT_SIZE && i != COUNTER_DECODER_INVALID)
			assert_int_equal(some[0].value[i], some[1].value[i]);
	}
	return taken;
}

static void plain_frames_read_as_by_layers(void **state)
{
	static const struct decode_options options[] = {
		{ .teredo = true, .vxlan = true, .geneve = true, .gtpu = true },
		{ .check_checksums = true, .vxlan = true },
		{ .check_checksums = true, .partial_checksums = true, .recursion_limit = 3 },
		{ .recursion_limit = 2 },
	};
	static const uint8_t values[] = { 0, 1, 0x08, 0x0a, 0x45, 0x50, 0x80, 0xff };
	unsigned taken = 0, others = 0;
	uint8_t data[FRAME_MAX];

	(void)state;
	for (size_t row = 0; row < ROWS; row++) {
		size_t len = from_hex(decode_rows[row].hex, data);

		if (decode_rows[row].link != LINK_ETHERNET)
			continue;
		for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
			for (size_t cut = 0; cut <= len; cut++) {
				struct frame f =
					frame_of(guard_copy(data, cut), cut, LINK_ETHERNET);

				*(same_by_layers(&f, &options[i]) ? &taken : &others) += 1;
				guard_free_all();
			}
			for (size_t at = 0; at < len && at < 90; at++) {
				uint8_t before = data[at];

				for (size_t v = 0; v < sizeof(values); v++) {
					struct frame f = frame_of(data, len, LINK_ETHERNET);

					data[at] = values[v];
					*(same_by_layers(&f, &options[i]) ? &taken : &others) += 1;
				}
				data[at] = before;
			}
		}
	}
	assert_true(taken > 1000);
	assert_true(others > 1000);
}

static void layers_are_limited(void **state)
{
	static struct packet_set set;
	uint8_t bytes[14 + 20 * 40] = { 0 };
	struct frame f;
	const unsigned headers = 40;

	(void)state;
	bytes[12] = 0x08;
	for (unsigned i = 0; i < headers; i++) {
		uint8_t *ip = bytes + 14 + i * 20;
		unsigned len = (headers - i) * 20;

		ip[0] = 0x45;
		ip[2] = (uint8_t)(len >> 8);
		ip[3] = (uint8_t)len;
		ip[9] = IP_PROTO_IPIP;
	}
	f = frame_of(bytes, sizeof(bytes), LINK_ETHERNET);
	decode(&f, &all_tunnels, &set);
	/* Ethernet, then two layers for each IP header: the eighth is too deep. */
	assert_int_equal(set.count, 7);
	assert_false(set.packets[6].is_tunnel_outer);
	check_pair(&f, &set);
}

/* The checksum of RFC 1071 the plain way. */
static uint16_t plain_sum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void checksum_equals_the_plain_way(void **state)
{
	uint8_t bytes[200];
	uint32_t random = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(random >> 24);
	}
	memset(bytes + 50, 0xff, 60);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		const uint8_t *data = guard_copy(bytes, len);
		uint16_t folded = checksum_fold(checksum_add(0, bytes_of(data, len)));
		uint8_t wire[2];

		memcpy(wire, &folded, sizeof(wire));
		assert_int_equal(load_be16(wire), plain_sum(bytes, len));
	}
	guard_free_all();
}

/* Right checksums of IPv4, TCP, UDP and ICMP, then each broken. */
static void checksums_are_checked(void **state)
{
	static const struct {
		const char *hex;
		size_t break_at;
		bool transport, ip;
	} rows[] = {
		{ "45000021000100004011265a0a0000010a00000203e80035000dd2a268656c6c6f", 32, true,
		  false },
		{ "45000021000100004011265a0a0000010a00000203e80035000d000068656c6c6f", 32, false,
		  false },
		{ "45000021000100004011265a0a0000010a00000203e80035000dd2a268656c6c6f", 10, false,
		  true },
		{ "4500002800010000400626610000000000000000"
		  "03e8005000000001000000005002200000000000",
		  19, true, true },
	};
	static struct packet_set set;
	struct decode_options o = { .check_checksums = true };
	uint8_t bytes[FRAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = from_hex(rows[i].hex, bytes);
		struct frame f = frame_of(bytes, len, LINK_RAW);
		uint16_t sum;

		/* The header's own sum, and the transport's, made right first. */
		bytes[10] = bytes[11] = 0;
		sum = (uint16_t)~plain_sum(bytes, 20);
		bytes[10] = (uint8_t)(sum >> 8);
		bytes[11] = (uint8_t)sum;
		if (bytes[9] == IP_PROTO_TCP || bytes[26] || bytes[27]) {
			size_t field = bytes[9] == IP_PROTO_TCP ? 36 : 26;
			uint8_t pseudo[FRAME_MAX] = { 0 };

			bytes[field] = bytes[field + 1] = 0;
			memcpy(pseudo, bytes + 12, 8);
			pseudo[9] = bytes[9];
			pseudo[11] = (uint8_t)(len - 20);
			memcpy(pseudo + 12, bytes + 20, len - 20);
			sum = (uint16_t)~plain_sum(pseudo, 12 + len - 20);
			bytes[field] = (uint8_t)(sum >> 8);
			bytes[field + 1] = (uint8_t)sum;
		}
		decode(&f, &o, &set);
		assert_false(set.packets[0].bad_checksum);
		assert_false(set.packets[0].bad_ip_checksum);
		bytes[rows[i].break_at] ^= 1;
		decode(&f, &o, &set);
		assert_int_equal(set.packets[0].bad_checksum, rows[i].transport);
		assert_int_equal(set.packets[0].bad_ip_checksum, rows[i].ip);
		/* Nothing is said where nothing is checked. */
		decode(&f, &all_tunnels, &set);
		assert_false(set.packets[0].bad_checksum || set.packets[0].bad_ip_checksum);
	}
}

/* A host left the sum to its device: the field has that of the pseudo header alone. */
static void partial_checksums_are_right(void **state)
{
	static const struct {
		const char *hex;
		size_t field;
	} rows[] = {
		{ "45000021000100004011265a0a0000010a00000203e80035000d000068656c6c6f", 26 },
		{ "450000280001000040062661c0a80101c0a80102"
		  "03e8005000000001000000005002200000000000",
		  36 },
	};
	static struct packet_set set;
	const struct decode_options whole = { .check_checksums = true };
	const struct decode_options partial = { .check_checksums = true,
						.partial_checksums = true };
	uint8_t bytes[FRAME_MAX], pseudo[12] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = from_hex(rows[i].hex, bytes);
		struct frame f = frame_of(bytes, len, LINK_RAW);
		uint16_t sum;

		memcpy(pseudo, bytes + 12, 8);
		pseudo[9] = bytes[9];
		pseudo[11] = (uint8_t)(len - 20);
		sum = plain_sum(pseudo, sizeof(pseudo));
		bytes[rows[i].field] = (uint8_t)(sum >> 8);
		bytes[rows[i].field + 1] = (uint8_t)sum;
		decode(&f, &partial, &set);
		assert_false(set.packets[0].bad_checksum);
		decode(&f, &whole, &set);
		assert_true(set.packets[0].bad_checksum);
		/* It does not excuse any other sum. */
		bytes[rows[i].field] ^= 1;
		decode(&f, &partial, &set);
		assert_true(set.packets[0].bad_checksum);
	}
}

static void counters_count(void **state)
{
	struct counters counters = { .value = { 0 } };
	struct decoder d = { .options = all_tunnels, .counters = &counters };
	static struct packet_set set;
	uint8_t bytes[FRAME_MAX];
	size_t total = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		size_t len = from_hex(decode_rows[i].hex, bytes);
		struct frame f = frame_of(bytes, len, decode_rows[i].link);

		total += len;
		decode_frame(&d, &f, &set);
	}
	assert_int_equal(counters.value[COUNTER_DECODER_PKTS], ROWS);
	assert_int_equal(counters.value[COUNTER_DECODER_BYTES], total);
	assert_int_equal(counters.value[COUNTER_DECODER_SLL], 1);
	assert_int_equal(counters.value[COUNTER_DECODER_TEREDO], 1);
	assert_int_equal(counters.value[COUNTER_DECODER_VXLAN], 1);
	assert_int_equal(counters.value[COUNTER_DECODER_GENEVE], 1);
	assert_int_equal(counters.value[COUNTER_DECODER_VLAN_QINQINQ], 2);
	/* An inner packet that was none is thrown away, with its events. */
	assert_int_equal(counters.value[COUNTER_DECODER_IPV4_IN_IPV4], 1);
	assert_int_equal(counters.event[EVENT_DECODE_IPV4_TRUNC_PKT], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_read_as_expected),
		cmocka_unit_test(every_length_is_read),
		cmocka_unit_test(both_directions_have_one_owner),
		cmocka_unit_test(changed_bytes_are_read),
		cmocka_unit_test(plain_frames_read_as_by_layers),
		cmocka_unit_test(layers_are_limited),
		cmocka_unit_test(checksum_equals_the_plain_way),
		cmocka_unit_test(checksums_are_checked),
		cmocka_unit_test(partial_checksums_are_right),
		cmocka_unit_test(counters_count),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
