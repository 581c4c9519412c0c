/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iprep.h - the reputation of addresses, by category: what iprep asks for.
 *
 * In: files as Suricata has them, categories ("1,spam,words") and lists ("192.0.2.1,1,100" or
 * "192.0.2.0/24,1,100").  Out: the score of an address, 0 to 127, of its longest prefix.
 * Not here: which address of a packet is asked for (the evaluator).
 *
 * Memory: sorted arrays on the heap, made when rules load, read-only afterwards.
 * Thread: any number of readers.
 */
#ifndef WEIR_DETECT_IPREP_H
#define WEIR_DETECT_IPREP_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/address.h"
#include "engine/base/bytes.h"
#include "parser/diag.h"

struct iprep;

/* What cannot be read or understood is a diagnostic; the rest is taken.  -ENOMEM. */
int iprep_load(const char *categories, const char *const *files, unsigned count,
	       struct diag_list *diags, struct iprep **out);
void iprep_free(struct iprep *r); /* NULL is fine */

/* The lists, for another process: what iprep_score() asks, not the categories' names.  0 or -errno. */
int iprep_put(const struct iprep *r, int fd);
/* What was put, from the front of *in.  0, -EINVAL or -ENOMEM. */
int iprep_get(struct bytes *in, struct iprep **out);

/* The number that a category of this name has; -1: there is none. */
int iprep_category(const struct iprep *r, const char *name);
/* False: nothing is known of the address in this category. */
bool iprep_score(const struct iprep *r, unsigned category, const struct ip_addr *addr,
		 unsigned version, uint8_t *score);

#endif
