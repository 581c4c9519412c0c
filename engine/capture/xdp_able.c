/* SPDX-License-Identifier: Apache-2.0 */
/* What is attached to an interface already, and what this kernel and process can do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "bpf/weir_program.h"
#include "engine/capture/live_ring.h"
#include "engine/capture/xdp_load.h"

static const char *mode_name(unsigned mode)
{
	switch (mode) {
	case XDP_ATTACHED_DRV:
		return "driver mode";
	case XDP_ATTACHED_SKB:
		return "generic mode";
	case XDP_ATTACHED_HW:
		return "on the device";
	default:
		return "in several modes";
	}
}

static unsigned id_of(const struct bpf_xdp_query_opts *q)
{
	return q->prog_id	? q->prog_id
	       : q->drv_prog_id ? q->drv_prog_id
	       : q->skb_prog_id ? q->skb_prog_id
				: q->hw_prog_id;
}

bool xdp_program_attached(int ifindex, char *text, size_t text_len)
{
	struct bpf_xdp_query_opts q = { .sz = sizeof(q) };
	struct bpf_prog_info info = { .type = 0 };
	__u32 len = sizeof(info);
	int fd;

	if (bpf_xdp_query(ifindex, 0, &q) || q.attach_mode == XDP_ATTACHED_NONE)
		return false;
	fd = bpf_prog_get_fd_by_id(id_of(&q));
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
		snprintf(text, text_len, "the XDP program '%s' (id %u, %s, loaded by uid %u)",
			 info.name, id_of(&q), mode_name(q.attach_mode), info.created_by_uid);
	else
		snprintf(text, text_len, "an XDP program (id %u, %s)", id_of(&q),
			 mode_name(q.attach_mode));
	if (fd >= 0)
		close(fd);
	return true;
}

/* --- abilities ------------------------------------------------------------------------------------- */

static void kernel(struct xdp_able *a)
{
	struct utsname u;
	unsigned major = 0, minor = 0;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	a->able = major > 5 || (major == 5 && minor >= 15);
	snprintf(a->text, sizeof(a->text), "%s%s", u.release,
		 a->able ? "" : "; 5.15 or later is needed for the kernel stage");
}

static void load(struct xdp_able *a, enum weir_object which, const char *needs)
{
	const struct weir_config config = { .slots = 1 };
	struct weir_program *p = NULL;
	char log[2048];

	a->err = weir_program_load(which, &config, 16, log, sizeof(log), &p);
	a->able = !a->err;
	if (a->able)
		snprintf(a->text, sizeof(a->text), "the program loads");
	else if (a->err == -EPERM || a->err == -EACCES)
		snprintf(a->text, sizeof(a->text), "not allowed; %s", needs);
	else
		snprintf(a->text, sizeof(a->text), "%s: %.160s", strerror(-a->err), log);
	weir_program_close(p);
}

static void btf(struct xdp_able *a)
{
	a->able = !access("/sys/kernel/btf/vmlinux", R_OK);
	a->err = a->able ? 0 : -errno;
	snprintf(a->text, sizeof(a->text), "%s",
		 a->able ? "/sys/kernel/btf/vmlinux"
			 : "the kernel has no type information (CONFIG_DEBUG_INFO_BTF)");
}

#define UMEM_BYTES (64u << 20)

static void memlock(struct xdp_able *a)
{
	struct xdp_umem_reg reg = { .len = UMEM_BYTES, .chunk_size = 2048 };
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	void *map =
		mmap(NULL, UMEM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	reg.addr = (uint64_t)(uintptr_t)map;
	a->err = fd < 0 || map == MAP_FAILED ? -errno : 0;
	if (!a->err && setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		a->err = -errno;
	a->able = !a->err;
	if (a->able)
		snprintf(a->text, sizeof(a->text), "64 MiB of frames can be locked");
	else
		snprintf(a->text, sizeof(a->text),
			 "64 MiB of frames cannot be locked (%s); raise LimitMEMLOCK or give "
			 "CAP_IPC_LOCK",
			 strerror(-a->err));
	if (fd >= 0)
		close(fd);
	if (map != MAP_FAILED)
		munmap(map, UMEM_BYTES);
}

static void try_socket(struct xdp_able *a, int family, const char *needs)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, 0);

	a->able = fd >= 0;
	a->err = a->able ? 0 : -errno;
	snprintf(a->text, sizeof(a->text), "%s%s%s", a->able ? "sockets open" : strerror(errno),
		 a->able ? "" : "; ", a->able ? "" : needs);
	if (fd >= 0)
		close(fd);
}

void xdp_abilities(struct xdp_able out[XDP_ABILITY__COUNT])
{
	static const char *const names[XDP_ABILITY__COUNT] = {
		[XDP_ABILITY_KERNEL] = "kernel",    [XDP_ABILITY_LOAD] = "program",
		[XDP_ABILITY_FRAGS] = "frags",	    [XDP_ABILITY_BTF] = "btf",
		[XDP_ABILITY_MEMLOCK] = "memlock",  [XDP_ABILITY_SOCKET] = "af-xdp",
		[XDP_ABILITY_PACKET] = "af-packet",
	};
	static const char *const caps = "CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN are needed";

	memset(out, 0, XDP_ABILITY__COUNT * sizeof(*out));
	for (unsigned i = 0; i < XDP_ABILITY__COUNT; i++)
		out[i].name = names[i];
	kernel(&out[XDP_ABILITY_KERNEL]);
	load(&out[XDP_ABILITY_LOAD], WEIR_OBJECT_XDP, caps);
	load(&out[XDP_ABILITY_FRAGS], WEIR_OBJECT_XDP_FRAGS, caps);
	btf(&out[XDP_ABILITY_BTF]);
	memlock(&out[XDP_ABILITY_MEMLOCK]);
	try_socket(&out[XDP_ABILITY_SOCKET], AF_XDP,
		   "CAP_NET_RAW and a kernel with CONFIG_XDP_SOCKETS are needed");
	try_socket(&out[XDP_ABILITY_PACKET], AF_PACKET, "CAP_NET_RAW is needed");
	/* Its filter is a program as well. */
	if (out[XDP_ABILITY_PACKET].able)
		load(&out[XDP_ABILITY_PACKET], WEIR_OBJECT_SOCKET, caps);
}
