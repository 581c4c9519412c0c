/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ascii.h - characters of text protocols, whatever the locale says.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_BASE_ASCII_H
#define WEIR_BASE_ASCII_H

#include <stdbool.h>
#include <stdint.h>

static inline bool ascii_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static inline bool ascii_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static inline uint8_t ascii_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

#endif
