/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Births and deaths of processes: a small ring of their own (process.bpf.c), read by the watch
 * thread. */
#ifndef HOLTER_EVENTS_PROCESS_H
#define HOLTER_EVENTS_PROCESS_H

enum holter_process_event_type {
	HOLTER_PROCESS_EXEC = 1,
	HOLTER_PROCESS_FORK = 2, /* a new process, not a thread */
	HOLTER_PROCESS_EXIT = 3, /* the last thread of a watched process ends */
};

struct holter_process_event {
	__u32 type;    /* enum holter_process_event_type */
	__u32 pid;     /* of the process, as the PID namespace that user space looks from has it */
	__u64 time_ns; /* CLOCK_BOOTTIME: comparable with start times in /proc */
};
HOLTER_ASSERT_SIZE(struct holter_process_event, 16);

/* Why a process event was lost: index of process_lost[]. */
enum holter_process_loss {
	HOLTER_PROCESS_LOST_RING_FULL = 0,
	HOLTER_PROCESS_LOSSES,
};

#endif /* HOLTER_EVENTS_PROCESS_H */
