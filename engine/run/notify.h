/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h - tells the service manager how the program is: ready, alive, stopping.
 *
 * In: NOTIFY_SOCKET and WATCHDOG_USEC of the environment.  Out: datagrams to that socket.
 * Without a manager every call does nothing.
 *
 * Memory: one descriptor in struct notify.
 * Thread: the one that owns it.
 * Specification: sd_notify(3), the protocol of datagrams with lines NAME=VALUE.
 */
#ifndef WEIR_RUN_NOTIFY_H
#define WEIR_RUN_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd; /* -1: there is no manager */
	int64_t interval_ns; /* between signs of life: half of what is asked for; 0: none are */
	int64_t next_ns; /* CLOCK_MONOTONIC */
};

/* Connects, so that it still works once the file system is out of reach.  Returns 0 or -errno (told once, not fatal). */
int notify_open(struct notify *n);
void notify_close(struct notify *n);

void notify_ready(struct notify *n, const char *status);
void notify_status(struct notify *n, const char *status);
void notify_stopping(struct notify *n);
/* A sign of life, where one is due. */
void notify_alive(struct notify *n, int64_t now_ns);

#endif
