/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/ftp.h"

#include <arpa/inet.h>

#include "engine/base/ascii.h"

#define ADDRESS_TEXT_MAX 45

static const struct {
	const char *name;
	enum ftp_verb verb;
} verbs[] = {
	{ "PORT", FTP_PORT }, { "EPRT", FTP_EPRT }, { "PASV", FTP_PASV }, { "EPSV", FTP_EPSV },
	{ "RETR", FTP_RETR }, { "STOR", FTP_STOR }, { "STOU", FTP_STOU }, { "APPE", FTP_APPE },
	{ "LIST", FTP_LIST }, { "NLST", FTP_NLST }, { "MLSD", FTP_MLSD }, { "AUTH", FTP_AUTH },
	{ "USER", FTP_USER }, { "QUIT", FTP_QUIT },
};

static struct bytes trim_left(struct bytes b)
{
	size_t n = 0;

	while (n < b.len && ascii_is_blank(b.data[n]))
		n++;
	return bytes_slice(b, n, b.len);
}

static struct bytes trim_right(struct bytes b)
{
	while (b.len && ascii_is_blank(b.data[b.len - 1]))
		b.len--;
	return b;
}

static enum ftp_verb verb_of(struct bytes name)
{
	if (name.len != 4)
		return FTP_OTHER;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		size_t k = 0;

		while (k < 4 && ascii_upper(name.data[k]) == (uint8_t)verbs[i].name[k])
			k++;
		if (k == 4)
			return verbs[i].verb;
	}
	return FTP_OTHER;
}

bool ftp_command_read(struct bytes line, struct ftp_command *out)
{
	size_t n = 0;

	*out = (struct ftp_command){ .verb = FTP_OTHER };
	line = trim_left(line);
	while (n < line.len && !ascii_is_blank(line.data[n]))
		n++;
	out->name = bytes_slice(line, 0, n);
	out->argument = trim_left(bytes_slice(line, n, line.len));
	out->verb = verb_of(out->name);
	return n > 0;
}

void ftp_reply_read(struct bytes line, struct ftp_reply *out)
{
	*out = (struct ftp_reply){ .text = line };
	if (line.len < 3 || !ascii_is_digit(line.data[0]) || !ascii_is_digit(line.data[1]) ||
	    !ascii_is_digit(line.data[2]))
		return;
	if (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-')
		return;
	out->code = bytes_slice(line, 0, 3);
	out->number =
		(line.data[0] - '0') * 100u + (line.data[1] - '0') * 10u + (line.data[2] - '0');
	out->more = line.len > 3 && line.data[3] == '-';
	out->text = trim_right(bytes_slice(line, 4, line.len));
}

/* Decimal digits, at most max; moves *b past them. */
static bool take_number(struct bytes *b, unsigned max, unsigned *out)
{
	size_t n = 0;
	unsigned value = 0;

	while (n < b->len && ascii_is_digit(b->data[n])) {
		value = value * 10 + (b->data[n] - '0');
		if (value > max)
			return false;
		n++;
	}
	*b = bytes_slice(*b, n, b->len);
	*out = value;
	return n > 0;
}

static bool take_char(struct bytes *b, uint8_t c)
{
	if (!b->len || b->data[0] != c)
		return false;
	*b = bytes_slice(*b, 1, b->len);
	return true;
}

static bool six_numbers(struct bytes b, struct ftp_endpoint *out)
{
	unsigned n[6];
	uint8_t wire[4];

	for (unsigned i = 0; i < 6; i++) {
		b = trim_left(b);
		if (!take_number(&b, 255, &n[i]) || (i < 5 && !take_char(&b, ',')))
			return false;
	}
	for (unsigned i = 0; i < 4; i++)
		wire[i] = (uint8_t)n[i];
	out->address = ip_addr_v4(wire);
	out->ip_version = 4;
	out->port = (uint16_t)(n[4] << 8 | n[5]);
	return true;
}

bool ftp_port_read(struct bytes argument, struct ftp_endpoint *out)
{
	*out = (struct ftp_endpoint){ .port = 0 };
	return six_numbers(argument, out);
}

/* Servers put the numbers in brackets, or not: they begin with the first digit. */
bool ftp_pasv_read(struct bytes text, struct ftp_endpoint *out)
{
	size_t n = 0;

	*out = (struct ftp_endpoint){ .port = 0 };
	while (n < text.len && !ascii_is_digit(text.data[n]))
		n++;
	return six_numbers(bytes_slice(text, n, text.len), out);
}

static bool read_address(struct bytes text, unsigned family, struct ftp_endpoint *out)
{
	char name[ADDRESS_TEXT_MAX + 1];
	uint8_t wire[16];

	if (text.len == 0 || text.len > ADDRESS_TEXT_MAX)
		return false;
	memcpy(name, text.data, text.len);
	name[text.len] = '\0';
	if (inet_pton(family == 1 ? AF_INET : AF_INET6, name, wire) != 1)
		return false;
	out->ip_version = family == 1 ? 4 : 6;
	out->address = family == 1 ? ip_addr_v4(wire) : ip_addr_v6(wire);
	return true;
}

/* The next field, which ends at c. */
static bool take_field(struct bytes *b, uint8_t c, struct bytes *field)
{
	const uint8_t *end = b->len ? memchr(b->data, c, b->len) : NULL;

	if (!end)
		return false;
	*field = bytes_slice(*b, 0, (size_t)(end - b->data));
	*b = bytes_slice(*b, field->len + 1, b->len);
	return true;
}

/* "|protocol|address|port|" with any separator; the first two may be empty in a reply. */
static bool read_extended(struct bytes b, bool reply, struct ftp_endpoint *out)
{
	struct bytes family, address, port;
	unsigned number = 0, value;
	uint8_t c;

	*out = (struct ftp_endpoint){ .port = 0 };
	if (!b.len)
		return false;
	c = b.data[0];
	b = bytes_slice(b, 1, b.len);
	if (!take_field(&b, c, &family) || !take_field(&b, c, &address) ||
	    !take_field(&b, c, &port))
		return false;
	if (!reply) {
		if (!take_number(&family, 2, &number) || number == 0 || family.len ||
		    !read_address(address, number, out))
			return false;
	}
	if (!take_number(&port, 65535, &value) || port.len)
		return false;
	out->port = (uint16_t)value;
	return true;
}

bool ftp_eprt_read(struct bytes argument, struct ftp_endpoint *out)
{
	return read_extended(argument, false, out);
}

bool ftp_epsv_read(struct bytes text, struct ftp_endpoint *out)
{
	const uint8_t *open = text.len ? memchr(text.data, '(', text.len) : NULL;

	*out = (struct ftp_endpoint){ .port = 0 };
	if (!open)
		return false;
	return read_extended(bytes_slice(text, (size_t)(open - text.data) + 1, text.len), true,
			     out);
}
