/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/iface_ethtool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>

static int ask(int fd, const char *name, void *what)
{
	struct ifreq r = { .ifr_data = what };

	memcpy(r.ifr_name, name, strnlen(name, sizeof(r.ifr_name) - 1));
	return ioctl(fd, SIOCETHTOOL, &r) ? -errno : 0;
}

static void copy(char *to, size_t len, const char *from, size_t from_len)
{
	size_t n = strnlen(from, from_len);

	n = n < len ? n : len - 1;
	memcpy(to, from, n);
	to[n] = '\0';
}

static void read_driver(int fd, struct iface *f)
{
	struct ethtool_drvinfo d = { .cmd = ETHTOOL_GDRVINFO };

	if (ask(fd, f->name, &d))
		return;
	copy(f->driver, sizeof(f->driver), d.driver, sizeof(d.driver));
	copy(f->driver_version, sizeof(f->driver_version), d.version, sizeof(d.version));
	copy(f->firmware, sizeof(f->firmware), d.fw_version, sizeof(d.fw_version));
	copy(f->bus, sizeof(f->bus), d.bus_info, sizeof(d.bus_info));
}

static void read_queues(int fd, struct iface *f)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_GCHANNELS };
	struct ethtool_ringparam r = { .cmd = ETHTOOL_GRINGPARAM };

	if (!ask(fd, f->name, &c)) {
		f->rx_queues = c.rx_count + c.combined_count;
		f->tx_queues = c.tx_count + c.combined_count;
		f->channels_max = c.max_combined ? c.max_combined : c.max_rx;
	}
	if (!ask(fd, f->name, &r)) {
		f->rx_ring = r.rx_pending;
		f->rx_ring_max = r.rx_max_pending;
	}
}

static enum iface_hash hash_of(int fd, const char *name, unsigned flow_type)
{
	struct ethtool_rxnfc n = { .cmd = ETHTOOL_GRXFH, .flow_type = flow_type };

	if (ask(fd, name, &n) || !n.data)
		return IFACE_HASH_UNKNOWN;
	if (n.data == (RXH_IP_SRC | RXH_IP_DST))
		return IFACE_HASH_ADDRESSES;
	return n.data & (RXH_L4_B_0_1 | RXH_L4_B_2_3) ? IFACE_HASH_PORTS : IFACE_HASH_OTHER;
}

/* A key that repeats itself every two bytes gives both directions one hash. */
static enum iface_answer key_symmetric(int fd, const char *name)
{
	struct ethtool_rxfh head = { .cmd = ETHTOOL_GRSSH }, *all;
	enum iface_answer answer = IFACE_ON;
	const uint8_t *key;
	size_t len;

	if (ask(fd, name, &head) || !head.key_size || head.key_size > 256 ||
	    head.indir_size > 65536)
		return IFACE_UNKNOWN;
	len = sizeof(*all) + head.indir_size * sizeof(uint32_t) + head.key_size;
	all = calloc(1, len);
	if (!all)
		return IFACE_UNKNOWN;
	*all = head;
	if (ask(fd, name, all)) {
		free(all);
		return IFACE_UNKNOWN;
	}
	key = (const uint8_t *)all + sizeof(*all) + head.indir_size * sizeof(uint32_t);
	for (uint32_t i = 2; i < head.key_size; i++) {
		if (key[i] != key[i - 2])
			answer = IFACE_OFF;
	}
	free(all);
	return answer;
}

/* --- offloads ------------------------------------------------------------------------------------- */

struct features {
	uint32_t count;
	struct ethtool_gstrings *names;
	struct ethtool_gfeatures *bits;
};

static void features_free(struct features *x)
{
	free(x->names);
	free(x->bits);
}

static int features_read(int fd, const char *name, struct features *x)
{
	union {
		struct ethtool_sset_info info;
		uint32_t words[sizeof(struct ethtool_sset_info) / sizeof(uint32_t) + 1];
	} set = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES } };
	uint32_t blocks;

	*x = (struct features){ .count = 0 };
	if (ask(fd, name, &set) || !set.info.sset_mask)
		return -EOPNOTSUPP;
	x->count = set.words[sizeof(set.info) / sizeof(uint32_t)];
	if (!x->count || x->count > 1024)
		return -EOPNOTSUPP;
	blocks = (x->count + 31) / 32;
	x->names = calloc(1, sizeof(*x->names) + (size_t)x->count * ETH_GSTRING_LEN);
	x->bits = calloc(1, sizeof(*x->bits) + blocks * sizeof(x->bits->features[0]));
	if (!x->names || !x->bits)
		return -ENOMEM;
	x->names->cmd = ETHTOOL_GSTRINGS;
	x->names->string_set = ETH_SS_FEATURES;
	x->names->len = x->count;
	x->bits->cmd = ETHTOOL_GFEATURES;
	x->bits->size = blocks;
	if (ask(fd, name, x->names) || ask(fd, name, x->bits))
		return -EOPNOTSUPP;
	return 0;
}

static enum iface_answer feature(const struct features *x, const char *name)
{
	for (uint32_t i = 0; i < x->count; i++) {
		const char *n = (const char *)x->names->data + (size_t)i * ETH_GSTRING_LEN;

		if (strncmp(n, name, ETH_GSTRING_LEN))
			continue;
		return x->bits->features[i / 32].active >> (i % 32) & 1 ? IFACE_ON : IFACE_OFF;
	}
	return IFACE_UNKNOWN;
}

static enum iface_answer either(enum iface_answer a, enum iface_answer b)
{
	return a > b ? a : b;
}

static enum iface_answer tx_checksum(const struct features *x)
{
	return either(feature(x, "tx-checksum-ip-generic"),
		      either(feature(x, "tx-checksum-ipv4"), feature(x, "tx-checksum-ipv6")));
}

static void read_offloads(int fd, struct iface *f)
{
	struct features x;

	if (!features_read(fd, f->name, &x)) {
		f->lro = feature(&x, "rx-lro");
		f->gro = feature(&x, "rx-gro");
		f->gro_hw = feature(&x, "rx-gro-hw");
		f->gso = feature(&x, "tx-generic-segmentation");
		f->tso = feature(&x, "tx-tcp-segmentation");
		f->rx_vlan = feature(&x, "rx-vlan-hw-parse");
		f->tx_vlan = feature(&x, "tx-vlan-hw-insert");
		f->rx_checksum = feature(&x, "rx-checksum");
		f->tx_checksum = tx_checksum(&x);
		f->ntuple = feature(&x, "rx-ntuple-filter");
	}
	features_free(&x);
}

void iface_read_peer(int fd, struct iface *f)
{
	struct features x;

	if (!features_read(fd, f->peer, &x)) {
		f->peer_tx_checksum = tx_checksum(&x);
		f->peer_tso = feature(&x, "tx-tcp-segmentation");
	}
	features_free(&x);
}

static void read_stamps(int fd, struct iface *f)
{
	struct hwtstamp_config c = { .flags = 0 };
	struct ifreq r = { .ifr_data = (void *)&c };

	memcpy(r.ifr_name, f->name, sizeof(f->name));
	if (ioctl(fd, SIOCGHWTSTAMP, &r))
		return;
	strcpy(f->hwtstamp, c.rx_filter == HWTSTAMP_FILTER_NONE	 ? "none"
			    : c.rx_filter == HWTSTAMP_FILTER_ALL ? "rx-all"
								 : "some");
}

static void read_speed(int fd, struct iface *f)
{
	struct ethtool_cmd c = { .cmd = ETHTOOL_GSET };
	uint32_t speed;

	if (ask(fd, f->name, &c))
		return;
	speed = ethtool_cmd_speed(&c);
	f->speed_mbit = speed == (uint32_t)SPEED_UNKNOWN || speed == UINT16_MAX ? 0 : speed;
}

void iface_read_ethtool(int fd, struct iface *f)
{
	read_driver(fd, f);
	read_queues(fd, f);
	f->hash_tcp4 = hash_of(fd, f->name, TCP_V4_FLOW);
	f->hash_udp4 = hash_of(fd, f->name, UDP_V4_FLOW);
	f->hash_tcp6 = hash_of(fd, f->name, TCP_V6_FLOW);
	f->hash_udp6 = hash_of(fd, f->name, UDP_V6_FLOW);
	f->hash_symmetric = key_symmetric(fd, f->name);
	read_offloads(fd, f);
	read_stamps(fd, f);
	read_speed(fd, f);
}
