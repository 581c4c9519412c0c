/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_file.h - capture files for tests, written field by field in either byte order.
 *
 * Every call appends.  Packet data are bytes that count up from 1.
 */
#ifndef WEIR_TESTS_UNIT_CAPTURE_FILE_H
#define WEIR_TESTS_UNIT_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct capture_file {
	uint8_t data[8192];
	size_t len;
	bool big;
};

static inline void put_bytes(struct capture_file *o, const void *data, size_t len)
{
	memcpy(o->data + o->len, data, len);
	o->len += len;
}

static inline void put_number(struct capture_file *o, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		o->data[o->len++] = (uint8_t)(v >> 8 * (o->big ? bytes - 1 - i : i));
}

static inline void put16(struct capture_file *o, uint16_t v)
{
	put_number(o, v, 2);
}

static inline void put32(struct capture_file *o, uint32_t v)
{
	put_number(o, v, 4);
}

static inline void put_packet_data(struct capture_file *o, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		o->data[o->len++] = (uint8_t)(i + 1);
}

/* --- pcap --- */

static inline void put_pcap_header(struct capture_file *o, uint32_t magic, uint16_t minor,
				   uint32_t snaplen, uint32_t link)
{
	put32(o, magic);
	put16(o, 2);
	put16(o, minor);
	put32(o, 0);
	put32(o, 0);
	put32(o, snaplen);
	put32(o, link);
}

static inline void put_pcap_record(struct capture_file *o, uint32_t seconds, uint32_t fraction,
				   uint32_t len, uint32_t wire_len)
{
	put32(o, seconds);
	put32(o, fraction);
	put32(o, len);
	put32(o, wire_len);
	put_packet_data(o, len);
}

/* --- pcapng --- */

/* A block of any type; what is put between the two calls is its body. */
static inline size_t block_begin(struct capture_file *o, uint32_t type)
{
	size_t at = o->len;

	put32(o, type);
	put32(o, 0);
	return at;
}

static inline void block_end(struct capture_file *o, size_t at)
{
	struct capture_file length = { .big = o->big };

	while (o->len % 4 != 0)
		o->data[o->len++] = 0;
	put32(&length, (uint32_t)(o->len + 4 - at));
	memcpy(o->data + at + 4, length.data, 4);
	put_bytes(o, length.data, 4);
}

static inline void put_section(struct capture_file *o)
{
	size_t at = block_begin(o, 0x0a0d0d0a);

	put32(o, 0x1a2b3c4d);
	put16(o, 1);
	put16(o, 0);
	put_number(o, UINT64_MAX, 8);
	block_end(o, at);
}

/* resolution below 0 and offset 0: without the option */
static inline void put_interface(struct capture_file *o, uint16_t link, uint32_t snaplen,
				 int resolution, int64_t offset_s)
{
	size_t at = block_begin(o, 1);

	put16(o, link);
	put16(o, 0);
	put32(o, snaplen);
	put16(o, 2); /* if_name, three bytes and one of padding */
	put16(o, 3);
	put_bytes(o, "eth", 4);
	if (resolution >= 0) {
		put16(o, 9);
		put16(o, 1);
		o->data[o->len++] = (uint8_t)resolution;
		put_bytes(o, "\0\0\0", 3);
	}
	if (offset_s != 0) {
		put16(o, 14);
		put16(o, 8);
		put_number(o, (uint64_t)offset_s, 8);
	}
	put32(o, 0);
	block_end(o, at);
}

static inline void put_enhanced(struct capture_file *o, uint32_t interface, uint64_t stamp,
				uint32_t len, uint32_t wire_len)
{
	size_t at = block_begin(o, 6);

	put32(o, interface);
	put32(o, (uint32_t)(stamp >> 32));
	put32(o, (uint32_t)stamp);
	put32(o, len);
	put32(o, wire_len);
	put_packet_data(o, len);
	block_end(o, at);
}

static inline void put_obsolete(struct capture_file *o, uint16_t interface, uint64_t stamp,
				uint32_t len, uint32_t wire_len)
{
	size_t at = block_begin(o, 2);

	put16(o, interface);
	put16(o, 77); /* drops */
	put32(o, (uint32_t)(stamp >> 32));
	put32(o, (uint32_t)stamp);
	put32(o, len);
	put32(o, wire_len);
	put_packet_data(o, len);
	block_end(o, at);
}

static inline void put_simple(struct capture_file *o, uint32_t wire_len, uint32_t len)
{
	size_t at = block_begin(o, 3);

	put32(o, wire_len);
	put_packet_data(o, len);
	block_end(o, at);
}

static inline void put_unknown(struct capture_file *o, uint32_t len)
{
	size_t at = block_begin(o, 0x0bad);

	for (uint32_t i = 0; i < len; i++)
		o->data[o->len++] = 6; /* looks like a packet block */
	block_end(o, at);
}

#endif
