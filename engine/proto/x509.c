/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/x509.h"

enum tag {
	TAG_BOOLEAN = 0x01,
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_OID = 0x06,
	TAG_UTF8 = 0x0c,
	TAG_UTC_TIME = 0x17,
	TAG_GENERALIZED_TIME = 0x18,
	TAG_BMP = 0x1e,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	TAG_VERSION = 0xa0,
	TAG_ISSUER_UNIQUE = 0x81,
	TAG_SUBJECT_UNIQUE = 0x82,
	TAG_EXTENSIONS = 0xa3,
	TAG_MAILBOX = 0x81, /* of GeneralName */
	TAG_DNS_NAME = 0x82,
	TAG_URI = 0x86,
	TAG_ADDRESS = 0x87,
};

struct der {
	uint8_t tag;
	struct bytes content;
	struct bytes whole;
};

/* One element from the front of *in (X.690, section 8.1; lengths of up to four bytes). */
static enum x509_error take(struct bytes *in, struct der *out)
{
	struct cursor c = cursor_of(*in);
	uint32_t len;
	const uint8_t *at;

	out->tag = cursor_u8(&c);
	len = cursor_u8(&c);
	if (len & 0x80) {
		unsigned n = len & 0x7f;

		if (n == 0 || n > 4)
			return X509_BAD_DER;
		len = 0;
		while (n-- > 0)
			len = len << 8 | cursor_u8(&c);
	}
	if (!cursor_ok(&c))
		return X509_BAD_LENGTH;
	at = cursor_take(&c, len);
	if (!at)
		return X509_CUT;
	out->content = bytes_of(at, len);
	out->whole = bytes_slice(*in, 0, in->len - cursor_left(&c));
	*in = cursor_rest(&c);
	return X509_OK;
}

/* An element that must be of this kind; mistake: what it is where it is another. */
static enum x509_error take_tag(struct bytes *in, uint8_t tag, enum x509_error mistake,
				struct bytes *content)
{
	struct der d;
	enum x509_error e = take(in, &d);

	if (e == X509_OK && d.tag != tag)
		e = mistake;
	if (e == X509_OK)
		*content = d.content;
	return e;
}

static uint8_t next_tag(struct bytes in)
{
	return in.len ? in.data[0] : 0;
}

/* --- times ----------------------------------------------------------------------------------- */

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static int64_t days(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned of_era = (unsigned)(y - era * 400);
	unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	unsigned of_era_days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

	return era * 146097 + of_era_days - 719468;
}

static bool two_digits(struct cursor *c, unsigned low, unsigned high, unsigned *out)
{
	uint8_t a = cursor_u8(c), b = cursor_u8(c);

	if (!cursor_ok(c) || a < '0' || a > '9' || b < '0' || b > '9')
		return false;
	*out = (a - '0') * 10u + (b - '0');
	return *out >= low && *out <= high;
}

static bool read_year(struct cursor *c, uint8_t tag, int64_t *out)
{
	unsigned high, low;

	if (tag == TAG_UTC_TIME) {
		/* RFC 5280, section 4.1.2.5.1: 50 to 99 are of the last century. */
		if (!two_digits(c, 0, 99, &low))
			return false;
		*out = low + (low >= 50 ? 1900 : 2000);
		return true;
	}
	if (!two_digits(c, 0, 99, &high) || !two_digits(c, 0, 99, &low))
		return false;
	*out = high * 100 + low;
	return true;
}

static enum x509_error read_time(struct bytes *in, int64_t *out)
{
	unsigned month, day, hour, minute, second = 0;
	struct der d;
	struct cursor c;
	enum x509_error e = take(in, &d);
	int64_t year;

	if (e != X509_OK)
		return e;
	if (d.tag != TAG_UTC_TIME && d.tag != TAG_GENERALIZED_TIME)
		return X509_BAD_DATE;
	c = cursor_of(d.content);
	if (!read_year(&c, d.tag, &year) || !two_digits(&c, 1, 12, &month) ||
	    !two_digits(&c, 1, 31, &day) || !two_digits(&c, 0, 23, &hour) ||
	    !two_digits(&c, 0, 59, &minute))
		return X509_BAD_DATE;
	if (cursor_left(&c) && *c.at != 'Z' && !two_digits(&c, 0, 60, &second))
		return X509_BAD_DATE;
	*out = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return X509_OK;
}

/* --- the certificate ------------------------------------------------------------------------- */

static enum x509_error read_validity(struct bytes *in, struct x509 *out)
{
	struct bytes both;
	enum x509_error e = take_tag(in, TAG_SEQUENCE, X509_BAD_VALIDITY, &both);

	if (e == X509_OK)
		e = read_time(&both, &out->not_before);
	if (e == X509_OK)
		e = read_time(&both, &out->not_after);
	return e;
}

/* Extension ::= SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING } */
static enum x509_error read_extension(struct bytes *in, struct x509 *out)
{
	static const uint8_t alt_name[] = { 0x55, 0x1d, 0x11 };
	struct bytes one, oid = { 0 }, value, names;
	struct der critical;
	enum x509_error e = take_tag(in, TAG_SEQUENCE, X509_BAD_EXTENSIONS, &one);

	if (e == X509_OK)
		e = take_tag(&one, TAG_OID, X509_BAD_EXTENSIONS, &oid);
	if (e == X509_OK && next_tag(one) == TAG_BOOLEAN)
		e = take(&one, &critical);
	if (e == X509_OK)
		e = take_tag(&one, TAG_OCTETS, X509_BAD_EXTENSIONS, &value);
	if (e != X509_OK || !bytes_equal(oid, bytes_of(alt_name, sizeof(alt_name))))
		return e;
	e = take_tag(&value, TAG_SEQUENCE, X509_BAD_EXTENSIONS, &names);
	if (e == X509_OK)
		out->alt_names = names;
	return e;
}

static enum x509_error read_extensions(struct bytes in, struct x509 *out)
{
	struct bytes outer, list;
	enum x509_error e = X509_OK;
	struct der d;

	while (e == X509_OK &&
	       (next_tag(in) == TAG_ISSUER_UNIQUE || next_tag(in) == TAG_SUBJECT_UNIQUE))
		e = take(&in, &d);
	if (e != X509_OK || next_tag(in) != TAG_EXTENSIONS)
		return e;
	e = take_tag(&in, TAG_EXTENSIONS, X509_BAD_EXTENSIONS, &outer);
	if (e == X509_OK)
		e = take_tag(&outer, TAG_SEQUENCE, X509_BAD_EXTENSIONS, &list);
	while (e == X509_OK && list.len)
		e = read_extension(&list, out);
	return e;
}

static enum x509_error read_fields(struct bytes in, struct x509 *out)
{
	struct bytes part;
	enum x509_error e = X509_OK;

	if (next_tag(in) == TAG_VERSION)
		e = take_tag(&in, TAG_VERSION, X509_BAD_VERSION, &part);
	if (e == X509_OK)
		e = take_tag(&in, TAG_INTEGER, X509_BAD_SERIAL, &out->serial);
	if (e == X509_OK)
		e = take_tag(&in, TAG_SEQUENCE, X509_BAD_ALGORITHM, &part);
	if (e == X509_OK)
		e = take_tag(&in, TAG_SEQUENCE, X509_BAD_ISSUER, &out->issuer);
	if (e == X509_OK)
		e = read_validity(&in, out);
	if (e == X509_OK)
		e = take_tag(&in, TAG_SEQUENCE, X509_BAD_SUBJECT, &out->subject);
	if (e == X509_OK)
		e = take_tag(&in, TAG_SEQUENCE, X509_BAD_DER, &part); /* the public key */
	return e == X509_OK ? read_extensions(in, out) : e;
}

enum x509_error x509_read(struct bytes certificate, struct x509 *out)
{
	struct bytes whole, fields;
	enum x509_error e;

	*out = (struct x509){ .not_before = 0 };
	e = take_tag(&certificate, TAG_SEQUENCE, X509_BAD_DER, &whole);
	if (e == X509_OK)
		e = take_tag(&whole, TAG_SEQUENCE, X509_BAD_DER, &fields);
	return e == X509_OK ? read_fields(fields, out) : e;
}

/* --- texts ------------------------------------------------------------------------------------- */

/* RFC 4519, RFC 4514, and what certificates of public authorities carry. */
static const struct {
	uint8_t oid[11];
	uint8_t len;
	const char *name;
} attributes[] = {
	{ { 0x55, 4, 3 }, 3, "CN" },
	{ { 0x55, 4, 4 }, 3, "SN" },
	{ { 0x55, 4, 5 }, 3, "serialNumber" },
	{ { 0x55, 4, 6 }, 3, "C" },
	{ { 0x55, 4, 7 }, 3, "L" },
	{ { 0x55, 4, 8 }, 3, "ST" },
	{ { 0x55, 4, 9 }, 3, "streetAddress" },
	{ { 0x55, 4, 10 }, 3, "O" },
	{ { 0x55, 4, 11 }, 3, "OU" },
	{ { 0x55, 4, 12 }, 3, "title" },
	{ { 0x55, 4, 13 }, 3, "description" },
	{ { 0x55, 4, 15 }, 3, "businessCategory" },
	{ { 0x55, 4, 17 }, 3, "postalCode" },
	{ { 0x55, 4, 41 }, 3, "name" },
	{ { 0x55, 4, 42 }, 3, "givenName" },
	{ { 0x55, 4, 43 }, 3, "initials" },
	{ { 0x55, 4, 44 }, 3, "generationQualifier" },
	{ { 0x55, 4, 46 }, 3, "dnQualifier" },
	{ { 0x55, 4, 65 }, 3, "pseudonym" },
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 }, 9, "Email" },
	{ { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 100, 1, 1 }, 10, "UID" },
	{ { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 100, 1, 25 }, 10, "DC" },
	{ { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1 }, 11, "msJurisdictionLocality" },
	{ { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2 }, 11, "msJurisdictionStateOrProvince" },
	{ { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3 }, 11, "msJurisdictionCountry" },
};

/* X.690, section 8.19. */
static void put_oid(struct bytes oid, struct buf *out)
{
	uint64_t v = 0;
	bool first = true;

	for (size_t i = 0; i < oid.len; i++) {
		v = v << 7 | (oid.data[i] & 0x7f);
		if (oid.data[i] & 0x80)
			continue;
		if (first) {
			unsigned arc = v < 80 ? (unsigned)(v / 40) : 2;

			buf_u64(out, arc);
			v -= arc * 40;
		}
		buf_char(out, '.');
		buf_u64(out, v);
		v = 0;
		first = false;
	}
}

static void put_attribute(struct bytes oid, struct buf *out)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (bytes_equal(oid, bytes_of(attributes[i].oid, attributes[i].len))) {
			buf_text(out, attributes[i].name);
			return;
		}
	}
	put_oid(oid, out);
}

/* BMPString: two bytes a character, as UTF-8. */
static void put_bmp(struct bytes text, struct buf *out)
{
	struct cursor c = cursor_of(text);

	while (cursor_left(&c) >= 2) {
		unsigned v = cursor_be16(&c);

		if (v < 0x80) {
			buf_char(out, (char)v);
		} else if (v < 0x800) {
			buf_char(out, (char)(0xc0 | v >> 6));
			buf_char(out, (char)(0x80 | (v & 0x3f)));
		} else {
			buf_char(out, (char)(0xe0 | v >> 12));
			buf_char(out, (char)(0x80 | (v >> 6 & 0x3f)));
			buf_char(out, (char)(0x80 | (v & 0x3f)));
		}
	}
}

/* RelativeDistinguishedName ::= SET OF SEQUENCE { OID, value } */
static bool put_rdn(struct bytes set, bool *first, struct buf *out)
{
	while (set.len) {
		struct bytes pair, oid;
		struct der value;

		if (take_tag(&set, TAG_SEQUENCE, X509_BAD_NAME, &pair) != X509_OK ||
		    take_tag(&pair, TAG_OID, X509_BAD_NAME, &oid) != X509_OK ||
		    take(&pair, &value) != X509_OK)
			return false;
		if (!*first)
			buf_text(out, ", ");
		*first = false;
		put_attribute(oid, out);
		buf_char(out, '=');
		if (value.tag == TAG_BMP)
			put_bmp(value.content, out);
		else
			buf_bytes(out, value.content.data, value.content.len);
	}
	return true;
}

bool x509_name_text(struct bytes name, struct buf *out)
{
	bool first = true;

	while (name.len) {
		struct bytes set;

		if (take_tag(&name, TAG_SET, X509_BAD_NAME, &set) != X509_OK ||
		    !put_rdn(set, &first, out))
			break;
	}
	return !out->full;
}

bool x509_serial_text(struct bytes serial, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < serial.len; i++) {
		if (i > 0)
			buf_char(out, ':');
		buf_char(out, hex[serial.data[i] >> 4]);
		buf_char(out, hex[serial.data[i] & 15]);
	}
	return !out->full;
}

bool x509_alt_name_next(struct bytes *rest, struct bytes *out, bool *is_address)
{
	struct der d;

	while (rest->len && take(rest, &d) == X509_OK) {
		if (d.tag != TAG_DNS_NAME && d.tag != TAG_MAILBOX && d.tag != TAG_URI &&
		    d.tag != TAG_ADDRESS)
			continue;
		*out = d.content;
		*is_address = d.tag == TAG_ADDRESS;
		return true;
	}
	return false;
}
