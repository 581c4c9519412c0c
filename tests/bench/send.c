// SPDX-License-Identifier: Apache-2.0
/*
 * send INTERFACE CAPTURE RATE COUNT [CPU]: send the frames of a capture, again and again, at RATE packets a second
 * (0: as fast as it goes), COUNT of them.  The frames lie in memory, many go with one call, and the queueing
 * discipline is left out, so that one core sends more than tcpreplay does.  Prints what was sent and how long it took; what
 * the device did not take is tried again, and counted.
 */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>

#define BURST 32
#define NAP_NS 100000
#define NS_PER_S 1000000000ull

struct frames {
	struct iovec *frame;
	size_t count, room;
};

static int fail(const char *what)
{
	fprintf(stderr, "send: %s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static int add(struct frames *f, const uint8_t *bytes, size_t len)
{
	struct iovec *more;

	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 4096;
		more = realloc(f->frame, f->room * sizeof(*more));
		if (!more)
			return -1;
		f->frame = more;
	}
	f->frame[f->count] = (struct iovec){ .iov_base = malloc(len), .iov_len = len };
	if (!f->frame[f->count].iov_base)
		return -1;
	memcpy(f->frame[f->count++].iov_base, bytes, len);
	return 0;
}

/* Frames that the device cannot send are left out. */
static int load(const char *path, size_t longest, struct frames *f)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, error);
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	int err = 0;

	if (!p) {
		fprintf(stderr, "send: %s\n", error);
		return -1;
	}
	while (!err && pcap_next_ex(p, &h, &bytes) == 1) {
		if (h->caplen >= ETH_HLEN && h->caplen <= longest)
			err = add(f, bytes, h->caplen);
	}
	pcap_close(p);
	return err || !f->count ? -1 : 0;
}

static int open_socket(const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = (int)if_nametoindex(interface) };
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || !to.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)))
		return -1;
	return fd;
}

/* How many of a burst are due. */
static unsigned due(uint64_t sent, uint64_t count, uint64_t rate, uint64_t passed_ns)
{
	uint64_t n = count - sent;

	if (rate) {
		uint64_t should = (uint64_t)((double)passed_ns * (double)rate / 1e9) + 1;

		n = should > sent && should - sent < n ? should - sent : should > sent ? n : 0;
	}
	return n < BURST ? (unsigned)n : BURST;
}

static int run(int fd, const struct frames *f, uint64_t rate, uint64_t count)
{
	struct mmsghdr burst[BURST];
	uint64_t sent = 0, refused = 0, start = now_ns();

	while (sent < count) {
		unsigned n = due(sent, count, rate, now_ns() - start);
		int done;

		if (!n) {
			nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
			continue;
		}
		memset(burst, 0, sizeof(burst));
		for (unsigned i = 0; i < n; i++) {
			burst[i].msg_hdr.msg_iov = &f->frame[(sent + i) % f->count];
			burst[i].msg_hdr.msg_iovlen = 1;
		}
		done = sendmmsg(fd, burst, n, 0);
		if (done < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return fail("sendmmsg");
		refused += done < 0 || (unsigned)done < n;
		sent += done > 0 ? (uint64_t)done : 0;
	}
	printf("sent %llu packets in %.6f seconds, refused %llu times\n", (unsigned long long)sent,
	       (double)(now_ns() - start) / 1e9, (unsigned long long)refused);
	return 0;
}

int main(int argc, char **argv)
{
	struct frames f = { .count = 0 };
	cpu_set_t cpus;
	int fd;

	if (argc < 5) {
		fprintf(stderr, "usage: send INTERFACE CAPTURE RATE COUNT [CPU]\n");
		return 2;
	}
	if (argc > 5) {
		CPU_ZERO(&cpus);
		CPU_SET(atoi(argv[5]), &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus))
			return fail(argv[5]);
	}
	fd = open_socket(argv[1]);
	if (fd < 0)
		return fail(argv[1]);
	if (load(argv[2], 1514, &f))
		return fail(argv[2]);
	return run(fd, &f, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
}
