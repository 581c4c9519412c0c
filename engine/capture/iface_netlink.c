/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/iface_netlink.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>

#include "engine/capture/iface_ethtool.h"

#define ANSWER_BYTES 32768

typedef void (*message_fn)(void *arg, const struct nlmsghdr *h);

/* Ask, and hand each message of the answer to fn.  Returns 0 or -errno. */
static int exchange(int fd, const struct nlmsghdr *question, message_fn fn, void *arg)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buf[ANSWER_BYTES];
	bool many = question->nlmsg_flags & NLM_F_DUMP;

	if (send(fd, question, question->nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		unsigned left = n > 0 ? (unsigned)n : 0;

		if (n < 0)
			return -errno;
		for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
			fn(arg, h);
			if (!many)
				return 0;
		}
	}
}

static int ask_of(int protocol, uint16_t type, uint16_t flags, const void *body, size_t len,
		  message_fn fn, void *arg)
{
	struct {
		struct nlmsghdr h;
		char body[64];
	} question = { .h = { .nlmsg_len = NLMSG_LENGTH((uint32_t)len),
			      .nlmsg_type = type,
			      .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) } };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int err;

	if (fd < 0)
		return -errno;
	memcpy(question.body, body, len);
	err = exchange(fd, &question.h, fn, arg);
	close(fd);
	return err;
}

static int ask(uint16_t type, uint16_t flags, const void *body, size_t len, message_fn fn,
	       void *arg)
{
	return ask_of(NETLINK_ROUTE, type, flags, body, len, fn, arg);
}

static uint32_t u32_of(const struct rtattr *a)
{
	uint32_t v = 0;

	if (RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

static void text_of(const struct rtattr *a, char *to, size_t len)
{
	size_t n = strnlen(RTA_DATA(a), RTA_PAYLOAD(a));

	n = n < len ? n : len - 1;
	memcpy(to, RTA_DATA(a), n);
	to[n] = '\0';
}

/* --- links ---------------------------------------------------------------------------------------- */

struct link {
	uint32_t master, other, xdp_id;
	unsigned xdp_mode, rx_queues, tx_queues;
	bool other_elsewhere;
	char kind[32], name[IFNAMSIZ];
	struct iface_counters counters;
};

#define EACH(a, start, len) (struct rtattr *a = (start); RTA_OK(a, len); a = RTA_NEXT(a, len))

static void read_kind(struct link *l, const struct rtattr *info)
{
	int len = (int)RTA_PAYLOAD(info);

	for
		EACH(a, RTA_DATA(info), len)
		{
			if (a->rta_type == IFLA_INFO_KIND)
				text_of(a, l->kind, sizeof(l->kind));
		}
}

static void read_xdp(struct link *l, const struct rtattr *xdp)
{
	int len = (int)RTA_PAYLOAD(xdp);

	for
		EACH(a, RTA_DATA(xdp), len)
		{
			switch (a->rta_type) {
			case IFLA_XDP_ATTACHED:
				l->xdp_mode = *(const uint8_t *)RTA_DATA(a);
				break;
			case IFLA_XDP_PROG_ID:
			case IFLA_XDP_DRV_PROG_ID:
			case IFLA_XDP_SKB_PROG_ID:
			case IFLA_XDP_HW_PROG_ID:
				if (!l->xdp_id)
					l->xdp_id = u32_of(a);
				break;
			default:
				break;
			}
		}
}

static void read_counters(struct link *l, const struct rtattr *a)
{
	struct rtnl_link_stats64 s;

	memset(&s, 0, sizeof(s));
	memcpy(&s, RTA_DATA(a), RTA_PAYLOAD(a) < sizeof(s) ? RTA_PAYLOAD(a) : sizeof(s));
	l->counters = (struct iface_counters){ .packets = s.rx_packets,
					       .missed = s.rx_missed_errors,
					       .dropped = s.rx_dropped,
					       .errors = s.rx_errors };
}

static void on_link(void *arg, const struct nlmsghdr *h)
{
	struct link *l = arg;
	const struct ifinfomsg *m = NLMSG_DATA(h);
	int len = (int)IFLA_PAYLOAD(h);

	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	for
		EACH(a, IFLA_RTA(m), len)
		{
			switch (a->rta_type & NLA_TYPE_MASK) {
			case IFLA_IFNAME:
				text_of(a, l->name, sizeof(l->name));
				break;
			case IFLA_MASTER:
				l->master = u32_of(a);
				break;
			case IFLA_LINK:
				l->other = u32_of(a);
				break;
			case IFLA_LINK_NETNSID:
				l->other_elsewhere = true;
				break;
			case IFLA_LINKINFO:
				read_kind(l, a);
				break;
			case IFLA_XDP:
				read_xdp(l, a);
				break;
			case IFLA_NUM_RX_QUEUES:
				l->rx_queues = u32_of(a);
				break;
			case IFLA_NUM_TX_QUEUES:
				l->tx_queues = u32_of(a);
				break;
			case IFLA_STATS64:
				read_counters(l, a);
				break;
			default:
				break;
			}
		}
}

static int get_link(uint32_t ifindex, struct link *out)
{
	struct ifinfomsg m = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex };

	*out = (struct link){ .master = 0 };
	return ask(RTM_GETLINK, 0, &m, sizeof(m), on_link, out);
}

int iface_counters(int ifindex, struct iface_counters *out)
{
	struct link l;
	int err = get_link((uint32_t)ifindex, &l);

	*out = l.counters;
	return err;
}

/* The kernel's folder, where it is that of this network namespace. */
static unsigned queues_in_sysfs(const struct iface *f)
{
	char path[64 + sizeof(f->name)];
	unsigned n = 0, ifindex = 0;
	struct dirent *e;
	FILE *file;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", f->name);
	file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%u", &ifindex) != 1)
			ifindex = 0;
		fclose(file);
	}
	if (ifindex != (unsigned)f->ifindex)
		return 0;
	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", f->name);
	d = opendir(path);
	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, "rx-", 3);
	if (d)
		closedir(d);
	return n;
}

static int read_link(struct iface *f)
{
	struct link l, other;
	unsigned n = queues_in_sysfs(f);
	int err = get_link((uint32_t)f->ifindex, &l);

	if (err)
		return err;
	if (n)
		f->rx_queues = n;
	if (!f->rx_queues)
		f->rx_queues = l.rx_queues ? l.rx_queues : 1;
	if (!f->tx_queues)
		f->tx_queues = l.tx_queues;
	f->xdp_id = l.xdp_id;
	f->xdp_mode = l.xdp_mode;
	f->is_bridge = !strcmp(l.kind, "bridge");
	f->is_bond = !strcmp(l.kind, "bond");
	if (!f->driver[0])
		snprintf(f->driver, sizeof(f->driver), "%s", l.kind);
	if (l.master && !get_link(l.master, &other)) {
		snprintf(f->master, sizeof(f->master), "%s", other.name);
		snprintf(f->master_kind, sizeof(f->master_kind), "%.15s", other.kind);
	}
	if (!strcmp(l.kind, "veth") && l.other && !l.other_elsewhere && !get_link(l.other, &other))
		snprintf(f->peer, sizeof(f->peer), "%s", other.name);
	return 0;
}

/* --- addresses and routes ------------------------------------------------------------------------- */

static void note_address(struct iface *f, int family, const void *address)
{
	f->addresses4 += family == AF_INET;
	f->addresses6 += family == AF_INET6;
	if (!f->address[0])
		inet_ntop(family, address, f->address, sizeof(f->address));
}

static int read_addresses(struct iface *f)
{
	struct ifaddrs *all;

	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		if (!a->ifa_addr || strcmp(a->ifa_name, f->name))
			continue;
		if (a->ifa_addr->sa_family == AF_INET) {
			note_address(f, AF_INET,
				     &((const struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr);
		} else if (a->ifa_addr->sa_family == AF_INET6) {
			const struct in6_addr *v6 =
				&((const struct sockaddr_in6 *)(void *)a->ifa_addr)->sin6_addr;

			if (!IN6_IS_ADDR_LINKLOCAL(v6))
				note_address(f, AF_INET6, v6);
		}
	}
	freeifaddrs(all);
	return 0;
}

/* fe80::/10 and multicast are there without anybody's asking. */
static bool is_own(const struct rtmsg *m, const uint8_t *dst)
{
	if (m->rtm_family == AF_INET6 && dst)
		return dst[0] == 0xff || (dst[0] == 0xfe && (dst[1] & 0xc0) == 0x80);
	return m->rtm_family == AF_INET && dst && (dst[0] & 0xf0) == 0xe0;
}

static bool leaves_by(const struct rtattr *paths, int ifindex)
{
	const struct rtnexthop *n = RTA_DATA(paths);
	int len = (int)RTA_PAYLOAD(paths);

	for (; RTNH_OK(n, len); len -= NLMSG_ALIGN(n->rtnh_len), n = RTNH_NEXT(n)) {
		if (n->rtnh_ifindex == ifindex)
			return true;
	}
	return false;
}

static void note_route(struct iface *f, const struct rtmsg *m, const uint8_t *dst)
{
	char text[INET6_ADDRSTRLEN];

	f->routes++;
	if (f->route[0])
		return;
	if (!dst || !inet_ntop(m->rtm_family, dst, text, sizeof(text)))
		snprintf(f->route, sizeof(f->route), "default");
	else
		snprintf(f->route, sizeof(f->route), "%s/%u", text, m->rtm_dst_len);
}

static void on_route(void *arg, const struct nlmsghdr *h)
{
	struct iface *f = arg;
	const struct rtmsg *m = NLMSG_DATA(h);
	int len = (int)RTM_PAYLOAD(h);
	const uint8_t *dst = NULL;
	bool here = false;

	if (h->nlmsg_type != RTM_NEWROUTE || m->rtm_table == RT_TABLE_LOCAL ||
	    m->rtm_type != RTN_UNICAST)
		return;
	for
		EACH(a, RTM_RTA(m), len)
		{
			if (a->rta_type == RTA_OIF)
				here |= (int)u32_of(a) == f->ifindex;
			else if (a->rta_type == RTA_DST)
				dst = RTA_DATA(a);
			else if (a->rta_type == RTA_MULTIPATH)
				here |= leaves_by(a, f->ifindex);
		}
	if (here && !is_own(m, dst))
		note_route(f, m, dst);
}

/* --- what the driver says of XDP ----------------------------------------------------------------- */

/* linux/netdev.h, kernel 6.3; numbers are for ever. */
enum netdev {
	NETDEV_DEV_GET = 1,
	NETDEV_IFINDEX = 1,
	NETDEV_XDP_FEATURES = 3,
};
#define NETDEV_XDP_BASIC (1 << 0)
#define NETDEV_XDP_REDIRECT (1 << 1)
#define NETDEV_XDP_ZERO_COPY (1 << 3)
#define NETDEV_XDP_RX_SG (1 << 5)

struct generic {
	struct genlmsghdr h;
	struct rtattr a;
	union {
		char name[8];
		uint32_t number;
	} value;
};

static const struct rtattr *generic_attr(const struct nlmsghdr *h, unsigned type)
{
	int len = (int)NLMSG_PAYLOAD(h, GENL_HDRLEN);

	for
		EACH(a, (void *)((char *)NLMSG_DATA(h) + GENL_HDRLEN), len)
		{
			if ((a->rta_type & NLA_TYPE_MASK) == type)
				return a;
		}
	return NULL;
}

static void on_family(void *arg, const struct nlmsghdr *h)
{
	const struct rtattr *a = generic_attr(h, CTRL_ATTR_FAMILY_ID);

	if (a && RTA_PAYLOAD(a) >= sizeof(uint16_t))
		memcpy(arg, RTA_DATA(a), sizeof(uint16_t));
}

static void on_features(void *arg, const struct nlmsghdr *h)
{
	const struct rtattr *a = generic_attr(h, NETDEV_XDP_FEATURES);
	struct iface *f = arg;
	uint64_t bits;

	if (!a || RTA_PAYLOAD(a) < sizeof(bits))
		return;
	memcpy(&bits, RTA_DATA(a), sizeof(bits));
	f->xdp_driver = bits & NETDEV_XDP_BASIC ? IFACE_ON : IFACE_OFF;
	f->xdp_redirect = bits & NETDEV_XDP_REDIRECT ? IFACE_ON : IFACE_OFF;
	f->xdp_zero_copy = bits & NETDEV_XDP_ZERO_COPY ? IFACE_ON : IFACE_OFF;
	f->xdp_frags = bits & NETDEV_XDP_RX_SG ? IFACE_ON : IFACE_OFF;
}

static void read_features(struct iface *f)
{
	struct generic family = { .h = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
				  .a = { .rta_type = CTRL_ATTR_FAMILY_NAME,
					 .rta_len = RTA_LENGTH(sizeof("netdev")) },
				  .value.name = "netdev" };
	struct generic device = { .h = { .cmd = NETDEV_DEV_GET, .version = 1 },
				  .a = { .rta_type = NETDEV_IFINDEX,
					 .rta_len = RTA_LENGTH(sizeof(uint32_t)) },
				  .value.number = (uint32_t)f->ifindex };
	uint16_t id = 0;

	if (ask_of(NETLINK_GENERIC, GENL_ID_CTRL, 0, &family, sizeof(family), on_family, &id) ||
	    !id)
		return;
	ask_of(NETLINK_GENERIC, id, 0, &device, sizeof(device.h) + sizeof(device.a) + 4,
	       on_features, f);
}

int iface_read_netlink(struct iface *f)
{
	struct rtmsg m = { .rtm_family = AF_UNSPEC };
	int err = read_link(f);

	if (!err)
		err = read_addresses(f);
	if (!err)
		err = ask(RTM_GETROUTE, NLM_F_DUMP, &m, sizeof(m), on_route, f);
	if (!err)
		read_features(f);
	if (!err && f->peer[0]) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			return -errno;
		iface_read_peer(fd, f);
		close(fd);
	}
	return err;
}
