/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.h - a network namespace for a test, with TAP interfaces of several queues and veth pairs in it.
 *
 * A frame written into queue k of a TAP is in the receive ring of queue k when write(2) returns: no
 * timing, no offloads.  The namespace goes with the process.
 */
#ifndef WEIR_TESTS_CAPTURE_NET_H
#define WEIR_TESTS_CAPTURE_NET_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>

#define TAP_QUEUES 8

struct tap {
	char name[IFNAMSIZ];
	int queue[TAP_QUEUES]; /* -1: not there */
};

/* A namespace of its own, without IPv6, which would speak unasked.  Returns 0 or -errno. */
static inline int net_enter(void)
{
	int fd;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS))
		return -errno;
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	/* Its own view of the interfaces. */
	if (mount("weir-test", "/sys", "sysfs", 0, NULL))
		return -errno;
	fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			perror("disable_ipv6");
		close(fd);
	}
	return 0;
}

static inline int net_ioctl(const char *name, unsigned long what, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	memcpy(r->ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	err = fd < 0 || ioctl(fd, what, r) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return err;
}

static inline int net_up(const char *name)
{
	struct ifreq r = { .ifr_flags = 0 };
	int err = net_ioctl(name, SIOCGIFFLAGS, &r);

	r.ifr_flags |= IFF_UP;
	return err ? err : net_ioctl(name, SIOCSIFFLAGS, &r);
}

static inline int net_mtu(const char *name, int mtu)
{
	struct ifreq r = { .ifr_mtu = mtu };

	return net_ioctl(name, SIOCSIFMTU, &r);
}

static inline int net_address(const char *name, uint32_t host_order)
{
	struct ifreq r = { .ifr_flags = 0 };
	struct sockaddr_in *a = (struct sockaddr_in *)(void *)&r.ifr_addr;

	a->sin_family = AF_INET;
	a->sin_addr.s_addr = htonl(host_order);
	return net_ioctl(name, SIOCSIFADDR, &r);
}

static inline void tap_close(struct tap *t)
{
	for (unsigned i = 0; i < TAP_QUEUES; i++) {
		if (t->queue[i] >= 0)
			close(t->queue[i]);
		t->queue[i] = -1;
	}
}

static inline int tap_open(struct tap *t, const char *name, unsigned queues)
{
	int err = 0;

	*t = (struct tap){ .queue = { -1, -1, -1, -1, -1, -1, -1, -1 } };
	snprintf(t->name, sizeof(t->name), "%s", name);
	for (unsigned i = 0; !err && i < queues; i++) {
		struct ifreq r = { .ifr_flags = 0 };

		r.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (queues > 1 ? IFF_MULTI_QUEUE : 0));
		memcpy(r.ifr_name, t->name, sizeof(t->name));
		t->queue[i] = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
		err = t->queue[i] < 0 || ioctl(t->queue[i], TUNSETIFF, &r) ? -errno : 0;
	}
	if (!err)
		err = net_up(name);
	if (err)
		tap_close(t);
	return err;
}

/* --- veth ------------------------------------------------------------------------------------------ */

struct net_question {
	struct nlmsghdr h;
	struct ifinfomsg m;
	char rest[512];
};

static inline struct rtattr *net_attr(struct net_question *q, unsigned short type, const void *data,
				      size_t len)
{
	struct rtattr *a = (void *)((char *)q + NLMSG_ALIGN(q->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	q->h.nlmsg_len = NLMSG_ALIGN(q->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static inline void net_nest_end(struct net_question *q, struct rtattr *a)
{
	a->rta_len = (unsigned short)((char *)q + q->h.nlmsg_len - (char *)a);
}

static inline int net_ask(struct net_question *q)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char answer[4096];
	int err;

	if (fd < 0 || send(fd, q, q->h.nlmsg_len, 0) < 0 || recv(fd, answer, sizeof(answer), 0) < 0)
		err = -errno;
	else
		err = ((struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)(void *)answer))->error;
	if (fd >= 0)
		close(fd);
	return err;
}

/* Both ends up, with so many queues each way. */
static inline int veth_open(const char *name, const char *peer, unsigned queues)
{
	struct net_question q = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
					 .nlmsg_type = RTM_NEWLINK,
					 .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL |
							NLM_F_ACK } };
	const struct ifinfomsg none = { .ifi_family = AF_UNSPEC };
	struct rtattr *info, *data, *other;
	int err;

	net_attr(&q, IFLA_IFNAME, name, strlen(name) + 1);
	net_attr(&q, IFLA_NUM_TX_QUEUES, &queues, sizeof(queues));
	net_attr(&q, IFLA_NUM_RX_QUEUES, &queues, sizeof(queues));
	info = net_attr(&q, IFLA_LINKINFO, NULL, 0);
	net_attr(&q, IFLA_INFO_KIND, "veth", 4);
	data = net_attr(&q, IFLA_INFO_DATA, NULL, 0);
	other = net_attr(&q, VETH_INFO_PEER, &none, sizeof(none));
	net_attr(&q, IFLA_IFNAME, peer, strlen(peer) + 1);
	net_attr(&q, IFLA_NUM_TX_QUEUES, &queues, sizeof(queues));
	net_attr(&q, IFLA_NUM_RX_QUEUES, &queues, sizeof(queues));
	net_nest_end(&q, other);
	net_nest_end(&q, data);
	net_nest_end(&q, info);
	err = net_ask(&q);
	if (!err)
		err = net_up(peer);
	return err ? err : net_up(name);
}

static inline int net_delete(const char *name)
{
	struct net_question q = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
					 .nlmsg_type = RTM_DELLINK,
					 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK } };

	q.m.ifi_index = (int)if_nametoindex(name);
	return net_ask(&q);
}

/* A socket that sends frames out of an interface as they are. */
static inline int net_sender(const char *name)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -errno;
	}
	return fd;
}

#endif
