/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of interfaces: TAP, veth, loopback, with addresses and routes, in a namespace. */
#include <stdlib.h>

#include "engine/capture/iface.h"
#include "tests/capture/rig.h"

static struct tap tap;

static bool warned(const struct iface *f, bool af_xdp, const char *command)
{
	struct iface_warning w[IFACE_WARNINGS_MAX];
	unsigned n = iface_warnings(f, af_xdp, w);

	for (unsigned i = 0; i < n; i++) {
		if (!strcmp(w[i].command, command))
			return true;
	}
	return false;
}

static void bare_tap(void **state)
{
	char reason[IFACE_TEXT_BYTES];
	struct iface f;

	(void)state;
	assert_int_equal(tap_open(&tap, "tap0", 3), 0);
	assert_int_equal(iface_read("tap0", &f), 0);
	assert_true(f.exists && f.up && f.ethernet && !f.loopback);
	assert_int_equal(f.mtu, 1500);
	assert_int_equal(f.rx_queues, 3);
	assert_string_equal(f.driver, "tun");
	assert_int_equal(f.xdp_id, 0);
	/* Told since kernel 6.3, or unknown. */
	assert_true(f.xdp_driver != IFACE_OFF);
	assert_true(f.xdp_zero_copy != IFACE_ON);
	assert_int_equal(f.addresses4 + f.addresses6 + f.routes, 0);
	assert_false(iface_refuses_span(&f, reason));
	tap_close(&tap);
	assert_int_equal(iface_read("tap0", &f), -ENODEV);
	assert_int_equal(iface_read("a-name-that-is-too-long", &f), -ENODEV);
}

static void addressed(void **state)
{
	char reason[IFACE_TEXT_BYTES];
	struct iface f;

	(void)state;
	assert_int_equal(tap_open(&tap, "tap0", 1), 0);
	assert_int_equal(net_address("tap0", 0x0a010203), 0);
	assert_int_equal(iface_read("tap0", &f), 0);
	assert_int_equal(f.addresses4, 1);
	assert_string_equal(f.address, "10.1.2.3");
	/* The kernel makes one to the network of the address. */
	assert_int_equal(f.routes, 1);
	assert_string_equal(f.route, "10.0.0.0/8");
	assert_true(iface_refuses_span(&f, reason));
	assert_string_equal(reason, "the host has an address there, 10.1.2.3");
	tap_close(&tap);
}

static void loopback(void **state)
{
	char reason[IFACE_TEXT_BYTES];
	struct iface f;

	(void)state;
	assert_int_equal(net_up("lo"), 0);
	assert_int_equal(iface_read("lo", &f), 0);
	assert_true(f.loopback && f.ethernet);
	assert_true(iface_refuses_span(&f, reason));
}

static void veth(void **state)
{
	struct iface f;

	(void)state;
	assert_int_equal(veth_open("va", "vb", 2), 0);
	assert_int_equal(iface_read("vb", &f), 0);
	assert_string_equal(f.driver, "veth");
	assert_string_equal(f.peer, "va");
	assert_int_equal(f.rx_queues, 2);
	assert_int_equal(f.peer_tx_checksum, IFACE_ON);
	assert_true(warned(&f, true, "ethtool -K va tx off"));
	/* Not of a physical port: XDP on a veth sees what GRO will join later. */
	assert_false(warned(&f, true, "ethtool -K vb rxvlan off"));
	assert_int_equal(net_mtu("vb", 4000), 0);
	assert_int_equal(iface_read("vb", &f), 0);
	/* Unless the driver says that it can. */
	assert_int_equal(warned(&f, true, "ip link set vb mtu 3500"), f.xdp_frags != IFACE_ON);
	f.xdp_frags = IFACE_OFF;
	assert_true(warned(&f, true, "ip link set vb mtu 3500"));
	assert_false(warned(&f, false, "ip link set vb mtu 3500"));
	assert_int_equal(net_delete("va"), 0);
}

static void down(void **state)
{
	struct ifreq r = { .ifr_flags = 0 };
	struct iface f;

	(void)state;
	assert_int_equal(tap_open(&tap, "tap0", 1), 0);
	assert_int_equal(net_ioctl("tap0", SIOCSIFFLAGS, &r), 0);
	assert_int_equal(iface_read("tap0", &f), 0);
	assert_false(f.up);
	assert_true(warned(&f, true, "ip link set tap0 up"));
	tap_close(&tap);
}

/* Facts as a NIC would have them. */
static void nic(void **state)
{
	struct iface f = { .name = "eth0",
			   .up = true,
			   .mtu = 1500,
			   .driver = "ixgbe",
			   .rx_queues = 8,
			   .rx_ring = 512,
			   .rx_ring_max = 8192,
			   .lro = IFACE_ON,
			   .gro = IFACE_ON,
			   .rx_vlan = IFACE_ON,
			   .hash_tcp4 = IFACE_HASH_ADDRESSES,
			   .hash_udp4 = IFACE_HASH_PORTS,
			   .hash_symmetric = IFACE_OFF };
	char reason[IFACE_TEXT_BYTES];

	(void)state;
	assert_true(warned(&f, true, "ethtool -K eth0 lro off"));
	assert_true(warned(&f, true, "ethtool -K eth0 rxvlan off"));
	assert_false(warned(&f, true, "ethtool -K eth0 gro off"));
	assert_true(warned(&f, false, "ethtool -K eth0 gro off"));
	assert_false(warned(&f, false, "ethtool -K eth0 rxvlan off"));
	assert_true(warned(&f, true, "ethtool -N eth0 rx-flow-hash udp4 sd"));
	assert_true(warned(&f, true, "ethtool -G eth0 rx 4096"));
	assert_false(iface_refuses_span(&f, reason));
	strcpy(f.master, "br0");
	assert_true(iface_refuses_span(&f, reason));
	assert_non_null(strstr(reason, "belongs to br0"));
}

static void our_program(void **state)
{
	static struct rig rig;
	struct iface f;

	(void)state;
	assert_int_equal(tap_open(&tap, "tap0", 1), 0);
	rig_init(&rig, "tap0", XDP_STEP_GENERIC, 1);
	rig_open(&rig);
	assert_int_equal(iface_read("tap0", &f), 0);
	assert_true(f.xdp_id > 0);
	assert_int_equal(f.xdp_mode, XDP_ATTACHED_SKB);
	rig_close(&rig);
	assert_int_equal(iface_read("tap0", &f), 0);
	assert_int_equal(f.xdp_id, 0);
	tap_close(&tap);
}

static int enter(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TAP_QUEUES; i++)
		tap.queue[i] = -1;
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	tap_close(&tap);
	if (if_nametoindex("va"))
		net_delete("va");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(bare_tap, close_all),
		cmocka_unit_test_teardown(addressed, close_all),
		cmocka_unit_test_teardown(loopback, close_all),
		cmocka_unit_test_teardown(veth, close_all),
		cmocka_unit_test_teardown(down, close_all),
		cmocka_unit_test_teardown(nic, close_all),
		cmocka_unit_test_teardown(our_program, close_all),
	};
	int err = net_enter();

	if (err) {
		printf("1..0 # SKIP no network namespace can be made: %s\n", strerror(-err));
		return 77;
	}
	return cmocka_run_group_tests_name("capture/iface", tests, enter, NULL);
}
