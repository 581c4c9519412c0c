/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/address.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

/* Decimal, and how many digits. */
#define DIGITS(n) \
	{ \
		(n) >= 100  ? '0' + (n) / 100 \
		: (n) >= 10 ? '0' + (n) / 10 % 10 \
			    : '0' + (n) % 10, \
			(n) >= 100  ? '0' + (n) / 10 % 10 \
			: (n) >= 10 ? '0' + (n) % 10 \
				    : '.', \
			(n) >= 100 ? '0' + (n) % 10 : '.', \
			(n) >= 100  ? 3 \
			: (n) >= 10 ? 2 \
				    : 1 \
	}
#define DIGITS_4(n) DIGITS(n), DIGITS((n) + 1), DIGITS((n) + 2), DIGITS((n) + 3)
#define DIGITS_16(n) DIGITS_4(n), DIGITS_4((n) + 4), DIGITS_4((n) + 8), DIGITS_4((n) + 12)
#define DIGITS_64(n) DIGITS_16(n), DIGITS_16((n) + 16), DIGITS_16((n) + 32), DIGITS_16((n) + 48)

static const char octets[256][4] = { DIGITS_64(0), DIGITS_64(64), DIGITS_64(128), DIGITS_64(192) };

/* Each octet's three bytes are copied, and those that are too many written over. */
static unsigned text_v4(const uint8_t *bytes, char *out)
{
	char *at = out;

	for (unsigned i = 0; i < 4; i++) {
		const char *octet = octets[bytes[i]];

		memcpy(at, octet, 3);
		at += octet[3];
		*at++ = '.';
	}
	*--at = '\0';
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
