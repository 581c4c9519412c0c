/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/iface.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net/if.h>
#include <net/if_arp.h>

#include "engine/capture/iface_ethtool.h"
#include "engine/capture/iface_netlink.h"

__attribute__((format(printf, 3, 4))) static void say(char *to, size_t len, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(to, len, format, args);
	va_end(args);
}

static int read_flags(int fd, struct iface *f)
{
	struct ifreq r = { .ifr_flags = 0 };

	memcpy(r.ifr_name, f->name, sizeof(f->name));
	if (ioctl(fd, SIOCGIFINDEX, &r))
		return -errno;
	f->ifindex = r.ifr_ifindex;
	if (ioctl(fd, SIOCGIFFLAGS, &r))
		return -errno;
	f->exists = true;
	f->up = r.ifr_flags & IFF_UP;
	f->running = r.ifr_flags & IFF_RUNNING;
	f->loopback = r.ifr_flags & IFF_LOOPBACK;
	f->promiscuous = r.ifr_flags & IFF_PROMISC;
	if (!ioctl(fd, SIOCGIFMTU, &r))
		f->mtu = (uint32_t)r.ifr_mtu;
	if (!ioctl(fd, SIOCGIFHWADDR, &r))
		f->ethernet = r.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
			      r.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	return 0;
}

int iface_read(const char *name, struct iface *f)
{
	int fd, err;

	*f = (struct iface){ .ifindex = 0 };
	if (strlen(name) >= sizeof(f->name))
		return -ENODEV;
	memcpy(f->name, name, strlen(name));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = read_flags(fd, f);
	if (!err) {
		iface_read_ethtool(fd, f);
		err = iface_read_netlink(f);
	}
	close(fd);
	return err;
}

bool iface_refuses_span(const struct iface *f, char reason[IFACE_TEXT_BYTES])
{
	const char *what = NULL, *which = "";

	if (f->loopback) {
		what = "it is the loopback interface";
	} else if (f->master[0]) {
		what = "it belongs to";
		which = f->master;
	} else if (f->addresses4 || f->addresses6) {
		what = "the host has an address there,";
		which = f->address;
	} else if (f->routes) {
		what = "the host has a route there, to";
		which = f->route;
	}
	if (!what)
		return false;
	say(reason, IFACE_TEXT_BYTES, "%s%s%s", what, which[0] ? " " : "", which);
	return true;
}

/* --- warnings ------------------------------------------------------------------------------------- */

struct warnings {
	struct iface_warning *out;
	unsigned count;
};

static struct iface_warning *next_warning(struct warnings *w)
{
	static struct iface_warning none;

	return w->count < IFACE_WARNINGS_MAX ? &w->out[w->count++] : &none;
}

static void warn_feature(struct warnings *w, const char *name, const char *what,
			 const char *feature)
{
	struct iface_warning *x = next_warning(w);

	say(x->what, sizeof(x->what), "%s: %s", name, what);
	say(x->command, sizeof(x->command), "ethtool -K %s %s off", name, feature);
}

static void warn_offloads(const struct iface *f, bool af_xdp, struct warnings *w)
{
	if (f->lro == IFACE_ON)
		warn_feature(w, f->name, "LRO joins packets before capture sees them", "lro");
	if (f->gro_hw == IFACE_ON)
		warn_feature(w, f->name, "the NIC joins packets before capture sees them",
			     "rx-gro-hw");
	if (f->gro == IFACE_ON && !af_xdp)
		warn_feature(w, f->name, "GRO joins packets before capture sees them", "gro");
	/* AF_PACKET has the tag beside the frame and puts it back; XDP has not. */
	if (f->rx_vlan == IFACE_ON && af_xdp && strcmp(f->driver, "veth") != 0)
		warn_feature(w, f->name,
			     "VLAN tags are taken off by the NIC, and XDP does not see them",
			     "rxvlan");
}

/* What the other end of a veth leaves to a device that is not there. */
static void warn_peer(const struct iface *f, bool af_xdp, struct warnings *w)
{
	if (strcmp(f->driver, "veth") != 0)
		return;
	if (!f->peer[0]) {
		struct iface_warning *x = next_warning(w);

		say(x->what, sizeof(x->what),
		    "%s: its peer may send checksums unfinished and segments joined; at the peer:",
		    f->name);
		say(x->command, sizeof(x->command), "ethtool -K PEER tx off tso off gso off");
		return;
	}
	if (f->peer_tx_checksum == IFACE_ON)
		warn_feature(w, f->peer, "checksums are left unfinished on this veth", "tx");
	if (f->peer_tso == IFACE_ON && af_xdp)
		warn_feature(w, f->peer, "segments leave joined to up to 64 KiB on this veth",
			     "tso off gso");
}

static void warn_hash(const struct iface *f, struct warnings *w)
{
	struct iface_warning *x;

	if (f->rx_queues < 2)
		return;
	if (f->hash_tcp4 == IFACE_HASH_PORTS || f->hash_udp4 == IFACE_HASH_PORTS) {
		x = next_warning(w);
		say(x->what, sizeof(x->what),
		    "%s: RSS hashes ports, so fragments come on other queues than their flow",
		    f->name);
		say(x->command, sizeof(x->command), "ethtool -N %s rx-flow-hash %s4 sd", f->name,
		    f->hash_udp4 == IFACE_HASH_PORTS ? "udp" : "tcp");
	}
	if (f->hash_symmetric == IFACE_OFF) {
		x = next_warning(w);
		say(x->what, sizeof(x->what),
		    "%s: RSS is not symmetric, so a flow's two directions come on two queues",
		    f->name);
		say(x->command, sizeof(x->command),
		    "ethtool -X %s hkey $(printf '6d:5a:%%.0s' $(seq 20) | sed 's/:$//') equal %u",
		    f->name, f->rx_queues);
	}
}

static void warn_state(const struct iface *f, bool af_xdp, struct warnings *w)
{
	struct iface_warning *x;

	if (!f->up) {
		x = next_warning(w);
		say(x->what, sizeof(x->what), "%s: it is down", f->name);
		say(x->command, sizeof(x->command), "ip link set %s up", f->name);
	}
	if (f->rx_ring && f->rx_ring < f->rx_ring_max / 4) {
		x = next_warning(w);
		say(x->what, sizeof(x->what), "%s: the receive ring has %u of %u entries", f->name,
		    f->rx_ring, f->rx_ring_max);
		say(x->command, sizeof(x->command), "ethtool -G %s rx %u", f->name,
		    f->rx_ring_max < 4096 ? f->rx_ring_max : 4096);
	}
	if (af_xdp && f->mtu > 3500 && f->xdp_frags != IFACE_ON) {
		x = next_warning(w);
		say(x->what, sizeof(x->what),
		    "%s: frames of MTU %u take several buffers, which needs kernel 6.6 and a driver for it",
		    f->name, f->mtu);
		say(x->command, sizeof(x->command), "ip link set %s mtu 3500", f->name);
	}
}

unsigned iface_warnings(const struct iface *f, bool af_xdp,
			struct iface_warning out[IFACE_WARNINGS_MAX])
{
	struct warnings w = { .out = out };

	memset(out, 0, IFACE_WARNINGS_MAX * sizeof(*out));
	warn_state(f, af_xdp, &w);
	warn_offloads(f, af_xdp, &w);
	warn_peer(f, af_xdp, &w);
	/* AF_PACKET chooses the worker itself. */
	if (af_xdp)
		warn_hash(f, &w);
	return w.count;
}
