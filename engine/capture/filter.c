/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/capture/splitter.h"

/* Link types of one run; there are hardly ever more than two. */
#define FILTER_LINKS_MAX 32

struct program {
	enum link_type link;
	bool broken;
	struct bpf_program code;
};

struct filter {
	char *expression;
	unsigned count;
	unsigned last; /* the one that was used last */
	bool full_told;
	struct program programs[FILTER_LINKS_MAX];
};

/* libpcap compiles for DLT_ values, which are those of the files but for these. */
static int dlt_of(enum link_type link)
{
	switch ((int)link) {
	case LINK_RAW:
		return DLT_RAW;
	case 100: /* RFC 1483 over ATM */
		return DLT_ATM_RFC1483;
	default:
		return (int)link;
	}
}

static int compile(const struct filter *f, struct program *p, char *error, size_t error_bytes)
{
	pcap_t *dead = pcap_open_dead(dlt_of(p->link), (int)SPLITTER_PACKET_MAX);

	if (!dead)
		return -ENOMEM;
	if (pcap_compile(dead, &p->code, f->expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		snprintf(error, error_bytes, "filter '%s': %s", f->expression, pcap_geterr(dead));
		pcap_close(dead);
		return -EINVAL;
	}
	pcap_close(dead);
	return 0;
}

static struct program *find(struct filter *f, enum link_type link)
{
	if (f->count > 0 && f->programs[f->last].link == link)
		return &f->programs[f->last];
	for (unsigned i = 0; i < f->count; i++) {
		if (f->programs[i].link == link) {
			f->last = i;
			return &f->programs[i];
		}
	}
	return NULL;
}

int filter_prepare(struct filter *f, enum link_type link, char *error, size_t error_bytes)
{
	struct program *p = find(f, link);
	int err;

	if (p)
		return p->broken ? -EINVAL : 0;
	if (f->count == FILTER_LINKS_MAX) {
		snprintf(error, error_bytes, "filter '%s': more than %d link types", f->expression,
			 FILTER_LINKS_MAX);
		return -EINVAL;
	}
	p = &f->programs[f->count];
	*p = (struct program){ .link = link };
	err = compile(f, p, error, error_bytes);
	p->broken = err != 0;
	f->count++;
	return err;
}

/* A mistake of grammar is one for every link type; some words exist for one only. */
static int try_links(struct filter *f, char *error, size_t error_bytes)
{
	static const enum link_type links[] = { LINK_ETHERNET, LINK_LINUX_SLL, LINK_RAW, LINK_PPP,
						LINK_NULL };
	char ignored[256] = "";

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct program p = { .link = links[i] };

		if (compile(f, &p, i == 0 ? error : ignored,
			    i == 0 ? error_bytes : sizeof(ignored)) == 0) {
			pcap_freecode(&p.code);
			return 0;
		}
	}
	return -EINVAL;
}

int filter_open(const char *expression, struct filter **out, char *error, size_t error_bytes)
{
	struct filter *f = calloc(1, sizeof(*f));
	int err = -ENOMEM;

	*out = NULL;
	if (!f)
		goto fail;
	f->expression = strdup(expression);
	if (!f->expression)
		goto fail;
	err = try_links(f, error, error_bytes);
	if (err)
		goto fail;
	*out = f;
	return 0;
fail:
	if (err == -ENOMEM)
		snprintf(error, error_bytes, "filter: %s", strerror(ENOMEM));
	filter_close(f);
	return err;
}

void filter_close(struct filter *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < f->count; i++)
		pcap_freecode(&f->programs[i].code);
	free(f->expression);
	free(f);
}

/* The address family that BSD's null link type begins with, in the other byte order. */
static void turn_word(const struct frame *frame)
{
	/* The capture ring owns the bytes; readers see them as constant only once they are published. */
	uint8_t *at = (uint8_t *)(uintptr_t)frame->data;
	uint8_t word[4] = { at[3], at[2], at[1], at[0] };

	memcpy(at, word, 4);
}

enum filter_verdict filter_apply(struct filter *f, const struct frame *frame, bool swapped,
				 char *error, size_t error_bytes)
{
	const struct program *p = find(f, frame->link);
	bool turn = swapped && frame->link == LINK_NULL && frame->len >= 4;
	bool pass;

	if (!p) {
		bool told = f->full_told;

		f->full_told = f->count == FILTER_LINKS_MAX;
		if (filter_prepare(f, frame->link, error, error_bytes))
			return told ? FILTER_LEAVE : FILTER_BROKEN;
		p = find(f, frame->link);
	}
	if (!p || p->broken)
		return FILTER_LEAVE;
	if (turn)
		turn_word(frame);
	pass = bpf_filter(p->code.bf_insns, frame->data, frame->wire_len, frame->len) != 0;
	if (turn)
		turn_word(frame);
	return pass ? FILTER_PASS : FILTER_LEAVE;
}
