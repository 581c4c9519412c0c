/* SPDX-License-Identifier: Apache-2.0 */
/*
 * home.h - the network that most rules speak of, and on which side of it their addresses lie.
 *
 * In: the rows of the rules, with their sets of addresses.  Out: the set that tells most of the others apart ("home",
 * $HOME_NET as a rule); in each row, and in each entry that is searched for, from which ends packets must come.  A rule from
 * $EXTERNAL_NET to $HOME_NET has no say in what hosts of the home send each other, nor does it cost anything there: its
 * patterns are not searched for.
 * A set that lies partly inside and partly outside, or whose ranges do not show that it does not, says nothing.
 * Not here: where packets come from (eval_ends()).
 *
 * Memory: its own until it returns.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_HOME_H
#define WEIR_DETECT_HOME_H

#include "engine/detect/compiler.h"

/* Once all rows and entries are there, before any of them is put into the block. */
void home_choose(struct compiler *c);

#endif
