/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app_int.h - the numbers of application protocols that a rule may compare: one row each, indexed by enum app_int.
 *
 * A row owns what a writer can get wrong: the protocol, the direction, how far the number goes, and the words
 * that stand for some of its values.
 * Not here: where the number is found (engine/app, engine/detect).
 *
 * Memory: constant.  Thread: any.
 */
#ifndef WEIR_PARSER_APP_INT_H
#define WEIR_PARSER_APP_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum app_int {
	APP_INT_DNS_OPCODE,
	APP_INT_DNS_RCODE,
	APP_INT_DNS_RRTYPE, /* of each question and record: one of them */
	APP_INT_TLS_VERSION, /* of the handshake: 0x0301 is TLS 1.0 */
	APP_INT_TLS_CERT_CHAIN_LEN,
	APP_INT_FTP_DYNAMIC_PORT,
	APP_INT_FTP_MODE, /* 0 passive, 1 active */
	APP_INT_FTP_REPLY_RECEIVED, /* 0 no, 1 yes */
	APP_INT_FTPDATA_COMMAND, /* 1 stor, 2 retr */
	APP_INT__COUNT
};

struct app_int_word {
	const char *word;
	uint64_t value;
};

struct app_int_row {
	const char *name; /* of the keyword */
	const char *app; /* its protocol, as app_proto_find() has it */
	uint64_t max;
	uint8_t directions; /* bits of enum buffer_direction */
	bool words_only; /* it is not written as a number */
	const struct app_int_word *words; /* ends with a NULL; NULL: none */
};

const struct app_int_row *app_int_row(enum app_int field);

/* The word that stands for a value, or NULL. */
const char *app_int_word(enum app_int field, uint64_t value);

#endif
