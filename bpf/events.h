/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The one contract between the kernel side and user space: what lies in the
 * rings, and what user space writes into the maps. Included by BPF C and by
 * C++, so: fixed widths, no implicit padding, sizes asserted in both compilers.
 * What all signals share is here; what one of them says is in events/SIGNAL.h.
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

/*
 * Every type of event: X(TYPE, name) stands for HOLTER_EVENT_TYPE, struct
 * holter_name, and `name` in metrics.
 */
#define HOLTER_EVENTS(X)                                                                           \
	X(GO_GC_PAUSE, go_gc_pause)                                                                \
	X(GO_STOP, go_stop)                                                                        \
	X(DEATH, death)                                                                            \
	X(GO_PANIC, go_panic)                                                                      \
	X(PROBE_HIT, probe_hit)                                                                    \
	X(PROBE_TEXT_HIT, probe_text_hit)                                                          \
	X(GO_OBJECT, go_object)                                                                    \
	X(GO_HTTP_DIAL, go_http_dial)                                                              \
	X(GO_HTTP_CLOSE, go_http_close)                                                            \
	X(GO_SQL_WAIT, go_sql_wait)                                                                \
	X(GO_GRPC_TRANSITION, go_grpc_transition)                                                  \
	X(GO_GRPC_CONNECT, go_grpc_connect)                                                        \
	X(GO_GRPC_GOAWAY, go_grpc_goaway)                                                          \
	X(GO_GRPC_SERVER_CLOSE, go_grpc_server_close)                                              \
	X(REQUEST, request)                                                                        \
	X(LONG_REQUEST, long_request)                                                              \
	X(TRACED_REQUEST, traced_request)

enum holter_event_type {
	HOLTER_EVENT_NONE,
#define HOLTER_EVENT_ID(TYPE, name) HOLTER_EVENT_##TYPE,
	HOLTER_EVENTS(HOLTER_EVENT_ID)
#undef HOLTER_EVENT_ID
	    HOLTER_EVENT_TYPES,
};

/* What every event begins with. */
struct holter_event {
	__u32 type;   /* enum holter_event_type */
	__u32 target; /* slot of the target */
};
HOLTER_ASSERT_SIZE(struct holter_event, 8);

/* Why an event that happened is not in the ring: X(CAUSE, name). */
#define HOLTER_LOSS_CAUSES(X)                                                                      \
	X(RING_FULL, ring_full)                                                                    \
	X(READ_FAILED, read_failed)   /* the target's memory could not be read */                  \
	X(MAP_FULL, map_full)	      /* no room to remember it until it is complete */            \
	X(BEGIN_UNSEEN, begin_unseen) /* its end was seen, its begin was not */

enum holter_loss {
#define HOLTER_LOSS_ID(CAUSE, name) HOLTER_LOSS_##CAUSE,
	HOLTER_LOSS_CAUSES(HOLTER_LOSS_ID)
#undef HOLTER_LOSS_ID
	    HOLTER_LOSSES,
};

/* Every target has a slot; a probe's cookie carries it. Bounds all per-target maps. */
#define HOLTER_MAX_TARGETS 1536

/* Whose slot it is; the array `targets`. The hash `slots` leads from a tgid to its slot. */
struct holter_target {
	__u32 tgid;	  /* 0: the slot is free; hits of any other process are dropped */
	__u32 generation; /* another for every target, also in the same slot and after an exec */
	__u32 window; /* which sample its requests belong to that begin now; 0: all are counted */
	__u32 pad;
	__u64 from_ns;	/* requests are counted that begin from here on (monotonic clock) … */
	__u64 until_ns; /* … and before this. Written last and read first, each in that order: who
			   sees a new end sees the window that it is the end of */
};
HOLTER_ASSERT_SIZE(struct holter_target, 32);

/*
 * A probe's cookie: who was hit (16 bits), which of its probes it is (16), and what to
 * do. One BPF program serves a whole group, so that one link attaches it: 8 bits say which
 * part of it a site means, 8 more what to tell that part. Programs of the catalogue have
 * the number of a specification there instead (24 bits).
 */
#define HOLTER_COOKIE(target, probe, program, argument)                                            \
	((__u64)(target) | (__u64)(probe) << 16 | (__u64)(program) << 32 | (__u64)(argument) << 40)
#define HOLTER_COOKIE_TARGET(cookie) ((__u32)((cookie)&0xffff))
#define HOLTER_COOKIE_PROBE(cookie) ((__u32)(((cookie) >> 16) & 0xffff))
#define HOLTER_COOKIE_PROGRAM(cookie) ((__u32)(((cookie) >> 32) & 0xff))
#define HOLTER_COOKIE_ARGUMENT(cookie) ((__u32)(((cookie) >> 40) & 0xff))
#define HOLTER_COOKIE_OF_SPECIFICATION(target, probe, number)                                      \
	((__u64)(target) | (__u64)(probe) << 16 | (__u64)(number) << 32)
#define HOLTER_COOKIE_SPECIFICATION(cookie) ((__u32)(((cookie) >> 32) & 0xffffff))
/* The site is the branch of a stack check: a hit that takes it is not a call. */
#define HOLTER_COOKIE_BRANCH (1ULL << 56)

/* Hits of one target, by the number of the probe in the cookie; the array `hits`. */
#define HOLTER_MAX_PROBES 128
struct holter_hits {
	__u64 of_probe[HOLTER_MAX_PROBES];
};
HOLTER_ASSERT_SIZE(struct holter_hits, 1024);

/* The numbers behind the words of a group's object, see events/go_gc.h. */
#define HOLTER_PROGRAM_ID(name) HOLTER_PROGRAM_##name,
#define HOLTER_ARGUMENT_ID(name) HOLTER_ARGUMENT_##name,

#include "bpf/events/catalogue.h"
#include "bpf/events/deaths.h"
#include "bpf/events/go_connections.h"
#include "bpf/events/go_errors.h"
#include "bpf/events/go_gc.h"
#include "bpf/events/process.h"
#include "bpf/events/requests.h"
#include "bpf/events/tcp.h"

#endif /* HOLTER_EVENTS_H */
