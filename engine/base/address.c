/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/address.h"

static const char hex_digits[] = "0123456789abcdef";

static char *put_octet(char *out, unsigned v)
{
	if (v >= 100)
		*out++ = (char)('0' + v / 100);
	if (v >= 10)
		*out++ = (char)('0' + v / 10 % 10);
	*out++ = (char)('0' + v % 10);
	return out;
}

static unsigned text_v4(const uint8_t *bytes, char *out)
{
	char *at = out;

	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		at = put_octet(at, bytes[i]);
	}
	*at = '\0';
	return (unsigned)(at - out);
}

static unsigned text_v6(const uint8_t *bytes, char *out)
{
	char *at = out;

	for (unsigned i = 0; i < 16; i++) {
		if (i > 0 && i % 2 == 0)
			*at++ = ':';
		*at++ = hex_digits[bytes[i] >> 4];
		*at++ = hex_digits[bytes[i] & 15];
	}
	*at = '\0';
	return (unsigned)(at - out);
}

unsigned ip_addr_text(const struct ip_addr *a, unsigned ip_version, char out[IP_ADDR_TEXT])
{
	return ip_version == 6 ? text_v6(a->bytes, out) : text_v4(a->bytes, out);
}
