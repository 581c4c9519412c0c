/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checksum.h - the internet checksum (RFC 1071).
 *
 * In: bytes.  Out: their ones-complement sum, to be added up with others and folded.
 * Sums are in the machine's byte order; a whole datagram with its checksum
 * folds to 0xffff in either order.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_DECODE_CHECKSUM_H
#define WEIR_DECODE_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/bytes.h"
#include "engine/decode/packet.h"

/* Sum of b, which starts at an even offset of what is summed, plus sum. */
uint64_t checksum_add(uint64_t sum, struct bytes b);
uint16_t checksum_fold(uint64_t sum);

/* b, checksum field included, adds up. */
bool checksum_ok(struct bytes b);
/* The same with the pseudo header of the packet's addresses, proto and b's length before it. */
bool checksum_transport_ok(const struct packet *p, uint8_t proto, struct bytes b);
/* What its field must hold, in wire order, where it holds zeros now. */
uint16_t checksum_transport(const struct packet *p, uint8_t proto, struct bytes b);
/*
 * The field, at an even offset, holds the sum of the pseudo header alone: the rest was left to a device.
 */
bool checksum_transport_partial(const struct packet *p, uint8_t proto, struct bytes b,
				size_t offset);

#endif
