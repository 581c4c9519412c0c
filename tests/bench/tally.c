/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally FILE.pcap [packets]: what counting sources of probes (bpf/weir_tally.h) adds to the program on a NIC.
 *
 * Packets of the capture, evenly spread (20,000), go through the program by test run, with counting and without, in
 * turns; of each the least of several rounds counts, and what an empty program takes is taken off.  Then SYNs, each of
 * another source, once each, with a system call between two; and all in one run: what a flood costs.  For people: nothing
 * is asserted.
 *
 * tally --flood N: N SYNs of N sources, and every 1,000th packet one of a scan of 1,000 ports: what is known of the scan
 * then, and what the tables take.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/weir_program.h"
#include "bpf/weir_tally.h"
#include "engine/capture/capture.h"

/* Single runs: before it repeats one, the kernel waits for all CPUs, for milliseconds. */
#define ROUNDS 25
#define FLOOD 200000
#define KEY 0x5eed

static _Noreturn void fail(const char *what, int err)
{
	fprintf(stderr, "tally: %s: %s\n", what, strerror(-err));
	exit(err == -EPERM ? 77 : 1);
}

static int empty_program(void)
{
	const struct bpf_insn insn[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", insn, 2, NULL);

	if (fd < 0)
		fail("an empty program", -errno);
	return fd;
}

static struct weir_program *load(unsigned tally)
{
	const struct weir_config config = { .key = KEY,
					    .send = WEIR_SEND_PASS,
					    .slots = 1,
					    .kept_action = XDP_DROP,
					    .tally = tally };
	static struct weir_plan plan;
	struct weir_program *p;
	char log[4096];
	int err = weir_program_load(WEIR_OBJECT_XDP, &config, 0, log, sizeof(log), &p);

	if (err) {
		fprintf(stderr, "%s\n", log);
		fail("the program", err);
	}
	/* As the stock outputs have it: flows are wanted, and only released ones are kept. */
	plan.wants.any_port = WEIR_CLASSES_ALL;
	plan.wants.any_net = WEIR_CLASSES_ALL;
	plan.wants.tunnels.vxlan[0] = 4789;
	plan.wants.tunnels.opaque[0] = 3544;
	err = weir_program_plan(p, &plan);
	if (err)
		fail("plan", err);
	return p;
}

/* Nanoseconds of one run; negative: the kernel takes no such packet. */
static double run(int program, const uint8_t *data, uint32_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data, .data_size_in = len, .repeat = 1);

	return bpf_prog_test_run_opts(program, &opts) ? -1.0 : (double)opts.duration;
}

static double least(int program, const uint8_t *data, uint32_t len, double before)
{
	double ns = run(program, data, len);

	return before < 0 || (ns >= 0 && ns < before) ? ns : before;
}

struct sums {
	double empty, without, with;
	unsigned count;
};

static void add(struct sums *s, double empty, double without, double with)
{
	s->empty += empty;
	s->without += without;
	s->with += with;
	s->count++;
}

static void show(const char *what, const struct sums *s)
{
	double n = s->count ? s->count : 1;
	double without = (s->without - s->empty) / n, with = (s->with - s->empty) / n;

	printf("%-28s %8u packets: %6.1f ns without, %6.1f ns with: %+5.1f ns, %+5.1f %%\n", what,
	       s->count, without, with, with - without, 100 * (with - without) / without);
}

/* A TCP segment over IPv4 in Ethernet, with SYN and without ACK. */
static int is_syn(const struct frame *f)
{
	return f->len > 54 && f->data[12] == 8 && f->data[13] == 0 && f->data[14] == 0x45 &&
	       f->data[23] == 6 && (f->data[47] & 0x12) == 2;
}

static void measure(const struct frame *f, const int program[3], struct sums *all, struct sums *syn)
{
	double ns[3] = { -1, -1, -1 };

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 3; i++)
			ns[i] = least(program[i], f->data, f->len, ns[i]);
	}
	if (ns[0] < 0 || ns[1] < 0 || ns[2] < 0)
		return;
	add(all, ns[0], ns[1], ns[2]);
	if (is_syn(f))
		add(syn, ns[0], ns[1], ns[2]);
}

static uint64_t count_packets(const char *path)
{
	const struct capture_block *block;
	char error[CAPTURE_ERROR_BYTES];
	const char *input = path;
	struct capture_options opt = { .inputs = &input, .input_count = 1, .readers = 1 };
	struct capture *c;
	uint64_t n = 0;

	if (capture_open(&opt, &c, error)) {
		fprintf(stderr, "tally: %s\n", error);
		exit(1);
	}
	while (capture_next_block(c, 0, &block) == 1)
		n += block->count;
	capture_close(c);
	return n;
}

static void measure_all(const char *path, uint64_t packets, const int program[3])
{
	struct sums all = { .count = 0 }, syn = { .count = 0 };
	const struct capture_block *block;
	char error[CAPTURE_ERROR_BYTES];
	const char *input = path;
	struct capture_options opt = { .inputs = &input, .input_count = 1, .readers = 1 };
	uint64_t step = count_packets(path) / packets + 1, n = 0;
	struct capture *c;

	if (capture_open(&opt, &c, error))
		exit(1);
	while (capture_next_block(c, 0, &block) == 1) {
		for (unsigned i = 0; i < block->count; i++) {
			const struct frame *f = &block->frames[i];

			if (n++ % step == 0 && f->link == LINK_ETHERNET && f->len >= 14)
				measure(f, program, &all, &syn);
		}
	}
	capture_close(c);
	show("packets of the capture", &all);
	show("of these SYN", &syn);
}

/* SYNs of sources that come once, to one port. */
static void measure_flood(const int program[3])
{
	uint8_t syn[60] = { [12] = 8, [14] = 0x45, [17] = 40, [22] = 64, [23] = 6,    [30] = 10,
			    [33] = 1, [34] = 0xc0, [36] = 0,  [37] = 80, [46] = 0x50, [47] = 2 };
	struct sums flood = { .count = 0 };

	for (uint32_t i = 0; i < FLOOD; i++) {
		uint32_t source = i * 2654435761u;
		double ns[3];

		memcpy(syn + 26, &source, 4);
		for (unsigned k = 0; k < 3; k++)
			ns[k] = run(program[k], syn, sizeof(syn));
		if (ns[0] >= 0 && ns[1] >= 0 && ns[2] >= 0)
			add(&flood, ns[0], ns[1], ns[2]);
	}
	show("SYNs, a source each, once", &flood);
}

/*
 * Gives the packet another source, and goes on in the program: so a flood is one test run, in which the program's own
 * code stays in the processor's caches as it does on a NIC, and only what a new source touches is far.
 */
static int flooder(int program, enum bpf_attach_type attach)
{
	int map = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "next", 4, 4, 1, NULL);
	const struct bpf_insn insn[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = 0 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 3, .src_reg = 1, .off = 4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 4, .src_reg = 2 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 4, .imm = 30 },
		{ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = 4, .src_reg = 3, .off = 8 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 5, .src_reg = 2, .off = 26 },
		{ .code = BPF_ALU | BPF_ADD | BPF_K, .dst_reg = 5, .imm = (int)0x9e3779b1 },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 5, .off = 26 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6 },
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = 2,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ .code = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_ABORTED },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach);
	const __u32 first = 0;
	int fd;

	if (map < 0)
		fail("a map of programs", -errno);
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "flooder", "GPL", insn,
			   sizeof(insn) / sizeof(insn[0]), &opts);
	if (fd < 0)
		fail("the flooder", -errno);
	if (bpf_map_update_elem(map, &first, &program, 0))
		fail("the map of programs", -errno);
	return fd;
}

/* Nanoseconds of one of FLOOD packets, each of a source of its own. */
static double run_flood(int program)
{
	uint8_t syn[60] = { [12] = 8, [14] = 0x45, [17] = 40, [22] = 64,   [23] = 6, [30] = 10,
			    [33] = 1, [34] = 0xc0, [37] = 80, [46] = 0x50, [47] = 2 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = syn, .data_size_in = sizeof(syn),
		    .repeat = FLOOD);

	if (bpf_prog_test_run_opts(program, &opts))
		fail("test run of a flood", -errno);
	if (opts.retval == XDP_ABORTED)
		fail("the flooder's next program", ENOEXEC);
	return (double)opts.duration;
}

static void measure_flood_at_rate(const int program[3])
{
	struct sums flood = { .count = 0 };
	int flooders[3];

	for (unsigned k = 0; k < 3; k++)
		flooders[k] = flooder(program[k], k ? BPF_XDP : 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		double ns[3];

		for (unsigned k = 0; k < 3; k++)
			ns[k] = run_flood(flooders[k]);
		add(&flood, ns[0], ns[1], ns[2]);
	}
	printf("%u rounds of %u:\n", ROUNDS, FLOOD);
	show("SYNs of new sources, at rate", &flood);
}

/* A packet of a scan from 10.0.0.1, or of a source that comes once. */
static void fill_in(uint8_t syn[60], uint32_t i, uint32_t scanned)
{
	const uint8_t scanner[4] = { 10, 0, 0, 1 };
	uint32_t source = i * 2654435761u;

	memcpy(syn + 26, i % 1000 ? (const uint8_t *)&source : scanner, 4);
	syn[36] = (uint8_t)((i % 1000 ? 80 : scanned) >> 8);
	syn[37] = (uint8_t)(i % 1000 ? 80 : scanned);
}

static void show_scanner(const struct weir_program *p)
{
	struct weir_tally_bucket b;
	unsigned entries = 0, forgotten = 0;

	for (__u32 i = 0; i < WEIR_TALLY_BUCKETS; i++) {
		if (bpf_map_lookup_elem(p->buckets, &i, &b))
			fail("buckets", -errno);
		forgotten += b.forgotten;
		for (unsigned way = 0; way < WEIR_TALLY_WAYS; way++) {
			const struct weir_source *s = &b.source[way];

			entries += b.tag[way] != WEIR_TAG_FREE;
			if (s->address[0] == 0x0100000a)
				printf("the scan: %u probes, %u ports\n", s->packets,
				       weir_tally_distinct(s->ports));
		}
	}
	printf("%u entries of %u, %u gave way with more than one place; tables of %zu bytes\n",
	       entries, WEIR_TALLY_BUCKETS * WEIR_TALLY_WAYS, forgotten,
	       WEIR_TALLY_BUCKETS * sizeof(struct weir_tally_bucket) +
		       WEIR_NOTE_LINES * sizeof(struct weir_note_line));
}

static int flood(uint32_t sources)
{
	uint8_t syn[60] = { [12] = 8,  [14] = 0x45, [17] = 40, [22] = 64,   [23] = 6,
			    [33] = 11, [34] = 0xc0, [37] = 80, [46] = 0x50, [47] = 2 };
	const struct weir_program *p = load(1);

	for (uint32_t i = 0; i < sources; i++) {
		fill_in(syn, i, i / 1000 % 1000 + 1);
		if (run(p->program, syn, sizeof(syn)) < 0)
			fail("test run", -errno);
	}
	show_scanner(p);
	return 0;
}

int main(int argc, char **argv)
{
	int program[3];

	if (argc == 3 && !strcmp(argv[1], "--flood"))
		return flood((uint32_t)strtoul(argv[2], NULL, 10));

	if (argc < 2) {
		fprintf(stderr, "usage: tally FILE.pcap [packets] | --flood N\n");
		return 2;
	}
	program[0] = empty_program();
	program[1] = load(0)->program;
	program[2] = load(1)->program;
	measure_all(argv[1], argc > 2 ? strtoull(argv[2], NULL, 10) : 20000, program);
	measure_flood(program);
	measure_flood_at_rate(program);
	return 0;
}
