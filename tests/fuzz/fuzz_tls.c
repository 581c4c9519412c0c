/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of TLS: the first byte says in pieces of how many bytes it is shown; messages are put
 * together and read as hellos and certificates.
 */
#include "engine/proto/tls.h"
#include "engine/proto/tls_fingerprint.h"
#include "engine/proto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t message[1 << 14];
static size_t message_len;

static void read_hello(const struct tls_hello *h)
{
	static char text[1 << 16];
	struct buf b = { .data = text, .size = sizeof(text) };
	char a[TLS_JA4_A_LEN + 1];
	struct bytes ext, name;
	size_t at = 0;

	tls_ja3_text(h, &b);
	tls_ja3s_text(h, &b);
	tls_ja4_a(h, false, a);
	tls_ja4_ciphers(h, &b);
	tls_ja4_extensions(h, &b);
	if (tls_extension_find(h, TLS_EXT_SERVER_NAME, &ext))
		(void)tls_server_name_read(ext, &name);
	if (tls_extension_find(h, TLS_EXT_ALPN, &ext)) {
		while (tls_alpn_next(ext, &at, &name))
			;
	}
}

static void read_certificate(struct bytes in)
{
	static char text[4096];
	struct buf b = { .data = text, .size = sizeof(text) };
	struct bytes one;
	struct x509 c;
	bool is_address;

	(void)x509_read(in, &c);
	(void)x509_name_text(c.subject, &b);
	(void)x509_name_text(c.issuer, &b);
	(void)x509_serial_text(c.serial, &b);
	while (x509_alt_name_next(&c.alt_names, &one, &is_address))
		;
}

static void take(const struct tls_event *e)
{
	struct bytes whole = bytes_of(message, message_len);
	struct tls_hello h;

	if (e->kind == TLS_HANDSHAKE) {
		message_len = 0;
	} else if (e->kind == TLS_HANDSHAKE_DATA) {
		size_t room = sizeof(message) - message_len;
		size_t len = e->piece.len < room ? e->piece.len : room;

		memcpy(message + message_len, e->piece.data, len);
		message_len += len;
	} else if (e->kind == TLS_HANDSHAKE_END) {
		if (tls_client_hello_read(whole, &h))
			read_hello(&h);
		if (tls_server_hello_read(whole, &h))
			read_hello(&h);
		read_certificate(bytes_slice(whole, 6, whole.len));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_parser t;
	size_t step, from = 0, shown = 0;

	if (size < 2)
		return 0;
	step = (size_t)data[0] + 1;
	data++;
	size--;
	tls_init(&t);
	message_len = 0;
	while (shown < size) {
		struct tls_event e;

		shown = shown + step < size ? shown + step : size;
		do {
			size_t consumed;

			tls_next(&t, bytes_of(data + from, shown - from), &e, &consumed);
			if (consumed > shown - from)
				__builtin_trap();
			from += consumed;
			take(&e);
		} while (e.kind != TLS_MORE);
	}
	return 0;
}
