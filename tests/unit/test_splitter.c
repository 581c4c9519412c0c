/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/splitter.h"
#include "engine/capture/capture.h"
#include "tests/unit/capture_file.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct splitter splitter;

/*
 * Split a file that comes in pieces (step bytes at a time) and write one line for each frame:
 * "link len/wire_len time", then what the file ends with.
 */
static void split_into(char *text, size_t size, const uint8_t *data, size_t len, size_t step)
{
	struct bytes rest = { data, 0 };
	size_t given = 0, at = 0;
	enum split st = SPLIT_MORE;
	struct frame f;

	splitter_init(&splitter);
	text[0] = '\0';
	while (st != SPLIT_BAD) {
		/* Each look is at a copy of its own, so that one byte too far is a crash. */
		struct bytes in = { guard_copy(rest.data, rest.len), rest.len };
		size_t n;

		st = splitter_next(&splitter, &in, &f);
		n = rest.len - in.len;
		rest = (struct bytes){ rest.data + n, rest.len - n };
		if (st == SPLIT_FRAME) {
			at += (size_t)snprintf(text + at, size - at, "%d %u/%u %" PRId64 "\n",
					       (int)f.link, f.len, f.wire_len, f.time_ns);
			for (uint32_t i = 0; i < f.len; i++)
				assert_int_equal(f.data[i], (uint8_t)(i + 1));
		} else if (st == SPLIT_MORE) {
			if (given == len)
				break;
			n = len - given < step ? len - given : step;
			rest.len += n;
			given += n;
		}
		guard_free_all();
	}
	if (st == SPLIT_BAD || !splitter_end(&splitter, rest))
		snprintf(text + at, size - at, "%s\n", splitter.error);
}

/* The same whatever the pieces. */
static void expect(const struct capture_file *o, const char *want)
{
	char text[4096];

	for (size_t step = 1; step <= o->len + 1; step += step < 64 ? 1 : 97) {
		split_into(text, sizeof(text), o->data, o->len, step);
		assert_string_equal(text, want);
	}
}

static void pcap_in_each_order_and_precision(void **state)
{
	static const struct {
		uint32_t magic;
		const char *want;
	} rows[] = {
		{ 0xa1b2c3d4, "1 5/60 1500000000000123000\n101 0/0 4294967295999999000\n" },
		{ 0xa1b23c4d, "1 5/60 1500000000000000123\n101 0/0 4294967295000999999\n" },
		{ 0xa1b2cd34, "1 5/60 1500000000000123000\n101 0/0 4294967295999999000\n" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned link = 1; link <= 101; link += 100) {
			struct capture_file o = { .big = i % 2 };
			char want[256];
			const char *half = strchr(rows[i / 2].want, '\n') + 1;

			/* The upper bits of the link type say that frames end in a checksum. */
			put_pcap_header(&o, rows[i / 2].magic, 4, 65535, link | 0x14000000);
			for (unsigned n = 0; n < 2; n++) {
				put32(&o, n ? UINT32_MAX : 1500000000);
				put32(&o, n ? 999999 : 123);
				put32(&o, n ? 0 : 5);
				put32(&o, n ? 0 : 60);
				if (rows[i / 2].magic == 0xa1b2cd34)
					put_bytes(&o, "ifindex ", 8);
				put_packet_data(&o, n ? 0 : 5);
			}
			snprintf(want, sizeof(want), "%u%.*s%u%s", link,
				 (int)(half - rows[i / 2].want) - 1, rows[i / 2].want + 1, link,
				 half + 3);
			expect(&o, want);
		}
	}
}

static void pcap_cut_to_its_snaplen(void **state)
{
	struct capture_file o = { .big = false };

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 4, 8, 1);
	put_pcap_record(&o, 1, 0, 12, 12);
	put_pcap_record(&o, 2, 0, 8, 4);
	expect(&o, "1 8/12 1000000000\n1 8/8 2000000000\n");
	/* 0 and what is beyond reason: no limit. */
	o.len = 0;
	put_pcap_header(&o, 0xa1b2c3d4, 4, 0, 1);
	put_pcap_record(&o, 1, 0, 12, 12);
	expect(&o, "1 12/12 1000000000\n");
	o.len = 0;
	put_pcap_header(&o, 0xa1b2c3d4, 4, UINT32_MAX, 1);
	put_pcap_record(&o, 1, 0, 12, 12);
	expect(&o, "1 12/12 1000000000\n");
}

static void pcap_of_old_versions(void **state)
{
	struct capture_file o = { .big = true };

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 2, 65535, 1);
	put32(&o, 1);
	put32(&o, 2);
	put32(&o, 60);
	put32(&o, 4);
	put_packet_data(&o, 4);
	expect(&o, "1 4/60 1000002000\n");
	/* 2.3: some wrote them one way, some the other; captured is the lesser. */
	o.len = 0;
	put_pcap_header(&o, 0xa1b2c3d4, 3, 65535, 1);
	put32(&o, 1);
	put32(&o, 2);
	put32(&o, 60);
	put32(&o, 4);
	put_packet_data(&o, 4);
	put_pcap_record(&o, 1, 2, 4, 60);
	expect(&o, "1 4/60 1000002000\n1 4/60 1000002000\n");
	o.len = 0;
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	o.data[5] = 3;
	expect(&o, "version 3.4 of the pcap format is not known, only 2.x is\n");
}

static void pcap_claims_too_much(void **state)
{
	struct capture_file o = { .big = false };

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	put_pcap_record(&o, 1, 0, 3, 3);
	put32(&o, 1);
	put32(&o, 0);
	put32(&o, 70000000);
	put32(&o, 70000000);
	put_packet_data(&o, 100);
	expect(&o, "1 3/3 1000000000\n"
		   "packet 2 at offset 43: record claims 70000000 bytes, at most 262144 are "
		   "possible\n");
}

static void pcapng_resolutions(void **state)
{
	static const struct {
		int resolution;
		int64_t offset_s;
		uint64_t stamp;
		int64_t time_ns;
	} rows[] = {
		{ -1, 0, 1500000000123456, 1500000000123456000 },
		{ 6, 0, 1500000000123456, 1500000000123456000 },
		{ 9, 0, 1500000000123456789, 1500000000123456789 },
		{ 3, 0, 1500000000123, 1500000000123000000 },
		{ 0, 0, 1500000000, 1500000000000000000 },
		{ 12, 0, 1500000123456789123, 1500000123456789 },
		{ 19, 0, 15000000000000000000u, 1500000000 },
		{ 0x80, 0, 7, 7000000000 },
		{ 0x80 | 10, 0, 1024 * 3 + 512, 3500000000 },
		{ 0x80 | 32, 0, (1500000000ull << 32) + (1u << 31), 1500000000500000000 },
		{ 0x80 | 63, 0, 3ull << 62, 1500000000 },
		{ 6, 1000, 1000000, 1001000000000 },
		{ 6, -3, 5500000, 2500000000 },
		/* Before 1970, and further than 64 bits of nanoseconds reach. */
		{ 6, -10, 5500000, 0 },
		{ 0, 0, UINT64_MAX, CAPTURE_TIME_MAX_NS },
		{ 6, INT64_MAX, 1, CAPTURE_TIME_MAX_NS },
		{ 6, INT64_MIN, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct capture_file o = { .big = i % 2 };
		char want[64];

		put_section(&o);
		put_interface(&o, 1, 0, rows[i / 2].resolution, rows[i / 2].offset_s);
		put_enhanced(&o, 0, rows[i / 2].stamp, 5, 50);
		snprintf(want, sizeof(want), "1 5/50 %" PRId64 "\n", rows[i / 2].time_ns);
		expect(&o, want);
	}
}

static void put_everything(struct capture_file *o)
{
	put_section(o);
	put_unknown(o, 30);
	put_interface(o, 1, 6, 9, 0);
	put_interface(o, 101, 0, -1, 0);
	put_enhanced(o, 1, 1000001, 3, 3);
	put_enhanced(o, 0, 2000000001, 4, 1500);
	put_unknown(o, 1);
	put_simple(o, 9, 6); /* cut to interface 0's snapshot length */
	put_simple(o, 2, 2);
	put_obsolete(o, 1, 3000000, 1, 2);
}

static const char everything[] = "101 3/3 1000001000\n"
				 "1 4/1500 2000000001\n"
				 "1 6/9 2000000001\n"
				 "1 2/2 2000000001\n"
				 "101 1/2 3000000000\n";

static void pcapng_sections_of_both_orders(void **state)
{
	struct capture_file o = { .big = false };
	char want[512];

	(void)state;
	put_everything(&o);
	expect(&o, everything);
	o.big = true;
	put_everything(&o);
	snprintf(want, sizeof(want), "%s%s", everything, everything);
	expect(&o, want);
	/* A new section forgets the interfaces of the one before. */
	o.big = false;
	put_section(&o);
	put_enhanced(&o, 0, 1, 1, 1);
	snprintf(want, sizeof(want),
		 "%s%spacket 11 at offset %zu: interface 0 has no description before it\n",
		 everything, everything, o.len - 36);
	expect(&o, want);
}

static void pcapng_options_are_not_needed(void **state)
{
	struct capture_file o = { .big = false };
	size_t at;

	(void)state;
	put_section(&o);
	at = block_begin(&o, 1);
	put16(&o, 113);
	put16(&o, 0);
	put32(&o, 0);
	block_end(&o, at);
	at = block_begin(&o, 6);
	put32(&o, 0);
	put32(&o, 0);
	put32(&o, 42);
	put32(&o, 2);
	put32(&o, 2);
	put_packet_data(&o, 2);
	put16(&o, 0);
	put16(&o, 1); /* opt_comment, which is not read, so it may be wrong */
	put16(&o, 999);
	block_end(&o, at);
	expect(&o, "113 2/2 42000\n");
}

/* What a damaged section says; the bytes are changed by hand. */
static void pcapng_damage(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		const char *want;
	} rows[] = {
		{ 8, 0,
		  "block at offset 0 after packet 0: section header without a byte order mark" },
		{ 12, 9,
		  "block at offset 0 after packet 0: version of the pcapng format is not known, only 1.x is" },
		{ 4, 26, "block at offset 0 after packet 0: its length is not possible" },
		{ 4, 8, "block at offset 0 after packet 0: its length is not possible" },
		{ 24, 24,
		  "block at offset 0 after packet 0: the lengths at its two ends are not equal" },
		{ 32, 16, "block at offset 28 after packet 0: interface description is too short" },
		{ 46, 99,
		  "block at offset 28 after packet 0: options of the interface run over its end" },
		{ 56, 20,
		  "block at offset 28 after packet 0: if_tsresol of the interface is not possible" },
		{ 56, 0xc0,
		  "block at offset 28 after packet 0: if_tsresol of the interface is not possible" },
		{ 54, 0,
		  "block at offset 28 after packet 0: if_tsresol of the interface is not possible" },
		{ 76, 1, "packet 1 at offset 68: interface 1 has no description before it" },
		{ 88, 9, "packet 1 at offset 68: its bytes run over the end of its block" },
		{ 91, 1,
		  "packet 1 at offset 68: record claims 16777220 bytes, at most 262144 are possible" },
		{ 75, 1,
		  "packet 1 at offset 68: record claims 16777252 bytes, at most 262144 are possible" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct capture_file o = { .big = false };
		char want[256];

		put_section(&o);
		put_interface(&o, 1, 0, 6, 0);
		put_enhanced(&o, 0, 1000, 4, 4);
		o.data[rows[i].at] = rows[i].byte;
		if (rows[i].at == 32) /* and its end says the same */
			memcpy(o.data + 40, o.data + 32, 4);
		snprintf(want, sizeof(want), "%s\n", rows[i].want);
		expect(&o, want);
	}
}

static void pcapng_interfaces_have_a_limit(void **state)
{
	static uint8_t data[28 + (SPLITTER_INTERFACES_MAX + 1) * 20];
	struct capture_file o = { .big = false };
	struct bytes in = { data, sizeof(data) };
	struct frame f;
	size_t at;

	(void)state;
	put_section(&o);
	memcpy(data, o.data, 28);
	o.len = 0;
	at = block_begin(&o, 1);
	put32(&o, 1);
	put32(&o, 0);
	block_end(&o, at);
	for (size_t i = 0; i <= SPLITTER_INTERFACES_MAX; i++)
		memcpy(data + 28 + i * 20, o.data, 20);
	splitter_init(&splitter);
	assert_int_equal(splitter_next(&splitter, &in, &f), SPLIT_BAD);
	assert_string_equal(
		splitter.error,
		"block at offset 81948 after packet 0: more interfaces than Weir holds");
}

static void other_files(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *want;
	} rows[] = {
		{ "", 0, "the file is empty\n" },
		{ "\xd4\xc3", 2, "the file ends inside its header, after 2 bytes\n" },
		{ "\xd4\xc3\xb2\xa1\2\0\4\0", 8,
		  "the file ends inside its header, after 8 bytes\n" },
		{ "\x1f\x8b\x08\x00", 4,
		  "compressed with gzip; read it by: zcat FILE | weir run -r -\n" },
		{ "\xfd"
		  "7zXZ\0",
		  6, "compressed with xz; read it by: xzcat FILE | weir run -r -\n" },
		{ "\x7f"
		  "ELF",
		  4, "neither a pcap nor a pcapng file (it begins with 7f 45 4c 46)\n" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		split_into(text, sizeof(text), (const uint8_t *)rows[i].data, rows[i].len, 100);
		assert_string_equal(text, rows[i].want);
	}
}

/* Cut at every byte: the packets that are whole, then one line about the rest. */
static void cut_at_every_byte(const struct capture_file *o)
{
	char whole[4096], text[4096];

	split_into(whole, sizeof(whole), o->data, o->len, 7);
	for (size_t len = 0; len < o->len; len++) {
		char *last;

		split_into(text, sizeof(text), o->data, len, 7);
		last = strstr(text, "the file ");
		if (last) {
			assert_memory_equal(last,
					    len ? "the file ends inside" : "the file is empty", 17);
			*last = '\0';
		}
		/* Between two records nothing is missing that could be seen. */
		assert_memory_equal(text, whole, strlen(text));
	}
}

static void truncated_files_keep_what_is_before(void **state)
{
	struct capture_file o = { .big = true };

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	put_pcap_record(&o, 1, 0, 3, 3);
	put_pcap_record(&o, 2, 0, 0, 3);
	put_pcap_record(&o, 3, 0, 17, 17);
	cut_at_every_byte(&o);
	o.len = 0;
	put_everything(&o);
	put_unknown(&o, 100);
	cut_at_every_byte(&o);
}

static void truncation_says_where(void **state)
{
	struct capture_file o = { .big = false };

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	put_pcap_record(&o, 1, 0, 3, 3);
	put_pcap_record(&o, 2, 0, 30, 30);
	o.len--;
	expect(&o, "1 3/3 1000000000\nthe file ends inside packet 2 at offset 43\n");
	o.len = 0;
	put_everything(&o);
	o.len -= 1;
	expect(&o, "101 3/3 1000001000\n1 4/1500 2000000001\n1 6/9 2000000001\n1 2/2 2000000001\n"
		   "the file ends inside packet 5 at offset 276\n");
	o.len = 0;
	put_everything(&o);
	put_unknown(&o, 100);
	o.len -= 1;
	expect(&o, "101 3/3 1000001000\n1 4/1500 2000000001\n1 6/9 2000000001\n1 2/2 2000000001\n"
		   "101 1/2 3000000000\n"
		   "the file ends inside the block at offset 312 after packet 5\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_in_each_order_and_precision),
		cmocka_unit_test(pcap_cut_to_its_snaplen),
		cmocka_unit_test(pcap_of_old_versions),
		cmocka_unit_test(pcap_claims_too_much),
		cmocka_unit_test(pcapng_resolutions),
		cmocka_unit_test(pcapng_sections_of_both_orders),
		cmocka_unit_test(pcapng_options_are_not_needed),
		cmocka_unit_test(pcapng_damage),
		cmocka_unit_test(pcapng_interfaces_have_a_limit),
		cmocka_unit_test(other_files),
		cmocka_unit_test(truncated_files_keep_what_is_before),
		cmocka_unit_test(truncation_says_where),
	};

	return cmocka_run_group_tests_name("splitter", tests, NULL, NULL);
}
