/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/splitter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/capture/capture.h"

#define NS_PER_S 1000000000

/* pcapng block types. */
#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 2u /* obsolete */
#define BLOCK_SIMPLE 3u
#define BLOCK_ENHANCED 6u

/* Options of an interface description. */
#define OPTION_END 0
#define OPTION_TSRESOL 9
#define OPTION_TSOFFSET 14

#define BYTE_ORDER_MARK 0x1a2b3c4du

void splitter_init(struct splitter *s)
{
	s->format = SPLIT_FORMAT_UNKNOWN;
	s->big_endian = false;
	s->long_header = false;
	s->minor = 0;
	s->offset = 0;
	s->packets = 0;
	s->skip = 0;
	s->skip_from = 0;
	s->time_ns = 0;
	s->interface_count = 0; /* the table behind it needs no clearing */
	s->error[0] = '\0';
}

__attribute__((format(printf, 2, 3))) static enum split bad(struct splitter *s, const char *fmt,
							    ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, args);
	va_end(args);
	return SPLIT_BAD;
}

static uint16_t take16(const struct splitter *s, struct cursor *c)
{
	return s->big_endian ? cursor_be16(c) : cursor_le16(c);
}

static uint32_t take32(const struct splitter *s, struct cursor *c)
{
	return s->big_endian ? cursor_be32(c) : cursor_le32(c);
}

/* Where the four bytes have been taken already. */
static inline uint32_t load32(const struct splitter *s, const uint8_t *at)
{
	return s->big_endian ? load_be32(at) : load_le32(at);
}

static uint64_t take64(const struct splitter *s, struct cursor *c)
{
	uint64_t first = take32(s, c);
	uint64_t second = take32(s, c);

	return s->big_endian ? first << 32 | second : second << 32 | first;
}

static void consume(struct splitter *s, struct bytes *in, size_t n)
{
	*in = bytes_slice(*in, n, SIZE_MAX);
	s->offset += n;
}

/* Nanoseconds since 1970 of a time in an interface's units, held within the bounds of capture.h. */
static int64_t time_of(const struct split_interface *i, uint64_t stamp)
{
	__extension__ typedef __int128 wide;
	wide ns = ((wide)(stamp / i->units) + i->offset_s) * NS_PER_S;
	uint64_t rest = stamp % i->units;

	/* Dividing 128 bits costs as much as all the rest of a record. */
	if (i->units <= UINT64_MAX / NS_PER_S)
		ns += rest * NS_PER_S / i->units;
	else
		ns += (wide)rest * NS_PER_S / i->units;
	if (ns < 0)
		return 0;
	return ns > CAPTURE_TIME_MAX_NS ? CAPTURE_TIME_MAX_NS : (int64_t)ns;
}

static void fill(struct splitter *s, const struct split_interface *i, const uint8_t *data,
		 uint32_t len, uint32_t wire_len, struct frame *f)
{
	s->packets++;
	*f = (struct frame){
		.data = data,
		.len = len,
		.wire_len = wire_len > len ? wire_len : len,
		.time_ns = s->time_ns,
		.link = (enum link_type)i->link,
	};
}

static enum split too_long(struct splitter *s, uint32_t claimed)
{
	return bad(s,
		   "packet %" PRIu64 " at offset %" PRIu64 ": record claims %" PRIu32
		   " bytes, at most %u are possible",
		   s->packets + 1, s->offset, claimed, SPLITTER_PACKET_MAX);
}

/* --- pcap --- */

#define PCAP_HEADER_BYTES 24

static const struct pcap_magic {
	uint32_t magic;
	uint32_t units;
	bool long_header;
} pcap_magics[] = {
	{ 0xa1b2c3d4, 1000000, false },
	{ 0xa1b23c4d, NS_PER_S, false },
	{ 0xa1b2cd34, 1000000, true },
};

static const struct pcap_magic *find_magic(uint32_t magic)
{
	for (size_t i = 0; i < sizeof(pcap_magics) / sizeof(pcap_magics[0]); i++)
		if (pcap_magics[i].magic == magic)
			return &pcap_magics[i];
	return NULL;
}

/* magic(4) major(2) minor(2) reserved(8) snaplen(4) link(4, its upper six bits about the FCS) */
static enum split pcap_header(struct splitter *s, const struct pcap_magic *m, struct bytes *in)
{
	struct split_interface *i = &s->interfaces[0];
	struct cursor c = cursor_of(*in);
	uint16_t major;

	cursor_skip(&c, 4);
	major = take16(s, &c);
	s->minor = take16(s, &c);
	cursor_skip(&c, 8);
	*i = (struct split_interface){ .units = m->units };
	i->snaplen = take32(s, &c);
	i->link = take32(s, &c) & 0x03ffffff;
	if (!cursor_ok(&c))
		return SPLIT_MORE;
	if (major != 2)
		return bad(s, "version %u.%u of the pcap format is not known, only 2.x is", major,
			   s->minor);
	if (i->snaplen > INT32_MAX)
		i->snaplen = 0;
	s->long_header = m->long_header;
	s->interface_count = 1;
	consume(s, in, PCAP_HEADER_BYTES);
	return SPLIT_FRAME;
}

/* Before version 2.3 the two lengths stood in the other order; in 2.3 it depends on the writer. */
static bool lengths_swapped(const struct splitter *s, uint32_t captured, uint32_t wire_len)
{
	return s->minor < 3 || (s->minor == 3 && captured > wire_len);
}

/* seconds(4) fraction(4) captured(4) on the wire(4) [8 more in Kuznetzov's form] data */
static enum split pcap_next(struct splitter *s, struct bytes *in, struct frame *f)
{
	const struct split_interface *i = &s->interfaces[0];
	struct cursor c = cursor_of(*in);
	const uint8_t *head = cursor_take(&c, s->long_header ? 24 : 16);
	uint64_t seconds;
	uint32_t fraction, captured, wire_len;
	const uint8_t *data;

	if (!head)
		return SPLIT_MORE;
	seconds = load32(s, head);
	fraction = load32(s, head + 4);
	captured = load32(s, head + 8);
	wire_len = load32(s, head + 12);
	if (lengths_swapped(s, captured, wire_len)) {
		uint32_t other = captured;

		captured = wire_len;
		wire_len = other;
	}
	if (captured > SPLITTER_PACKET_MAX)
		return too_long(s, captured);
	data = cursor_take(&c, captured);
	if (!data)
		return SPLIT_MORE;
	/*
	 * A fraction of a second or more is a mistake of some writers; it is added as it stands.
	 * Both are of 32 bits: the sum stays below CAPTURE_TIME_MAX_NS.
	 */
	s->time_ns = (int64_t)(seconds * NS_PER_S + fraction * (NS_PER_S / i->units));
	/*
	 * Some writers recorded more than the snapshot length that they state.  libpcap cuts it to
	 * that length; do as it does, so that a packet is the same for every program.
	 */
	if (i->snaplen > 0 && captured > i->snaplen)
		captured = i->snaplen;
	fill(s, i, data, captured, wire_len, f);
	consume(s, in, in->len - cursor_left(&c));
	return SPLIT_FRAME;
}

/* --- pcapng --- */

#define BLOCK_OVERHEAD 12 /* type, length, length again */

static bool block_is_packet(uint32_t type)
{
	return type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_ENHANCED;
}

static bool block_is_read(uint32_t type)
{
	return block_is_packet(type) || type == BLOCK_SECTION || type == BLOCK_INTERFACE;
}

static enum split bad_block(struct splitter *s, const char *what)
{
	return bad(s, "block at offset %" PRIu64 " after packet %" PRIu64 ": %s", s->offset,
		   s->packets, what);
}

/* byte order mark(4) major(2) minor(2) section length(8) options */
static enum split section(struct splitter *s, struct bytes body)
{
	struct cursor c = cursor_of(body);
	uint16_t major;

	cursor_skip(&c, 4);
	major = take16(s, &c);
	cursor_skip(&c, 10);
	if (!cursor_ok(&c))
		return bad_block(s, "section header is too short");
	if (major != 1)
		return bad_block(s, "version of the pcapng format is not known, only 1.x is");
	s->interface_count = 0;
	return SPLIT_FRAME;
}

/* Units in a second: the upper bit says power of two, else of ten.  0 when out of range. */
static uint64_t resolution(uint8_t v)
{
	uint64_t units = 1;

	if (v & 0x80)
		return (v & 0x7f) < 64 ? (uint64_t)1 << (v & 0x7f) : 0;
	if (v > 19)
		return 0;
	while (v-- > 0)
		units *= 10;
	return units;
}

static const char *interface_option(const struct splitter *s, struct split_interface *i,
				    uint16_t code, struct bytes value)
{
	struct cursor c = cursor_of(value);

	if (code == OPTION_TSRESOL) {
		i->units = resolution(cursor_u8(&c));
		if (!cursor_ok(&c) || i->units == 0)
			return "if_tsresol of the interface is not possible";
	} else if (code == OPTION_TSOFFSET) {
		i->offset_s = (int64_t)take64(s, &c);
		if (!cursor_ok(&c))
			return "if_tsoffset of the interface is too short";
	}
	return NULL;
}

/* code(2) length(2) value, padded to four bytes; OPTION_END or the block's end ends them */
static const char *interface_options(const struct splitter *s, struct split_interface *i,
				     struct cursor *c)
{
	while (cursor_left(c) > 0) {
		uint16_t code = take16(s, c);
		uint16_t len = take16(s, c);
		const uint8_t *value = cursor_take(c, len);
		const char *wrong;

		cursor_skip(c, (4 - len % 4u) % 4);
		if (!cursor_ok(c))
			return "options of the interface run over its end";
		if (code == OPTION_END)
			break;
		wrong = interface_option(s, i, code, bytes_of(value, len));
		if (wrong)
			return wrong;
	}
	return NULL;
}

/* link type(2) reserved(2) snapshot length(4) options */
static enum split interface(struct splitter *s, struct bytes body)
{
	struct split_interface *i = &s->interfaces[s->interface_count];
	struct cursor c = cursor_of(body);
	const char *wrong;

	if (s->interface_count == SPLITTER_INTERFACES_MAX)
		return bad_block(s, "more interfaces than Weir holds");
	*i = (struct split_interface){ .units = 1000000 };
	i->link = take16(s, &c);
	cursor_skip(&c, 2);
	i->snaplen = take32(s, &c);
	if (!cursor_ok(&c))
		return bad_block(s, "interface description is too short");
	wrong = interface_options(s, i, &c);
	if (wrong)
		return bad_block(s, wrong);
	s->interface_count++;
	return SPLIT_FRAME;
}

/*
 * enhanced: interface(4) time(4+4) captured(4) on the wire(4) data options
 * obsolete: interface(2) drops(2) and then the same
 * simple:   on the wire(4) data; of the first interface, without a time: that of the packet
 *           before it stands in
 */
static enum split packet(struct splitter *s, uint32_t type, struct bytes body, struct frame *f)
{
	struct cursor c = cursor_of(body);
	const struct split_interface *i;
	uint32_t id = 0, captured, wire_len;
	uint64_t stamp = 0;
	const uint8_t *data;

	if (type == BLOCK_ENHANCED) {
		id = take32(s, &c);
	} else if (type == BLOCK_PACKET) {
		id = take16(s, &c);
		cursor_skip(&c, 2);
	}
	if (type != BLOCK_SIMPLE) {
		stamp = (uint64_t)take32(s, &c) << 32;
		stamp |= take32(s, &c);
	}
	if (id >= s->interface_count)
		return bad(s,
			   "packet %" PRIu64 " at offset %" PRIu64 ": interface %" PRIu32
			   " has no description before it",
			   s->packets + 1, s->offset, id);
	i = &s->interfaces[id];
	captured = take32(s, &c);
	if (type == BLOCK_SIMPLE) {
		wire_len = captured;
		if (i->snaplen > 0 && captured > i->snaplen)
			captured = i->snaplen;
	} else {
		wire_len = take32(s, &c);
	}
	if (captured > SPLITTER_PACKET_MAX)
		return too_long(s, captured);
	data = cursor_take(&c, captured);
	if (!data)
		return bad(s,
			   "packet %" PRIu64 " at offset %" PRIu64
			   ": its bytes run over the end of its block",
			   s->packets + 1, s->offset);
	if (type != BLOCK_SIMPLE)
		s->time_ns = time_of(i, stamp);
	fill(s, i, data, captured, wire_len, f);
	return SPLIT_FRAME;
}

/* A section header says the byte order of all that follows, its own length included. */
static enum split section_order(struct splitter *s, struct bytes in)
{
	struct cursor c = cursor_of(bytes_slice(in, 8, 4));
	uint32_t mark = cursor_be32(&c);

	if (!cursor_ok(&c))
		return SPLIT_MORE;
	if (mark != BYTE_ORDER_MARK && mark != __builtin_bswap32(BYTE_ORDER_MARK))
		return bad_block(s, "section header without a byte order mark");
	s->big_endian = mark == BYTE_ORDER_MARK;
	return SPLIT_FRAME;
}

/* One whole block that is read: type, body, and whether the length stands at its end again. */
static enum split read_block(struct splitter *s, uint32_t type, struct bytes block, struct frame *f)
{
	struct bytes body = bytes_slice(block, 8, block.len - BLOCK_OVERHEAD);
	struct cursor tail = cursor_of(bytes_slice(block, block.len - 4, 4));

	if (take32(s, &tail) != block.len)
		return bad_block(s, "the lengths at its two ends are not equal");
	if (type == BLOCK_SECTION)
		return section(s, body);
	if (type == BLOCK_INTERFACE)
		return interface(s, body);
	return packet(s, type, body, f);
}

static bool skip_done(struct splitter *s, struct bytes *in)
{
	size_t n = s->skip < in->len ? (size_t)s->skip : in->len;

	consume(s, in, n);
	s->skip -= n;
	return s->skip == 0;
}

/* type(4) length(4) body length(4) */
static enum split pcapng_next(struct splitter *s, struct bytes *in, struct frame *f)
{
	while (skip_done(s, in)) {
		struct cursor c = cursor_of(*in);
		uint32_t type = take32(s, &c);
		uint32_t len;
		enum split st;

		if (cursor_ok(&c) && type == BLOCK_SECTION) {
			st = section_order(s, *in);
			if (st != SPLIT_FRAME)
				return st;
		}
		len = take32(s, &c);
		if (!cursor_ok(&c))
			return SPLIT_MORE;
		if (len < BLOCK_OVERHEAD || len % 4 != 0)
			return bad_block(s, "its length is not possible");
		if (!block_is_read(type)) {
			s->skip = len;
			s->skip_from = s->offset;
			continue;
		}
		if (len > SPLITTER_RECORD_MAX)
			return block_is_packet(type) ? too_long(s, len)
						     : bad_block(s, "its length is not possible");
		if (in->len < len)
			return SPLIT_MORE;
		st = read_block(s, type, bytes_slice(*in, 0, len), f);
		if (st == SPLIT_BAD)
			return st;
		consume(s, in, len);
		if (block_is_packet(type))
			return st;
	}
	return SPLIT_MORE;
}

/* --- any --- */

/* What people hand over that is no capture file but holds one. */
static const struct {
	uint8_t start[6];
	uint8_t len;
	const char *what;
	const char *program;
} compressed[] = {
	{ { 0x1f, 0x8b }, 2, "gzip", "zcat" },
	{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, "zstd", "zstdcat" },
	{ { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, "xz", "xzcat" },
	{ { 'B', 'Z', 'h' }, 3, "bzip2", "bzcat" },
	{ { 0x04, 0x22, 0x4d, 0x18 }, 4, "lz4", "lz4cat" },
	{ { 'P', 'K', 3, 4 }, 4, "zip", "unzip -p" },
};

static enum split not_a_capture(struct splitter *s, struct bytes in)
{
	for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++)
		if (in.len >= compressed[i].len &&
		    memcmp(in.data, compressed[i].start, compressed[i].len) == 0)
			return bad(s, "compressed with %s; read it by: %s FILE | weir run -r -",
				   compressed[i].what, compressed[i].program);
	return bad(s, "neither a pcap nor a pcapng file (it begins with %02x %02x %02x %02x)",
		   in.data[0], in.data[1], in.data[2], in.data[3]);
}

static enum split start(struct splitter *s, struct bytes *in)
{
	const struct pcap_magic *m;
	uint32_t magic;
	enum split st;

	if (in->len < 4)
		return SPLIT_MORE;
	magic = load_be32(in->data);
	if (magic == BLOCK_SECTION) {
		s->format = SPLIT_FORMAT_PCAPNG;
		return SPLIT_FRAME;
	}
	m = find_magic(magic);
	s->big_endian = m != NULL;
	if (!m)
		m = find_magic(__builtin_bswap32(magic));
	if (!m)
		return not_a_capture(s, *in);
	st = pcap_header(s, m, in);
	if (st == SPLIT_FRAME)
		s->format = SPLIT_FORMAT_PCAP;
	return st;
}

enum split splitter_next(struct splitter *s, struct bytes *in, struct frame *f)
{
	if (s->format == SPLIT_FORMAT_UNKNOWN) {
		enum split st = start(s, in);

		if (st != SPLIT_FRAME)
			return st;
	}
	return s->format == SPLIT_FORMAT_PCAP ? pcap_next(s, in, f) : pcapng_next(s, in, f);
}

/* Of an unfinished pcapng block: whether it is a packet, so far as its type is there. */
static bool rest_is_packet(const struct splitter *s, struct bytes rest)
{
	struct cursor c = cursor_of(rest);
	uint32_t type = take32(s, &c);

	return s->format == SPLIT_FORMAT_PCAP || (cursor_ok(&c) && block_is_packet(type));
}

bool splitter_end(struct splitter *s, struct bytes rest)
{
	if (s->format == SPLIT_FORMAT_UNKNOWN) {
		if (rest.len == 0 && s->offset == 0)
			bad(s, "the file is empty");
		else
			bad(s, "the file ends inside its header, after %zu bytes", rest.len);
		return false;
	}
	if (s->skip > 0) {
		bad(s, "the file ends inside the block at offset %" PRIu64 " after packet %" PRIu64,
		    s->skip_from, s->packets);
		return false;
	}
	if (rest.len == 0)
		return true;
	if (rest_is_packet(s, rest))
		bad(s, "the file ends inside packet %" PRIu64 " at offset %" PRIu64, s->packets + 1,
		    s->offset);
	else
		bad(s, "the file ends inside the block at offset %" PRIu64 " after packet %" PRIu64,
		    s->offset, s->packets);
	return false;
}
