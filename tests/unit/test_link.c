/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/run/link.h"

static struct link_message out, in;

static void messages_come_whole(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 100, LINK_TEXT_BYTES };
	int pair[2];

	(void)state;
	assert_int_equal(link_open(pair), 0);
	assert_int_equal(link_receive(pair[1], &in), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		out = (struct link_message){ .op = LINK_ASK, .status = -3, .ticket = 1ull << 40 };
		out.len = sizes[i];
		memset(out.text, 'a' + (int)i, sizes[i]);
		assert_int_equal(link_send(pair[0], &out), 0);
		assert_int_equal(link_receive(pair[1], &in), 1);
		assert_int_equal(in.op, LINK_ASK);
		assert_int_equal(in.status, -3);
		assert_int_equal(in.ticket, 1ull << 40);
		assert_int_equal(in.len, sizes[i]);
		assert_memory_equal(in.text, out.text, sizes[i]);
		assert_int_equal(in.fds, 0);
	}
	close(pair[0]);
	assert_int_equal(link_receive(pair[1], &in), -EPIPE);
	close(pair[1]);
}

static void descriptors_come_too(void **state)
{
	int pair[2], files[2];
	char c;

	(void)state;
	assert_int_equal(link_open(pair), 0);
	assert_int_equal(pipe(files), 0);
	out = (struct link_message){ .op = LINK_RULES, .fds = 2, .fd = { files[0], files[1] } };
	assert_int_equal(link_send(pair[0], &out), 0);
	close(files[0]);
	close(files[1]);
	assert_int_equal(link_receive(pair[1], &in), 1);
	assert_int_equal(in.fds, 2);
	assert_int_equal(write(in.fd[1], "x", 1), 1);
	assert_int_equal(read(in.fd[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	/* What was not taken is closed. */
	files[0] = in.fd[0];
	link_drop_fds(&in);
	assert_int_equal(in.fds, 0);
	assert_int_equal(fcntl(files[0], F_GETFD), -1);
	close(pair[0]);
	close(pair[1]);
}

/* Whatever the other side sends, its lengths are not believed. */
static void nonsense_is_refused(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(link_open(pair), 0);
	out = (struct link_message){ .op = LINK_ASK, .len = 1000 };
	for (size_t n = 1; n < 64; n++) {
		assert_int_equal(send(pair[0], &out, n, 0), n);
		assert_int_equal(link_receive(pair[1], &in), -EBADMSG);
	}
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_whole),
		cmocka_unit_test(descriptors_come_too),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
