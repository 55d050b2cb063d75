/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Go: stops of the world, for the collector and for other reasons. */
#ifndef HOLTER_EVENTS_GO_GC_H
#define HOLTER_EVENTS_GO_GC_H

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

/* What user space tells the kernel side about the account of a Go target; the array
 * `go_gc_targets`. */
struct holter_go_gc_target {
	__u64 numgc_address;	   /* of memstats.numgc in the target; 0: unknown */
	__u64 pause_total_address; /* of memstats.pause_total_ns; 0: unknown */
	__u32 preemptoff_offset;   /* of runtime.m.preemptoff; 0: unknown */
	__u32 pad;
};
HOLTER_ASSERT_SIZE(struct holter_go_gc_target, 24);

/* The names that probes/go.yaml may write for this object, and their arguments. */
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

enum holter_go_gc_program { HOLTER_GO_GC_PROGRAMS(HOLTER_PROGRAM_ID) HOLTER_GO_GC_PROGRAM_COUNT };
enum holter_go_gc_argument {
	HOLTER_GO_GC_ARGUMENTS(HOLTER_ARGUMENT_ID) HOLTER_GO_GC_ARGUMENT_COUNT
};

#endif /* HOLTER_EVENTS_GO_GC_H */
