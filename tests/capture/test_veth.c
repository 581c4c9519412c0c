/* SPDX-License-Identifier: Apache-2.0 */
/* The same over veth pairs: packets of sockets, driver and generic mode, host mode in both directions. */
#include <pthread.h>

#include "tests/capture/rig.h"

static struct rig rig;

static int down(void **state)
{
	(void)state;
	rig_close(&rig);
	if (if_nametoindex("va"))
		net_delete("va");
	return 0;
}

static void pair_up(unsigned queues)
{
	int err = veth_open("va", "vb", queues);

	if (err)
		fail_msg("veth: %s", strerror(-err));
}

static void modes(void **state)
{
	static const enum xdp_step steps[] = { XDP_STEP_DRIVER, XDP_STEP_GENERIC,
					       XDP_STEP_AF_PACKET };

	for (unsigned i = 0; i < 3; i++) {
		struct xdp_ledger l;
		int fd;

		pair_up(4);
		fd = net_sender("va");
		rig_init(&rig, "vb", steps[i], 3);
		rig.options.plan = plan_of_port_80();
		rig_open(&rig);
		for (unsigned n = 0; n < 300; n++) {
			put_frame(fd, DATA_FRAME, 1 + n % 20, 50);
			put_frame(fd, "eth ip4 tcp=80:1000 data=8", 50, 1 + n % 20);
			put_frame(fd, "eth ip4 udp=80:80 data=8", 1 + n % 20, 50);
		}
		/* The receiving side of a veth may run a moment later. */
		rig_drain(&rig, 60);
		l = rig_settle(&rig, 900);
		assert_int_equal(l.inspected, 600);
		assert_int_equal(l.unwanted, 300);
		for (unsigned k = 0; k < rig.count; k++)
			assert_int_equal(rig.seen[k].worker,
					 pair_hash(rig.seen[k].data[29], rig.seen[k].data[33]) % 3);
		close(fd);
		down(state);
	}
}

/* The device driven from the worker's own calls. */
static void busy_poll(void **state)
{
	int fd;

	(void)state;
	pair_up(1);
	fd = net_sender("va");
	rig_init(&rig, "vb", XDP_STEP_DRIVER, 2);
	rig.interface[0].busy_poll_us = 20;
	rig.interface[0].busy_poll_budget = 32;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned n = 0; n < 300; n++)
		put_frame(fd, DATA_FRAME, 1 + n % 20, 50);
	rig_drain(&rig, 60);
	assert_int_equal(rig_settle(&rig, 300).inspected, 300);
	close(fd);
}

/* What the host sends is seen as well, and both directions by one worker; nothing is taken away. */
static void host_mode(void **state)
{
	struct xdp_ledger l;
	int out, in, other;
	unsigned sent = 0, outgoing = 0;

	(void)state;
	pair_up(1);
	out = net_sender("vb");
	in = net_sender("va");
	other = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(0x0800));
	assert_true(out >= 0 && in >= 0 && other >= 0);
	rig_init(&rig, "vb", XDP_STEP_ANY, 3);
	rig.interface[0].mode = XDP_MODE_HOST;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned n = 1; n <= 30; n++, sent += 2) {
		put_frame(in, DATA_FRAME, n, 50);
		put_frame(out, "eth ip4 tcp=80:1000 data=8", 50, n);
	}
	rig_drain(&rig, 60);
	assert_int_equal(rig.count, sent);
	for (unsigned k = 0; k < rig.count; k++) {
		const struct seen *s = &rig.seen[k];

		assert_int_equal(s->worker, pair_hash(s->data[29], s->data[33]) % 3);
		outgoing += !!(s->meta.flags & LIVE_OUTGOING);
		assert_int_equal(!!(s->meta.flags & LIVE_OUTGOING), s->data[29] == 50);
	}
	assert_int_equal(outgoing, sent / 2);
	l = rig_settle(&rig, sent);
	assert_int_equal(l.inspected, sent);
	/* Somebody else on this host has them too. */
	sent = 0;
	while (recv(other, rig.seen, sizeof(rig.seen[0]), 0) > 0)
		sent++;
	assert_true(sent >= 30);
	close(out);
	close(in);
	close(other);
}

/* The ledger is read while packets come: it holds each time, and in the end to the packet. */
struct load {
	int fd;
	unsigned packets;
};

static void *send_all(void *arg)
{
	const struct load *l = arg;

	for (unsigned n = 0; n < l->packets; n++) {
		struct made m = { .src = { 1 + n % 50 }, .dst = { 60 } };
		size_t len;
		const uint8_t *frame = made_frame(&m, n % 3 ? DATA_FRAME : "eth ip4 udp=1:2", &len);

		while (write(l->fd, frame, len) < 0)
			;
	}
	return NULL;
}

static void under_load(void **state)
{
	static const enum xdp_step steps[] = { XDP_STEP_DRIVER, XDP_STEP_AF_PACKET };

	for (unsigned i = 0; i < 2; i++) {
		struct load load = { .packets = 60000 };
		pthread_t thread;
		unsigned readings = 0;

		pair_up(1);
		load.fd = net_sender("va");
		rig_init(&rig, "vb", steps[i], 2);
		rig.interface[0].rx_entries = 512;
		rig.options.plan = plan_of_port_80();
		rig_open(&rig);
		assert_int_equal(pthread_create(&thread, NULL, send_all, &load), 0);
		do {
			for (unsigned w = 0; w < 2; w++) {
				assert_true(live_receive(rig.worker[w], 0, &rig.batch) >= 0);
				live_finish(rig.worker[w]);
			}
			rig_ledger(&rig);
			readings++;
		} while (rig_ledger(&rig).entered < load.packets);
		pthread_join(thread, NULL);
		assert_true(readings > 10);
		rig_drain(&rig, 60);
		rig_settle(&rig, load.packets);
		close(load.fd);
		down(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(modes, down),
		cmocka_unit_test_teardown(busy_poll, down),
		cmocka_unit_test_teardown(host_mode, down),
		cmocka_unit_test_teardown(under_load, down),
	};
	struct xdp_able able[XDP_ABILITY__COUNT];
	int err = net_enter();

	if (err) {
		printf("1..0 # SKIP no network namespace can be made: %s\n", strerror(-err));
		return 77;
	}
	xdp_abilities(able);
	if (!able[XDP_ABILITY_LOAD].able) {
		printf("1..0 # SKIP programs: %s\n", able[XDP_ABILITY_LOAD].text);
		return 77;
	}
	return cmocka_run_group_tests_name("capture/veth", tests, NULL, NULL);
}
