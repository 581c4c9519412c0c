/* SPDX-License-Identifier: Apache-2.0 */
/* SSH up to its keys: every row cut at every byte gives the same events. */
#include "engine/proto/ssh.h"
#include "tests/unit/guard.h"
#include "tests/unit/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define COOKIE "0123456789abcdef"
#define LIST(len, text) "\0\0\0" len text
/* Ten name-lists, first_kex_packet_follows, reserved, four bytes of padding. */
#define LISTS \
	LIST("\3", "k,x") \
	LIST("\1", "h") \
	LIST("\2", "e1") \
	LIST("\2", "e2") \
	LIST("\2", "m1") \
	LIST("\2", "m2") LIST("\4", "none") LIST("\4", "zlib") LIST("\0", "") LIST("\0", "")
#define KEXINIT "\0\0\0\127\4\24" COOKIE LISTS "\0\0\0\0\0pad."
#define NEWKEYS \
	"\0\0\0\14\12\25" \
	"0123456789"
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *in;
	size_t len;
	const char *out;
} rows[] = {
	{ BYTES("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "banner 2.0 OpenSSH_9.2p1;" },
	{ BYTES("SSH-1.99-Cisco-1.25\n"), "banner 1.99 Cisco-1.25;" },
	{ BYTES("hello\r\nSSH-2.0-x\r\n"), "invalid;banner 2.0 x;" },
	{ BYTES("SSH-2.0\r\n"), "invalid;" },
	{ BYTES("SSH-2.0-half"), "" },
	{ BYTES("SSH-2.0-x\r\n" KEXINIT NEWKEYS "\xff\xff"),
	  "banner 2.0 x;record 20 87;kexinit;0=k,x;1=h;2=e1;3=e2;4=m1;5=m2;6=none;7=zlib;8=;9=;"
	  "kexend;newkeys;" },
	/* The lists end before the packet says so: what is there is given. */
	{ BYTES("SSH-2.0-x\r\n\0\0\0\34\0\24" COOKIE "\0\0\0\11a,b,cd" NEWKEYS),
	  "banner 2.0 x;record 20 28;kexinit;0=a,b,cd;kexend;newkeys;" },
	{ BYTES("SSH-2.0-x\r\n\0\0\0\1\0\24"), "banner 2.0 x;bad record;" },
	{ BYTES("SSH-2.0-x\r\n\0\4\0\1\0\24"), "banner 2.0 x;bad record;" },
	{ BYTES("SSH-2.0-x\r\n\0\0\0\4\0\2ab" NEWKEYS), "banner 2.0 x;record 2 4;newkeys;" },
	{ BYTES("SSH-2.0-x\r\n\0\0\0\4\0\24ab" NEWKEYS),
	  "banner 2.0 x;record 20 4;kexend;newkeys;" },
};

static void put(struct sink *s, const struct ssh_event *e)
{
	switch (e->kind) {
	case SSH_BANNER:
	case SSH_BANNER_LONG:
		say(s, "%s %.*s %.*s;", e->kind == SSH_BANNER ? "banner" : "long",
		    (int)e->proto.len, (const char *)e->proto.data, (int)e->software.len,
		    (const char *)e->software.data);
		break;
	case SSH_BANNER_INVALID:
		say(s, "invalid;");
		break;
	case SSH_RECORD:
		say(s, "record %u %u;", e->message, e->length);
		break;
	case SSH_KEXINIT:
		say(s, "kexinit;");
		break;
	case SSH_LIST:
		if (!s->in_list)
			say(s, "%u=", e->list);
		s->in_list = true;
		say(s, "%.*s", (int)e->piece.len, (const char *)e->piece.data);
		break;
	case SSH_LIST_END:
		if (!s->in_list)
			say(s, "%u=", e->list);
		s->in_list = false;
		say(s, ";");
		break;
	case SSH_KEXINIT_END:
		say(s, "kexend;");
		break;
	case SSH_NEWKEYS:
		say(s, "newkeys;");
		break;
	case SSH_RECORD_INVALID:
		say(s, "bad record;");
		break;
	case SSH_MORE:
		break;
	}
}

static void show(struct ssh_parser *p, const char *in, size_t *from, size_t to, struct sink *s)
{
	for (;;) {
		struct bytes b = bytes_of(guard_copy(in + *from, to - *from), to - *from);
		struct ssh_event e;
		size_t consumed;

		ssh_next(p, b, &e, &consumed);
		assert_true(consumed <= b.len);
		*from += consumed;
		if (e.kind == SSH_MORE)
			return;
		put(s, &e);
	}
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t cut = 0; cut <= rows[i].len; cut++) {
			struct ssh_parser p;
			struct sink s = { .len = 0 };
			size_t from = 0;

			ssh_init(&p);
			show(&p, rows[i].in, &from, cut, &s);
			show(&p, rows[i].in, &from, rows[i].len, &s);
			if (strcmp(s.text, rows[i].out) != 0)
				fail_msg("row %zu cut at %zu: %s, not %s", i, cut, s.text,
					 rows[i].out);
		}
		guard_free_all();
	}
}

static void test_long_banner(void **state)
{
	char in[600] = "SSH-2.0-long ";
	struct ssh_parser p;
	struct sink s = { .len = 0 };
	size_t from = 0;

	(void)state;
	memset(in + strlen(in), 'x', 500);
	memcpy(in + 513, "\n" NEWKEYS, sizeof("\n" NEWKEYS) - 1);
	ssh_init(&p);
	for (size_t n = 1; n <= 513 + sizeof("\n" NEWKEYS) - 1; n++)
		show(&p, in, &from, n, &s);
	assert_string_equal(s.text, "long 2.0 long;newkeys;");
	assert_true(ssh_finished(&p));
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long_banner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
