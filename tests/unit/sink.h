/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h - what a parser said, as a text that a row of a table can hold.
 *
 * Memory: in the sink; what does not fit is left out.  Thread: any.
 */
#ifndef WEIR_TESTS_SINK_H
#define WEIR_TESTS_SINK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct sink {
	char text[1024];
	size_t len;
	bool in_list; /* the caller's: pieces of a list are being said */
};

__attribute__((format(printf, 2, 3))) static inline void say(struct sink *s, const char *format,
							     ...)
{
	size_t room = s->len < sizeof(s->text) ? sizeof(s->text) - s->len : 0;
	va_list args;

	va_start(args, format);
	s->len += (size_t)vsnprintf(s->text + sizeof(s->text) - room, room, format, args);
	va_end(args);
}

#endif
