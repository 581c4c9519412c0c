/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asn1.h - what the keyword asn1 asks of BER data (ITU-T X.690): lengths and bit strings that overflow readers.
 *
 * In: bytes that begin with a value.  Out: whether one of the values, nested ones too, is as asked for.
 * Not here: what a value means.
 *
 * Memory: none.  Work: at most ASN1_FRAMES_MAX values.  Thread: any.
 */
#ifndef WEIR_DETECT_ASN1_H
#define WEIR_DETECT_ASN1_H

#include "engine/base/bytes.h"

#define ASN1_FRAMES_MAX 256

enum asn1_ask {
	ASN1_BITSTRING_OVERFLOW = 1 << 0, /* more unused bits than the string has */
	ASN1_DOUBLE_OVERFLOW = 1 << 1, /* a real number in more than 256 digits */
	ASN1_OVERSIZE_LENGTH = 1 << 2, /* a length above the limit */
};

bool asn1_finds(struct bytes in, unsigned ask, uint32_t limit);

#endif
