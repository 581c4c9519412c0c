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
	bool swapped;
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

/*
 * A handle that libpcap takes for a capture file of this link type and byte order.  It must be one
 * for a file: libpcap then knows in which order BSD's null link type has its address family, and
 * that IPv6 may stand there under the number of any BSD.
 */
static pcap_t *open_handle(const struct program *p, char *error, size_t error_bytes)
{
	const struct pcap_file_header header = {
		.magic = 0xa1b2c3d4,
		.version_major = 2,
		.version_minor = 4,
		.snaplen = SPLITTER_PACKET_MAX,
		.linktype = p->link,
	};
	char why[PCAP_ERRBUF_SIZE] = "";
	uint32_t words[sizeof(header) / 4];
	pcap_t *handle = NULL;
	FILE *file;

	memcpy(words, &header, sizeof(words));
	if (p->swapped) {
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			words[i] = __builtin_bswap32(words[i]);
		words[1] = words[1] << 16 | words[1] >> 16; /* two fields of two bytes */
	}
	file = fmemopen(words, sizeof(words), "rb");
	if (file)
		handle = pcap_fopen_offline(file, why); /* it reads the header and no more */
	if (!handle) {
		snprintf(error, error_bytes, "%s", file ? why : strerror(errno));
		if (file)
			fclose(file);
	}
	return handle;
}

static int compile(const struct filter *f, struct program *p, char *error, size_t error_bytes)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *handle = open_handle(p, why, sizeof(why));
	int err = handle ? 0 : -EINVAL;

	if (handle && pcap_compile(handle, &p->code, f->expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		snprintf(why, sizeof(why), "%s", pcap_geterr(handle));
		err = -EINVAL;
	}
	if (err)
		snprintf(error, error_bytes, "filter '%s': %s", f->expression, why);
	if (handle)
		pcap_close(handle);
	return err;
}

static bool is_for(const struct program *p, enum link_type link, bool swapped)
{
	return p->link == link && p->swapped == swapped;
}

static struct program *find(struct filter *f, enum link_type link, bool swapped)
{
	if (f->count > 0 && is_for(&f->programs[f->last], link, swapped))
		return &f->programs[f->last];
	for (unsigned i = 0; i < f->count; i++) {
		if (is_for(&f->programs[i], link, swapped)) {
			f->last = i;
			return &f->programs[i];
		}
	}
	return NULL;
}

int filter_prepare(struct filter *f, enum link_type link, bool swapped, char *error,
		   size_t error_bytes)
{
	const struct program *old = find(f, link, swapped);
	struct program p = { .link = link, .swapped = swapped };
	int err;

	if (old && !old->broken)
		return 0;
	if (f->count == FILTER_LINKS_MAX) {
		snprintf(error, error_bytes, "filter '%s': more than %d link types", f->expression,
			 FILTER_LINKS_MAX);
		return -EINVAL;
	}
	err = compile(f, &p, error, error_bytes);
	if (!err)
		f->programs[f->count++] = p;
	return err;
}

/* The link type of a packet is new: compile for it, and remember when that cannot be done. */
static enum filter_verdict meet(struct filter *f, enum link_type link, bool swapped, char *error,
				size_t error_bytes)
{
	bool told = f->full_told;

	if (filter_prepare(f, link, swapped, error, error_bytes) == 0)
		return FILTER_PASS;
	if (f->count < FILTER_LINKS_MAX) {
		f->programs[f->count++] =
			(struct program){ .link = link, .swapped = swapped, .broken = true };
		return FILTER_BROKEN;
	}
	f->full_told = true;
	return told ? FILTER_LEAVE : FILTER_BROKEN;
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

enum filter_verdict filter_apply(struct filter *f, const struct frame *frame, bool swapped,
				 char *error, size_t error_bytes)
{
	const struct program *p = find(f, frame->link, swapped);

	if (!p) {
		enum filter_verdict v = meet(f, frame->link, swapped, error, error_bytes);

		if (v != FILTER_PASS)
			return v;
		p = find(f, frame->link, swapped);
	}
	if (!p || p->broken)
		return FILTER_LEAVE;
	return bpf_filter(p->code.bf_insns, frame->data, frame->wire_len, frame->len) != 0
		       ? FILTER_PASS
		       : FILTER_LEAVE;
}
