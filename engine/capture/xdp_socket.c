/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/xdp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif

/* A queue is let go of a while after its last socket was closed. */
#define BUSY_TRIES 60
#define BUSY_SLEEP_NS 50000000

static int set(int fd, int level, int option, const void *value, size_t len)
{
	return setsockopt(fd, level, option, value, (socklen_t)len) ? -errno : 0;
}

static int set_int(int fd, int level, int option, int value)
{
	return set(fd, level, option, &value, sizeof(value));
}

/* Memory to share that nobody can make shorter. */
static int memory(const char *name, size_t len)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, (off_t)len) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int make_book(struct live_handover *h, struct live_queue *q)
{
	size_t len = live_book_bytes(h->workers, q->send_frames);
	struct live_book *b;

	q->book = memory("weir-book", len);
	if (q->book < 0)
		return q->book;
	b = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, q->book, 0);
	if (b == MAP_FAILED)
		return -errno;
	b->sources = h->workers;
	for (uint32_t i = 0; i < q->send_frames; i++)
		live_book_sends(b)[b->sends++] = (uint64_t)(q->frames - 1 - i) * q->frame_bytes;
	munmap(b, len);
	return 0;
}

/* --- AF_XDP ---------------------------------------------------------------------------------------- */

static int register_umem(const struct live_queue *q, int fd)
{
	uint64_t len = (uint64_t)q->frames * q->frame_bytes;
	struct xdp_umem_reg reg = { .len = len, .chunk_size = q->frame_bytes };
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, q->umem, 0);
	int err;

	if (map == MAP_FAILED)
		return -errno;
	reg.addr = (uint64_t)(uintptr_t)map;
	err = set(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg));
	/* The kernel holds the pages. */
	munmap(map, len);
	return err;
}

static struct live_ring_offset offset_of(const struct xdp_ring_offset *o)
{
	return (struct live_ring_offset){
		.producer = o->producer, .consumer = o->consumer, .desc = o->desc, .flags = o->flags
	};
}

static int read_offsets(struct live_queue *q, struct live_source *s)
{
	struct xdp_mmap_offsets o;
	socklen_t len = sizeof(o);

	if (getsockopt(s->socket, SOL_XDP, XDP_MMAP_OFFSETS, &o, &len))
		return -errno;
	s->rx = offset_of(&o.rx);
	s->tx = offset_of(&o.tx);
	if (q->rings == s->socket) {
		q->fill = offset_of(&o.fr);
		q->completion = offset_of(&o.cr);
	}
	return 0;
}

static int make_umem(struct live_queue *q, int fd)
{
	int err;

	q->umem = memory("weir-umem", (size_t)q->frames * q->frame_bytes);
	if (q->umem < 0)
		return q->umem;
	q->rings = fd;
	err = register_umem(q, fd);
	if (!err)
		err = set_int(fd, SOL_XDP, XDP_UMEM_FILL_RING, (int)q->fill_entries);
	if (!err)
		err = set_int(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, (int)q->completion_entries);
	return err;
}

static int set_busy_poll(int fd, const struct xdp_queue_options *opt)
{
	int err;

	if (!opt->busy_poll_us)
		return 0;
	err = set_int(fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, 1);
	if (!err)
		err = set_int(fd, SOL_SOCKET, SO_BUSY_POLL, (int)opt->busy_poll_us);
	if (!err && opt->busy_poll_budget)
		err = set_int(fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, (int)opt->busy_poll_budget);
	return err;
}

static void fill_all(struct live_input *in, const struct live_queue *q)
{
	uint32_t n = q->frames - q->send_frames;

	for (uint32_t i = 0; i < n; i++)
		*live_ring_address(&in->fill, i) = (uint64_t)i * q->frame_bytes;
	live_ring_store(in->fill.producer, n);
}

static int bind_socket(int fd, const struct xdp_queue_options *opt, int shared)
{
	struct sockaddr_xdp a = { .sxdp_family = AF_XDP,
				  .sxdp_flags = (uint16_t)(opt->bind_flags | XDP_USE_NEED_WAKEUP),
				  .sxdp_ifindex = (uint32_t)opt->ifindex,
				  .sxdp_queue_id = opt->queue };

	if (shared >= 0) {
		a.sxdp_flags = XDP_SHARED_UMEM;
		a.sxdp_shared_umem_fd = (uint32_t)shared;
	}
	for (unsigned i = 0;; i++) {
		if (!bind(fd, (struct sockaddr *)&a, sizeof(a)))
			return 0;
		if (errno != EBUSY || i == BUSY_TRIES)
			return -errno;
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_SLEEP_NS }, NULL);
	}
}

static int open_source(struct live_handover *h, const struct xdp_queue_options *opt, uint32_t n,
		       struct live_input *inputs)
{
	struct live_queue *q = &h->queue[h->queues - 1];
	struct live_source *s = &h->source[h->sources];
	struct live_input *in = &inputs[h->sources];
	int err = 0, fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	*s = (struct live_source){ .worker = opt->first_worker + n,
				   .queue = h->queues - 1,
				   .slot = opt->first_slot + n,
				   .book = n,
				   .rx_entries = opt->size.rx_entries,
				   .tx_entries = opt->send_frames ? opt->size.rx_entries : 0,
				   .socket = fd };
	h->sources++;
	if (n == 0)
		err = make_umem(q, fd);
	if (!err)
		err = set_int(fd, SOL_XDP, XDP_RX_RING, (int)s->rx_entries);
	if (!err && s->tx_entries)
		err = set_int(fd, SOL_XDP, XDP_TX_RING, (int)s->tx_entries);
	if (!err)
		err = read_offsets(q, s);
	if (!err)
		err = set_busy_poll(fd, opt);
	/* Older kernels map no ring of a socket that is bound. */
	if (!err)
		err = live_input_map(h, h->sources - 1, n ? in - n : NULL, in);
	/* The driver may take its first frames when the socket is bound. */
	if (!err && n == 0)
		fill_all(in, q);
	if (!err)
		err = bind_socket(fd, opt, n ? q->rings : -1);
	return err;
}

int xdp_queue_open(struct live_handover *h, const struct xdp_queue_options *opt,
		   struct live_input *inputs)
{
	struct live_queue *q = &h->queue[h->queues];
	int err;

	if (h->queues == LIVE_QUEUES_MAX || opt->size.sockets > LIVE_SOURCES_MAX - h->sources ||
	    opt->first_slot + opt->size.sockets > WEIR_SLOTS_MAX)
		return -E2BIG;
	*q = (struct live_queue){ .interface = opt->interface,
				  .queue = opt->queue,
				  .frames = opt->size.frames,
				  .frame_bytes = opt->size.frame_bytes,
				  .headroom = 0,
				  .fill_entries = opt->size.fill_entries,
				  .completion_entries = opt->size.completion_entries,
				  .send_frames = opt->send_frames,
				  .umem = -1,
				  .rings = -1,
				  .book = -1 };
	h->queues++;
	err = make_book(h, q);
	for (uint32_t i = 0; !err && i < opt->size.sockets; i++)
		err = open_source(h, opt, i, inputs);
	return err;
}

/* --- AF_PACKET ------------------------------------------------------------------------------------- */

static int promiscuous(int fd, int ifindex)
{
	struct packet_mreq m = { .mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC };

	return set(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m));
}

static int make_ring(int fd, const struct xdp_packet_options *opt)
{
	struct tpacket_req3 r = { .tp_block_size = opt->block_bytes,
				  .tp_block_nr = opt->blocks,
				  .tp_frame_size = 2048,
				  .tp_frame_nr = opt->block_bytes / 2048 * opt->blocks,
				  .tp_retire_blk_tov = opt->timeout_ms };
	int err = set_int(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V3);

	/* Room in front of the frame for a tag that the kernel took off. */
	if (!err)
		err = set_int(fd, SOL_PACKET, PACKET_RESERVE, 4);
	if (!err)
		err = set(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r));
	return err;
}

static int bind_packet(int fd, int ifindex)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = ifindex };

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
}

/* The first socket makes the group; id is what the kernel calls it.  Fragments are not joined. */
static int join_fanout(int fd, const struct xdp_packet_options *opt, bool first, uint16_t *id)
{
	int err, value = *id | PACKET_FANOUT_EBPF << 16;
	socklen_t len = sizeof(value);

	if (opt->workers < 2)
		return 0;
	if (first)
		value = (PACKET_FANOUT_EBPF | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
	err = set_int(fd, SOL_PACKET, PACKET_FANOUT, value);
	if (err || !first)
		return err;
	if (getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, &len))
		return -errno;
	*id = (uint16_t)value;
	return set_int(fd, SOL_PACKET, PACKET_FANOUT_DATA, opt->fanout);
}

static int open_packet(struct live_handover *h, const struct xdp_packet_options *opt, uint32_t n,
		       uint16_t *group, struct live_input *inputs)
{
	struct live_source *s = &h->source[h->sources];
	int err, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	*s = (struct live_source){ .worker = n,
				   .queue = h->queues - 1,
				   .slot = n,
				   .book = n,
				   .block_bytes = opt->block_bytes,
				   .blocks = opt->blocks,
				   .socket = fd };
	h->sources++;
	err = make_ring(fd, opt);
	if (!err)
		err = set_int(fd, SOL_SOCKET, SO_ATTACH_BPF, opt->filter);
	if (!err && opt->ignore_outgoing)
		err = set_int(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	if (!err)
		err = live_input_map(h, h->sources - 1, NULL, &inputs[h->sources - 1]);
	if (!err)
		err = bind_packet(fd, opt->ifindex);
	if (!err)
		err = join_fanout(fd, opt, n == 0, group);
	if (!err && n == 0 && opt->promiscuous)
		err = promiscuous(fd, opt->ifindex);
	return err;
}

int xdp_packet_open(struct live_handover *h, const struct xdp_packet_options *opt,
		    struct live_input *inputs)
{
	struct live_queue *q = &h->queue[h->queues];
	uint16_t group = 0;
	int err;

	if (h->queues == LIVE_QUEUES_MAX || opt->workers > LIVE_SOURCES_MAX - h->sources)
		return -E2BIG;
	*q = (struct live_queue){
		.interface = opt->interface, .umem = -1, .rings = -1, .book = -1
	};
	h->queues++;
	err = make_book(h, q);
	for (uint32_t i = 0; !err && i < opt->workers; i++)
		err = open_packet(h, opt, i, &group, inputs);
	return err;
}

/* --- both ------------------------------------------------------------------------------------------ */

static void close_one(int32_t *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void xdp_sockets_undo(struct live_handover *h, struct live_input *inputs, uint32_t queues,
		      uint32_t sources)
{
	/* A ring that is mapped would keep its socket. */
	for (uint32_t i = sources; i < h->sources; i++)
		live_input_unmap(&inputs[i]);
	for (uint32_t i = sources; i < h->sources; i++)
		close_one(&h->source[i].socket);
	for (uint32_t i = queues; i < h->queues; i++) {
		h->queue[i].rings = -1;
		close_one(&h->queue[i].umem);
		close_one(&h->queue[i].book);
	}
	h->sources = sources;
	h->queues = queues;
}

int xdp_promiscuous_open(int ifindex)
{
	int err, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	err = promiscuous(fd, ifindex);
	if (!err)
		return fd;
	close(fd);
	return err;
}
