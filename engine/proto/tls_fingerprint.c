/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/tls_fingerprint.h"

/* Values of one list that take part; real hellos have a tenth of it. */
#define LIST_MAX 1024
#define COUNT_MAX 99 /* two digits */

/* --- JA3 ---------------------------------------------------------------------------------- */

/* Numbers of two bytes, joined by '-', GREASE left out. */
static void put_numbers(struct buf *out, struct bytes list, bool *first)
{
	struct cursor c = cursor_of(list);

	while (cursor_left(&c) >= 2) {
		uint16_t v = cursor_be16(&c);

		if (tls_is_grease(v))
			continue;
		if (!*first)
			buf_char(out, '-');
		*first = false;
		buf_u64(out, v);
	}
}

static void put_list(struct buf *out, struct bytes list)
{
	bool first = true;

	put_numbers(out, list, &first);
}

static void put_extension_types(struct buf *out, const struct tls_hello *h)
{
	struct bytes rest = h->extensions;
	struct tls_extension e;
	bool first = true;

	while (tls_extension_next(&rest, &e)) {
		uint8_t type[2] = { (uint8_t)(e.type >> 8), (uint8_t)e.type };

		put_numbers(out, bytes_of(type, 2), &first);
	}
}

static void put_groups(struct buf *out, const struct tls_hello *h)
{
	struct bytes data;

	if (tls_extension_find(h, TLS_EXT_SUPPORTED_GROUPS, &data))
		put_list(out, bytes_slice(data, 2, data.len));
}

static void put_point_formats(struct buf *out, const struct tls_hello *h)
{
	struct bytes data;

	if (!tls_extension_find(h, TLS_EXT_POINT_FORMATS, &data))
		return;
	for (size_t i = 1; i < data.len; i++) {
		if (i > 1)
			buf_char(out, '-');
		buf_u64(out, data.data[i]);
	}
}

void tls_ja3_text(const struct tls_hello *h, struct buf *out)
{
	buf_u64(out, h->version);
	buf_char(out, ',');
	put_list(out, h->ciphers);
	buf_char(out, ',');
	put_extension_types(out, h);
	buf_char(out, ',');
	put_groups(out, h);
	buf_char(out, ',');
	put_point_formats(out, h);
}

void tls_ja3s_text(const struct tls_hello *h, struct buf *out)
{
	buf_u64(out, h->version);
	buf_char(out, ',');
	put_list(out, h->ciphers);
	buf_char(out, ',');
	put_extension_types(out, h);
}

/* --- JA4 ------------------------------------------------------------------------------------ */

struct values {
	unsigned count;
	uint16_t value[LIST_MAX];
};

static void add(struct values *v, uint16_t value)
{
	if (!tls_is_grease(value) && v->count < LIST_MAX)
		v->value[v->count++] = value;
}

static void add_all(struct values *v, struct bytes list)
{
	struct cursor c = cursor_of(list);

	while (cursor_left(&c) >= 2)
		add(v, cursor_be16(&c));
}

static void add_extensions(struct values *v, const struct tls_hello *h, bool all)
{
	struct bytes rest = h->extensions;
	struct tls_extension e;

	while (tls_extension_next(&rest, &e)) {
		if (all || (e.type != TLS_EXT_SERVER_NAME && e.type != TLS_EXT_ALPN))
			add(v, e.type);
	}
}

static void sort(struct values *v)
{
	static const unsigned gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		for (unsigned i = gaps[g]; i < v->count; i++) {
			uint16_t x = v->value[i];
			unsigned k = i;

			for (; k >= gaps[g] && v->value[k - gaps[g]] > x; k -= gaps[g])
				v->value[k] = v->value[k - gaps[g]];
			v->value[k] = x;
		}
	}
}

static void put_hex(struct buf *out, const struct values *v)
{
	for (unsigned i = 0; i < v->count; i++) {
		uint8_t wire[2] = { (uint8_t)(v->value[i] >> 8), (uint8_t)v->value[i] };

		if (i > 0)
			buf_char(out, ',');
		buf_hex(out, wire, 2);
	}
}

static const char *version_text(uint16_t version)
{
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	default:
		return "00";
	}
}

static bool alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first name offered, or of its hexadecimal form. */
static void alpn_text(const struct tls_hello *h, char out[2])
{
	static const char hex[] = "0123456789abcdef";
	struct bytes data, name = { 0 };
	size_t at = 0;
	uint8_t first, last;

	out[0] = out[1] = '0';
	if (!tls_extension_find(h, TLS_EXT_ALPN, &data) || !tls_alpn_next(data, &at, &name) ||
	    !name.len)
		return;
	first = name.data[0];
	last = name.data[name.len - 1];
	if (alphanumeric(first) && alphanumeric(last)) {
		out[0] = (char)first;
		out[1] = (char)last;
	} else {
		out[0] = hex[first >> 4];
		out[1] = hex[last & 15];
	}
}

static void put_count(unsigned count, char out[2])
{
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	out[0] = (char)('0' + count / 10);
	out[1] = (char)('0' + count % 10);
}

void tls_ja4_a(const struct tls_hello *h, bool quic, char out[TLS_JA4_A_LEN + 1])
{
	const char *version = version_text(tls_hello_version(h));
	struct values v = { .count = 0 };
	struct bytes name;

	out[0] = quic ? 'q' : 't';
	memcpy(out + 1, version, 2);
	out[3] = tls_extension_find(h, TLS_EXT_SERVER_NAME, &name) ? 'd' : 'i';
	add_all(&v, h->ciphers);
	put_count(v.count, out + 4);
	v.count = 0;
	add_extensions(&v, h, true);
	put_count(v.count, out + 6);
	alpn_text(h, out + 8);
	out[TLS_JA4_A_LEN] = '\0';
}

void tls_ja4_ciphers(const struct tls_hello *h, struct buf *out)
{
	struct values v = { .count = 0 };

	add_all(&v, h->ciphers);
	sort(&v);
	put_hex(out, &v);
}

void tls_ja4_extensions(const struct tls_hello *h, struct buf *out)
{
	struct values v = { .count = 0 };
	struct bytes data;

	add_extensions(&v, h, false);
	sort(&v);
	put_hex(out, &v);
	/* Suricata has the '_' where there are no algorithms too. */
	buf_char(out, '_');
	if (!tls_extension_find(h, TLS_EXT_SIGNATURE_ALGORITHMS, &data))
		return;
	v.count = 0;
	add_all(&v, bytes_slice(data, 2, data.len));
	put_hex(out, &v);
}
