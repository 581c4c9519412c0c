/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/regex.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "parser/rule.h"

#define JIT_STACK_MIN (32 * 1024)
#define JIT_STACK_MAX (512 * 1024)
/* Heap that the interpreter may take for one match, in KiB, where JIT is not to be had. */
#define HEAP_LIMIT_KIB 1024

/* Of a code: whether its machine code is still to be made. */
enum readiness {
	CODE_RAW,
	CODE_BEING_MADE,
	CODE_READY, /* or it cannot be had */
};

struct regex_base {
	size_t count;
	_Atomic uint8_t *ready; /* enum readiness */
	pcre2_code *code[];
};

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	uint32_t matched; /* groups that the last match tells of, the whole one too */
};

static uint32_t options_of(uint32_t letters)
{
	static const struct {
		uint32_t letter, option;
	} map[] = {
		{ PCRE_I, PCRE2_CASELESS }, { PCRE_M, PCRE2_MULTILINE },
		{ PCRE_S, PCRE2_DOTALL },   { PCRE_X, PCRE2_EXTENDED },
		{ PCRE_A, PCRE2_ANCHORED }, { PCRE_E, PCRE2_DOLLAR_ENDONLY },
		{ PCRE_G, PCRE2_UNGREEDY },
	};
	uint32_t options = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (letters & map[i].letter)
			options |= map[i].option;
	}
	return options;
}

void regex_identity(char out[160])
{
	char version[64] = "";
	uint32_t link = 0;

	if (pcre2_config(PCRE2_CONFIG_VERSION, NULL) <= (int)sizeof(version))
		pcre2_config(PCRE2_CONFIG_VERSION, version);
	pcre2_config(PCRE2_CONFIG_LINKSIZE, &link);
	snprintf(out, 160, "PCRE2 %s link %u", version, link);
}

struct regex_code *regex_compile(struct bytes pattern, uint32_t options, char why[128], size_t *at,
				 uint32_t *captures)
{
	int error = 0;
	PCRE2_SIZE offset = 0;
	pcre2_code *code = pcre2_compile(pattern.data, pattern.len, options_of(options), &error,
					 &offset, NULL);

	if (!code) {
		pcre2_get_error_message(error, (PCRE2_UCHAR *)why, 128);
		*at = offset;
		return NULL;
	}
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, captures);
	return (struct regex_code *)code;
}

uint32_t regex_group_number(const struct regex_code *c, const char *name)
{
	int n = pcre2_substring_number_from_name((const pcre2_code *)c, (PCRE2_SPTR)name);

	return n > 0 ? (uint32_t)n : 0;
}

void regex_code_free(struct regex_code *c)
{
	pcre2_code_free((pcre2_code *)c);
}

int regex_serialize(struct regex_code *const *codes, size_t count, uint8_t **out, size_t *len)
{
	uint8_t *bytes;
	PCRE2_SIZE size;

	*out = NULL;
	*len = 0;
	if (!count)
		return 0;
	if (pcre2_serialize_encode((const pcre2_code **)codes, (int32_t)count, &bytes, &size,
				   NULL) < 0)
		return -ENOMEM;
	*out = malloc(size);
	if (*out) {
		memcpy(*out, bytes, size);
		*len = size;
	}
	pcre2_serialize_free(bytes);
	return *out ? 0 : -ENOMEM;
}

/* Where JIT cannot be had (no executable memory), the interpreter does the same. */
static void make_code(const struct regex_base *b, size_t i)
{
	pcre2_jit_compile(b->code[i], PCRE2_JIT_COMPLETE);
	atomic_store_explicit(&b->ready[i], CODE_READY, memory_order_release);
}

/*
 * One thread makes it, and who comes meanwhile waits.  It could not be matched by the interpreter until then: that one counts
 * towards the limits in another way, and what a rule finds must not depend on who came first.
 */
static __attribute__((noinline)) void make_code_once(const struct regex_base *b, size_t i)
{
	uint8_t was = CODE_RAW;

	if (atomic_compare_exchange_strong(&b->ready[i], &was, CODE_BEING_MADE)) {
		make_code(b, i);
		return;
	}
	while (atomic_load_explicit(&b->ready[i], memory_order_acquire) != CODE_READY)
		sched_yield();
}

int regex_open(const uint8_t *serialized, size_t count, enum regex_jit jit, struct regex_base **out)
{
	struct regex_base *b = calloc(1, sizeof(*b) + count * sizeof(b->code[0]));
	int32_t got;

	*out = NULL;
	if (!b)
		return -ENOMEM;
	b->ready = calloc(count + 1, sizeof(*b->ready));
	if (!b->ready) {
		free(b);
		return -ENOMEM;
	}
	if (count) {
		got = pcre2_serialize_decode(b->code, (int32_t)count, serialized, NULL);
		if (got != (int32_t)count) {
			regex_close(b);
			return got == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EINVAL;
		}
		b->count = count;
	}
	for (size_t i = 0; jit != REGEX_JIT_LATER && i < count; i++) {
		if (jit == REGEX_JIT_NOW)
			make_code(b, i);
		else
			b->ready[i] = CODE_READY;
	}
	*out = b;
	return 0;
}

void regex_close(struct regex_base *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		pcre2_code_free(b->code[i]);
	free((void *)b->ready);
	free(b);
}

int regex_scratch_new(uint32_t match_limit, uint32_t depth_limit, uint32_t captures,
		      struct regex_scratch **out)
{
	struct regex_scratch *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (!s)
		return -ENOMEM;
	s->data = pcre2_match_data_create(captures + 1, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	if (!s->data || !s->context) {
		regex_scratch_free(s);
		return -ENOMEM;
	}
	if (match_limit)
		pcre2_set_match_limit(s->context, match_limit);
	if (depth_limit)
		pcre2_set_depth_limit(s->context, depth_limit);
	pcre2_set_heap_limit(s->context, HEAP_LIMIT_KIB);
	if (s->stack)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	*out = s;
	return 0;
}

void regex_scratch_free(struct regex_scratch *s)
{
	if (!s)
		return;
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	free(s);
}

bool regex_match(const struct regex_base *b, struct regex_scratch *s, uint32_t index,
		 struct bytes subject, size_t start, size_t *from, size_t *to)
{
	static const uint8_t nothing[1];
	const uint8_t *data = subject.data ? subject.data : nothing;
	const PCRE2_SIZE *span;
	int r;

	if (atomic_load_explicit(&b->ready[index], memory_order_acquire) != CODE_READY)
		make_code_once(b, index);
	r = pcre2_match(b->code[index], data, subject.len, start, 0, s->data, s->context);
	s->matched = r > 0 ? (uint32_t)r : 0;
	if (r < 0)
		return false;
	span = pcre2_get_ovector_pointer(s->data);
	*from = span[0];
	*to = span[1];
	return true;
}

bool regex_group(const struct regex_scratch *s, uint32_t n, size_t *from, size_t *to)
{
	const PCRE2_SIZE *span = pcre2_get_ovector_pointer(s->data);

	if (n >= s->matched || span[2 * n] == PCRE2_UNSET || span[2 * n] > span[2 * n + 1])
		return false;
	*from = span[2 * n];
	*to = span[2 * n + 1];
	return true;
}
