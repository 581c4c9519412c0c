/* SPDX-License-Identifier: Apache-2.0 */
/*
 * common.h - text that stands in most of the web's traffic: names and usual values of headers, HTML, scripts.
 *
 * In: a piece of a literal.  Out: whether it says nothing, because harmless traffic is full of it.  Pairs of bytes do not
 * tell: "HTTP/1.1" has rarer ones than most words.
 *
 * Memory: a constant table, and a set of its runs of five bytes made at first use.  Thread: any.
 */
#ifndef WEIR_DETECT_COMMON_H
#define WEIR_DETECT_COMMON_H

#include <stdbool.h>

#include "engine/base/bytes.h"

/* Every run of five bytes of it stands in such text, in either case; false for shorter pieces. */
bool common_text(struct bytes piece);

#endif
