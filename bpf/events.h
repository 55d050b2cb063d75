/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The one contract between the kernel side and user space: what lies in the
 * rings, and what user space writes into the maps. Included by BPF C and by
 * C++, so: fixed widths, no implicit padding, sizes asserted in both compilers.
 */
#ifndef HOLTER_EVENTS_H
#define HOLTER_EVENTS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#ifdef __cplusplus
#define HOLTER_ASSERT_SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#else
#define HOLTER_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#endif

/* Every target has a slot; a probe's cookie carries it. Bounds all per-target maps. */
#define HOLTER_MAX_TARGETS 4096

enum holter_event_type {
	HOLTER_EVENT_GO_GC_PAUSE = 1,
	HOLTER_EVENT_GO_STOP = 2,
	HOLTER_EVENT_TYPES,
};

struct holter_event {
	__u32 type;   /* enum holter_event_type */
	__u32 target; /* slot of the target */
};
HOLTER_ASSERT_SIZE(struct holter_event, 8);

enum holter_go_pause_kind {
	HOLTER_GO_SWEEP_TERMINATION = 0,
	HOLTER_GO_MARK_TERMINATION = 1, /* ends a cycle */
	HOLTER_GO_MARK_RESTART = 2,	/* mark termination given up, world restarted */
	HOLTER_GO_PAUSE_KINDS,
};

enum holter_go_trigger {
	HOLTER_GO_TRIGGER_HEAP = 0,
	HOLTER_GO_TRIGGER_PERIODIC = 1,
	HOLTER_GO_TRIGGER_FORCED = 2,
	HOLTER_GO_TRIGGER_UNKNOWN = 3, /* the cycle began before the probes were attached */
	HOLTER_GO_TRIGGERS,
};

/* A stop of the world for the collector. */
struct holter_go_gc_pause {
	struct holter_event event;
	__u64 duration_ns;
	__u32 numgc;  /* the runtime's own count, read at this moment; 0 if it could not be read */
	__u8 kind;    /* enum holter_go_pause_kind */
	__u8 trigger; /* enum holter_go_trigger; meaningful for mark termination */
	__u16 pad;
};
HOLTER_ASSERT_SIZE(struct holter_go_gc_pause, 24);

/* Why the world stopped, for reasons other than the collector: Go's own stwReason
 * numbering. Go <= 1.20 has strings; user space maps them to the same numbers. */
enum holter_go_stop_reason {
	HOLTER_GO_STOP_UNKNOWN = 0,
	HOLTER_GO_STOP_GC_MARK_TERMINATION = 1,
	HOLTER_GO_STOP_GC_SWEEP_TERMINATION = 2,
	HOLTER_GO_STOP_WRITE_HEAP_DUMP = 3,
	HOLTER_GO_STOP_GOROUTINE_PROFILE = 4,
	HOLTER_GO_STOP_GOROUTINE_PROFILE_CLEANUP = 5,
	HOLTER_GO_STOP_ALL_GOROUTINES_STACK = 6,
	HOLTER_GO_STOP_READ_MEM_STATS = 7,
	HOLTER_GO_STOP_ALL_THREADS_SYSCALL = 8,
	HOLTER_GO_STOP_GOMAXPROCS = 9,
	HOLTER_GO_STOP_START_TRACE = 10,
	HOLTER_GO_STOP_STOP_TRACE = 11,
	HOLTER_GO_STOP_OTHER = 12, /* anything the runtime added later, and its test hooks */
	HOLTER_GO_STOP_REASONS,
};

/* A stop of the world that was not for the collector. */
struct holter_go_stop {
	struct holter_event event;
	__u64 duration_ns;
	__u32 reason; /* Go's number as it is, not bounded by the enum */
	__u32 pad;
};
HOLTER_ASSERT_SIZE(struct holter_go_stop, 24);

/* Why an event that happened is not in the ring. */
enum holter_loss {
	HOLTER_LOSS_RING_FULL = 0,
	HOLTER_LOSS_READ_FAILED = 1, /* the target's memory could not be read */
	HOLTER_LOSSES,
};

/* A probe's cookie: who was hit, which probe it is, and what to do. */
#define HOLTER_COOKIE(target, probe, program, argument)                                            \
	((__u64)(target) | (__u64)(probe) << 32 | (__u64)(program) << 40 | (__u64)(argument) << 48)
#define HOLTER_COOKIE_TARGET(cookie) ((__u32)((cookie)&0xffffffff))
#define HOLTER_COOKIE_PROBE(cookie) ((__u32)(((cookie) >> 32) & 0xff))
#define HOLTER_COOKIE_PROGRAM(cookie) ((__u32)(((cookie) >> 40) & 0xff))
#define HOLTER_COOKIE_ARGUMENT(cookie) ((__u32)(((cookie) >> 48) & 0xff))
/* The site is the branch of a stack check: a hit that takes it is not a call. */
#define HOLTER_COOKIE_BRANCH (1ULL << 56)

/* Hits of one target, by the number of the probe in the cookie; the array `hits`. */
#define HOLTER_MAX_PROBES 32
struct holter_hits {
	__u64 of_probe[HOLTER_MAX_PROBES];
};
HOLTER_ASSERT_SIZE(struct holter_hits, 256);

/* What user space tells the kernel side about a Go target; the array `go_targets`. */
struct holter_go_target {
	__u32 tgid;		   /* 0: the slot is free; hits of any other process are dropped */
	__u32 preemptoff_offset;   /* of runtime.m.preemptoff; 0: unknown */
	__u64 numgc_address;	   /* of memstats.numgc in the target; 0: unknown */
	__u64 pause_total_address; /* of memstats.pause_total_ns; 0: unknown */
};
HOLTER_ASSERT_SIZE(struct holter_go_target, 24);

/*
 * One BPF program serves a whole group, so that one link attaches it; the cookie
 * says which part of it a site means. These are the names that probes/go.yaml
 * may write.
 */
#define HOLTER_GO_GC_PROGRAMS(X)                                                                   \
	X(go_gc_requested)                                                                         \
	X(go_cycle_starts)                                                                         \
	X(go_requested_cycle_starts)                                                               \
	X(go_world_starts)                                                                         \
	X(go_pause_recorded)                                                                       \
	X(go_world_stops)                                                                          \
	X(go_other_stop)                                                                           \
	X(go_other_stop_by_name)                                                                   \
	X(go_mark_terminates)                                                                      \
	X(go_world_started)
#define HOLTER_GO_GC_ARGUMENTS(X)                                                                  \
	X(by_reason)                                                                               \
	X(sweep_termination)                                                                       \
	X(mark_termination)                                                                        \
	X(mark_restart)                                                                            \
	X(all_stops)                                                                               \
	X(other_stops)

#define HOLTER_PROGRAM_ID(name) HOLTER_PROGRAM_##name,
enum holter_go_gc_program { HOLTER_GO_GC_PROGRAMS(HOLTER_PROGRAM_ID) HOLTER_GO_GC_PROGRAM_COUNT };
#define HOLTER_ARGUMENT_ID(name) HOLTER_ARGUMENT_##name,
enum holter_go_gc_argument {
	HOLTER_GO_GC_ARGUMENTS(HOLTER_ARGUMENT_ID) HOLTER_GO_GC_ARGUMENT_COUNT
};

/*
 * Processes: their own small ring (process.bpf.c), read by the watch thread.
 */
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

#endif /* HOLTER_EVENTS_H */
