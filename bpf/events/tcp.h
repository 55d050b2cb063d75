/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the kernel side counts of the TCP sockets of a target (tcp.bpf.c). Nothing
 * of it goes through the ring: a connection storm must cost the target an atomic
 * addition, not a record, and there is nothing to lose on the way. User space maps
 * both arrays and reads them when somebody asks.
 */
#ifndef HOLTER_EVENTS_TCP_H
#define HOLTER_EVENTS_TCP_H

enum holter_tcp_direction {
	HOLTER_TCP_INBOUND = 0, /* listeners, and what came through one */
	HOLTER_TCP_OUTBOUND = 1,
	HOLTER_TCP_DIRECTIONS,
};

/* The kernel's own numbers (include/net/tcp_states.h), and one of ours. */
enum holter_tcp_state {
	HOLTER_TCP_ESTABLISHED = 1,
	HOLTER_TCP_SYN_SENT = 2,
	HOLTER_TCP_SYN_RECV = 3,
	HOLTER_TCP_FIN_WAIT_1 = 4,
	HOLTER_TCP_FIN_WAIT_2 = 5,
	HOLTER_TCP_TIME_WAIT = 6,
	HOLTER_TCP_CLOSE = 7,
	HOLTER_TCP_CLOSE_WAIT = 8,
	HOLTER_TCP_LAST_ACK = 9,
	HOLTER_TCP_LISTEN = 10,
	HOLTER_TCP_CLOSING = 11,
	HOLTER_TCP_UNACCEPTED = 14, /* established, waiting in a listener's queue */
	HOLTER_TCP_STATES = 16,
};

/* How an attempt to connect ended. */
enum holter_tcp_result {
	HOLTER_TCP_OK = 0,
	HOLTER_TCP_REFUSED = 1,
	HOLTER_TCP_TIMEOUT = 2,
	HOLTER_TCP_RESET = 3,
	HOLTER_TCP_UNREACHABLE = 4,
	HOLTER_TCP_NO_PORT = 5, /* no free local port (or address): nothing was sent */
	HOLTER_TCP_ABORTED = 6, /* closed by the program before there was an answer */
	HOLTER_TCP_OTHER = 7,
	HOLTER_TCP_RESULTS,
};

enum holter_tcp_reset {
	HOLTER_TCP_RESET_SENT = 0,
	HOLTER_TCP_RESET_RECEIVED = 1,
	HOLTER_TCP_RESETS,
};

/* Ends of the buckets of connection durations, in ns; the last bucket has no end. */
#define HOLTER_TCP_DURATION_BOUNDS(X)                                                              \
	X(1000000ULL) /* 1 ms */                                                                   \
	X(5000000ULL)                                                                              \
	X(10000000ULL)                                                                             \
	X(50000000ULL)                                                                             \
	X(100000000ULL)                                                                            \
	X(500000000ULL)                                                                            \
	X(1000000000ULL) /* 1 s */                                                                 \
	X(5000000000ULL)                                                                           \
	X(10000000000ULL)                                                                          \
	X(30000000000ULL)                                                                          \
	X(60000000000ULL) /* 1 min */                                                              \
	X(300000000000ULL)                                                                         \
	X(900000000000ULL)                                                                         \
	X(3600000000000ULL) /* 1 h */                                                              \
	X(21600000000000ULL)                                                                       \
	X(86400000000000ULL) /* 1 d */
#define HOLTER_TCP_DURATION_BUCKETS 17

/*
 * Sockets that left for TIME_WAIT, by when: a small clock of 32 ticks of 2 s. A word
 * holds the number of the tick it counts (upper 40 bits) and the count, so that a
 * word of the last turn of the clock is known for what it is.
 */
#define HOLTER_TCP_TICK_NS 2000000000ULL
#define HOLTER_TCP_TICKS 32
#define HOLTER_TCP_TICK_BITS 24

/*
 * Since the target appeared; the array `tcp_counts`. What its sockets do after it has
 * ended goes on being counted here until the slot is another's.
 */
struct holter_tcp_counts {
	__u32 tgid; /* of the target; 0: it has had no socket yet */
	__u32 pad;
	__u64 connects[HOLTER_TCP_RESULTS];
	__u64 accepts;
	__u64 retransmits;
	__u64 resets[HOLTER_TCP_RESETS];
	__u64 duration_ns[HOLTER_TCP_DIRECTIONS]; /* sums */
	__u64 durations[HOLTER_TCP_DIRECTIONS][HOLTER_TCP_DURATION_BUCKETS];
	__u64 time_waits[HOLTER_TCP_DIRECTIONS][HOLTER_TCP_TICKS];
};
HOLTER_ASSERT_SIZE(struct holter_tcp_counts, 904);

/* Sockets now; the array `tcp_tally`, filled by an iterator when somebody asks. */
struct holter_tcp_tally {
	__u32 sockets[HOLTER_TCP_DIRECTIONS][HOLTER_TCP_STATES];
};
HOLTER_ASSERT_SIZE(struct holter_tcp_tally, 128);

/* What is kept with a socket of a target: the storage map `tcp_sockets`. */
struct holter_tcp_socket {
	__u32 slot;
	__u32 tgid;	      /* of the owner; 0, or not the slot's: nobody's */
	__u64 established_ns; /* 0: not yet, or before we knew the socket */
	__u32 other_slot;     /* a target that holds it beside the owner, found in other_round */
	__u32 other_tgid;
	__u32 held_round; /* the last look that found it among the owner's files, or its birth */
	__u32 other_round;
	__u8 direction;
	__u8 state; /* after the last change that we took into account */
	__u8 pad[6];
};
HOLTER_ASSERT_SIZE(struct holter_tcp_socket, 40);

/* Why something of a socket is not in the counts: index of holter_tcp_account.lost[]. */
enum holter_tcp_loss {
	HOLTER_TCP_LOST_MAP_FULL = 0,	 /* as many sockets are followed as may be */
	HOLTER_TCP_LOST_NO_MEMORY = 1,	 /* the kernel had no memory for one more */
	HOLTER_TCP_LOST_OWNER_ENDED = 2, /* closed when its owner's slot was another's */
	HOLTER_TCP_LOSSES,
};

/* What a look at the files of the targets put right: index of holter_tcp_account.corrections[]. */
enum holter_tcp_correction {
	HOLTER_TCP_ADOPTED = 0,	 /* held by a target, and nobody's */
	HOLTER_TCP_MOVED = 1,	 /* held by another target than its owner */
	HOLTER_TCP_RELEASED = 2, /* not held by its owner any more, but by a process not traced */
	HOLTER_TCP_CORRECTIONS,
};

enum holter_tcp_look {
	HOLTER_TCP_LOOK_AROUND = 0, /* at the files of all targets, now and then */
	HOLTER_TCP_FIRST_LOOK = 1,  /* at a process that was there before us: nothing to correct */
	HOLTER_TCP_SECOND_LOOK = 2, /* at the same: what it opened while it was looked at */
};

/* About all sockets together, written by both sides; the one element of `tcp_account`. */
struct holter_tcp_account {
	__u64 lost[HOLTER_TCP_LOSSES];
	__u64 corrections[HOLTER_TCP_CORRECTIONS];
	__u64 established; /* connections whose begin was seen … */
	__u64 ended;	   /* … and of these, whose end was: the others must still be there */
	__u32 limit;	   /* storages that there may be */
	__u32 counted;	   /* that there were at the last tally */
	__u32 made;	   /* since: more than the two together there cannot be */
	__u32 round;	   /* number of the current look at the files of the targets */
	__u32 look_kind;   /* enum holter_tcp_look */
	__u32 counting;	   /* by the tally that runs: storages … */
	__u32 open;	   /* … and connections whose begin was seen */
	__u32 mptcp;	   /* MPTCP sockets that the current look has found */
};
HOLTER_ASSERT_SIZE(struct holter_tcp_account, 96);

/* Who holds an MPTCP socket: found by one iterator, for the next one; the hash `tcp_mptcp`. */
struct holter_tcp_holder {
	__u32 slot;
	__u32 tgid;
};
HOLTER_ASSERT_SIZE(struct holter_tcp_holder, 8);

#endif /* HOLTER_EVENTS_TCP_H */
