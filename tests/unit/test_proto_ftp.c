/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of FTP's control connection. */
#include "engine/proto/ftp.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct bytes guarded(const char *text)
{
	return bytes_of(guard_copy(text, strlen(text)), strlen(text));
}

static void assert_text(struct bytes b, const char *text)
{
	assert_int_equal(b.len, strlen(text));
	assert_memory_equal(b.data, text, b.len);
}

static void test_commands(void **state)
{
	static const struct {
		const char *line, *name, *argument;
		enum ftp_verb verb;
	} rows[] = {
		{ "USER anonymous", "USER", "anonymous", FTP_USER },
		{ "retr \t a file", "retr", "a file", FTP_RETR },
		{ " PASV", "PASV", "", FTP_PASV },
		{ "PASVX", "PASVX", "", FTP_OTHER },
		{ "FEAT", "FEAT", "", FTP_OTHER },
		{ "STO", "STO", "", FTP_OTHER },
		{ "EPRT |1|10.0.0.1|1|", "EPRT", "|1|10.0.0.1|1|", FTP_EPRT },
	};
	struct ftp_command c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(ftp_command_read(guarded(rows[i].line), &c));
		assert_text(c.name, rows[i].name);
		assert_text(c.argument, rows[i].argument);
		assert_int_equal(c.verb, rows[i].verb);
	}
	assert_false(ftp_command_read(guarded(""), &c));
	assert_false(ftp_command_read(guarded("  "), &c));
	guard_free_all();
}

static void test_replies(void **state)
{
	static const struct {
		const char *line, *code, *text;
		unsigned number;
		bool more;
	} rows[] = {
		{ "220 ready", "220", "ready", 220, false },
		{ "220-several", "220", "several", 220, true },
		{ "220", "220", "", 220, false },
		{ "220 ", "220", "", 220, false },
		{ " 211 text", "", " 211 text", 0, false },
		{ "2200 text", "", "2200 text", 0, false },
		{ "22", "", "22", 0, false },
		{ "", "", "", 0, false },
	};
	struct ftp_reply r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ftp_reply_read(guarded(rows[i].line), &r);
		assert_text(r.code, rows[i].code);
		assert_text(r.text, rows[i].text);
		assert_int_equal(r.number, rows[i].number);
		assert_int_equal(r.more, rows[i].more);
	}
	guard_free_all();
}

typedef bool (*read_fn)(struct bytes, struct ftp_endpoint *);

static void test_endpoints(void **state)
{
	static const struct {
		read_fn read;
		const char *text;
		unsigned version; /* 0 with port 0: refused */
		const char *address;
		unsigned port;
	} rows[] = {
		{ ftp_port_read, "192,168,0,13,234,10", 4, "192.168.0.13", 59914 },
		{ ftp_port_read, "192, 168,0,13, 0,21", 4, "192.168.0.13", 21 },
		{ ftp_port_read, "192,168,0,13,234", 0, "", 0 },
		{ ftp_port_read, "192,168,0,256,234,10", 0, "", 0 },
		{ ftp_port_read, "99999999999999999999,1,1,1,1,1", 0, "", 0 },
		{ ftp_port_read, "", 0, "", 0 },
		{ ftp_pasv_read, "Entering Passive Mode (10,0,0,2,4,1).", 4, "10.0.0.2", 1025 },
		{ ftp_pasv_read, "=10,0,0,2,4,1", 4, "10.0.0.2", 1025 },
		{ ftp_pasv_read, "Entering Passive Mode", 0, "", 0 },
		{ ftp_eprt_read, "|1|132.235.1.2|6275|", 4, "132.235.1.2", 6275 },
		{ ftp_eprt_read, "!2!1080::8:800:200C:417A!5282!", 6,
		  "1080:0000:0000:0000:0008:0800:200c:417a", 5282 },
		{ ftp_eprt_read, "|3|132.235.1.2|6275|", 0, "", 0 },
		{ ftp_eprt_read, "|1|132.235.1|6275|", 0, "", 0 },
		{ ftp_eprt_read, "|1|132.235.1.2|65536|", 0, "", 0 },
		{ ftp_eprt_read, "|1|132.235.1.2|6275", 0, "", 0 },
		{ ftp_eprt_read, "|", 0, "", 0 },
		{ ftp_epsv_read, "Entering Extended Passive Mode (|||6446|)", 0, "0.0.0.0", 6446 },
		{ ftp_epsv_read, "Entering Extended Passive Mode |||6446|", 0, "", 0 },
		{ ftp_epsv_read, "(|||x|)", 0, "", 0 },
	};
	struct ftp_endpoint e;
	char text[IP_ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = rows[i].read(guarded(rows[i].text), &e);

		if (ok != (rows[i].port != 0))
			fail_msg("%s: %d", rows[i].text, ok);
		if (!ok)
			continue;
		assert_int_equal(e.ip_version, rows[i].version);
		ip_addr_text(&e.address, e.ip_version, text);
		assert_string_equal(text, rows[i].address);
		assert_int_equal(e.port, rows[i].port);
	}
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
