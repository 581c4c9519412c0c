/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.h - what one step of a pulled parser says.
 *
 * In: the bytes of one direction that the parser has not consumed, in order.
 * Out: one event a call, its bytes borrowed from the input.
 *
 * An unfinished token stays in the input: call again with the same bytes and
 * more behind them.  The parser knows how far it has looked.
 */
#ifndef WEIR_PROTO_FEED_H
#define WEIR_PROTO_FEED_H

enum feed {
	FEED_EVENT, /* the event is filled in; call again */
	FEED_MORE, /* nothing whole is left in the input; call again with more */
	FEED_BAD, /* not this protocol; every later call says so too */
};

#endif
