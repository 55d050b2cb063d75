// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What TCP sockets there are. Iterators: they run when user space reads them, on its
 * thread, and cost the targets nothing.
 *
 * tcp_count_sockets counts all that have an owner. tcp_adopt goes through the files of a
 * process and gives it what nobody owns; after it went through those of all targets,
 * tcp_settle takes from owners what they hold no more.
 */
#include "bpf/tcp_sockets.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_tcp_tally);
} tcp_tally SEC(".maps");

/* MPTCP sockets, by the kernel's address of them; empty but during a look. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 32768);
	__type(key, __u64);
	__type(value, struct holter_tcp_holder);
} tcp_mptcp SEC(".maps");

/* Whether this target still has its slot. */
static __always_inline bool lives(__u32 slot, __u32 tgid)
{
	struct holter_target *target = bpf_map_lookup_elem(&targets, &slot);

	return tgid && target && target->tgid == tgid;
}

/* Every socket that has a storage, whoever holds it. One at a time, on the thread that asks. */
SEC("iter/bpf_sk_storage_map")
int tcp_count_sockets(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct holter_tcp_socket *socket = ctx->value;
	struct sock *sk = ctx->sk;
	struct holter_tcp_tally *tally;
	struct holter_tcp_account *own = account();
	__u32 slot, direction, state;

	if (!sk || !socket || !own)
		return 0;
	own->counting++;
	own->open += socket->established_ns != 0;
	slot = socket->slot;
	if (!lives(slot, socket->tgid))
		return 0;
	tally = bpf_map_lookup_elem(&tcp_tally, &slot);
	direction = socket->direction;
	state = sk->__sk_common.skc_state;
	barrier_var(direction); /* or the masks below are thought to be superfluous, or moved */
	barrier_var(state);
	if (!tally)
		return 0;
	if (state == HOLTER_TCP_LISTEN) {
		tally->sockets[HOLTER_TCP_INBOUND][HOLTER_TCP_SYN_RECV] += BPF_CORE_READ(
		    (struct inet_connection_sock *)sk, icsk_accept_queue.qlen.counter);
		tally->sockets[HOLTER_TCP_INBOUND][HOLTER_TCP_UNACCEPTED] += sk->sk_ack_backlog;
	} else if (direction == HOLTER_TCP_INBOUND && !sk->sk_socket &&
		   !(sk->__sk_common.skc_flags & SOCK_DEAD_FLAG)) {
		return 0; /* in the queue of its listener, which knows how many there are */
	}
	tally->sockets[direction & (HOLTER_TCP_DIRECTIONS - 1)][state & (HOLTER_TCP_STATES - 1)]++;
	return 0;
}

/*
 * Which way an existing connection was opened. A port that the kernel chose for a
 * connect() is marked as such; one that is shared with a listener, or was, is not.
 */
static __always_inline __u8 direction_of(struct sock *sk, __u8 state)
{
	struct inet_bind_bucket *bucket =
	    BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_bind_hash);

	if (state == HOLTER_TCP_LISTEN)
		return HOLTER_TCP_INBOUND;
	/* Some bits of a byte in old kernels, 6.1 among them, and a byte in new ones. */
	if (state == HOLTER_TCP_SYN_SENT ||
	    BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & SOCK_BINDPORT_LOCK)
		return HOLTER_TCP_OUTBOUND;
	if (bucket && BPF_CORE_READ(bucket, fastreuse) < 0)
		return HOLTER_TCP_OUTBOUND;
	return HOLTER_TCP_INBOUND;
}

/* The target holds this socket: it is its own, unless another living target's. */
static __always_inline void hold(struct sock *sk, __u32 slot, __u32 tgid)
{
	struct holter_tcp_account *own = account();
	struct holter_tcp_socket *socket;
	__u8 state = sk->__sk_common.skc_state;

	if (!own || state == HOLTER_TCP_CLOSE || state > HOLTER_TCP_CLOSING)
		return;
	socket = storage_of(sk);
	if (socket && socket->tgid == tgid && socket->slot == slot) {
		socket->held_round = own->round;
		return;
	}
	if (socket && lives(socket->slot, socket->tgid)) {
		socket->other_slot = slot;
		socket->other_tgid = tgid;
		socket->other_round = own->round;
		return;
	}
	if (!socket) {
		socket = make_storage(sk, own->look_kind == HOLTER_TCP_FIRST_LOOK);
		if (!socket)
			return;
		socket->direction = direction_of(sk, state);
		socket->state = state;
	}
	set_owner(socket, slot, tgid);
	socket->held_round = own->round;
	if (own->look_kind == HOLTER_TCP_LOOK_AROUND)
		count(&own->corrections[HOLTER_TCP_ADOPTED]);
}

/*
 * Looks at every file of a target: what it holds and nobody owns becomes its own. An
 * MPTCP socket (Go listens with those) works through TCP sockets that have no file:
 * it is remembered, and tcp_adopt_subflow finds them.
 */
SEC("iter/task_file")
int tcp_adopt(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct holter_tcp_holder holder;
	struct holter_tcp_account *own = account();
	struct socket *socket;
	struct sock *sk;
	__u32 tgid, *slot;

	if (!task || !file || !own)
		return 0;
	tgid = task->tgid;
	slot = bpf_map_lookup_elem(&slots, &tgid);
	if (!slot)
		return 0;
	socket = bpf_sock_from_file(file);
	sk = socket ? socket->sk : NULL;
	if (!sk)
		return 0;
	if (sk->sk_protocol == IPPROTO_TCP) {
		hold(sk, *slot, tgid);
	} else if (sk->sk_protocol == IPPROTO_MPTCP) {
		__u64 key = (__u64)sk;

		holder.slot = *slot;
		holder.tgid = tgid;
		if (bpf_map_update_elem(&tcp_mptcp, &key, &holder, BPF_ANY))
			count(&own->lost[HOLTER_TCP_LOST_MAP_FULL]);
		own->mptcp++;
	}
	return 0;
}

/* Every TCP socket of a network namespace, after tcp_adopt has met MPTCP sockets there. */
SEC("iter/tcp")
int tcp_adopt_subflow(struct bpf_iter__tcp *ctx)
{
	struct holter_tcp_holder *holder;
	struct sock_common *common = ctx->sk_common;
	struct sock *sk = common ? (struct sock *)bpf_skc_to_tcp_sock(common) : NULL;
	void *subflow;
	__u64 key;

	if (!sk || !bpf_core_field_exists(struct tcp_sock, is_mptcp) ||
	    !BPF_CORE_READ((struct tcp_sock *)sk, is_mptcp))
		return 0;
	subflow = BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_ulp_data);
	if (!subflow)
		return 0;
	key = (__u64)BPF_CORE_READ((struct mptcp_subflow_context *)subflow, conn);
	holder = bpf_map_lookup_elem(&tcp_mptcp, &key);
	if (holder)
		hold(sk, holder->slot, holder->tgid);
	return 0;
}

/*
 * After all targets were looked at: what its owner does not hold goes to the target
 * that does, or is let go. Sockets without a file are in a listener's queue or
 * orphans: theirs is the last owner. One may have been accepted behind the back of
 * the look, so it takes two that did not find it.
 */
SEC("iter/bpf_sk_storage_map")
int tcp_settle(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct holter_tcp_socket *socket = ctx->value;
	struct sock *sk = ctx->sk;
	struct holter_tcp_account *own = account();
	struct socket *holder;

	if (!sk || !socket || !own || socket->held_round == own->round)
		return 0;
	holder = sk->sk_socket;
	if (!holder || !holder->file || !lives(socket->slot, socket->tgid))
		return 0;
	if (socket->other_round == own->round && lives(socket->other_slot, socket->other_tgid)) {
		set_owner(socket, socket->other_slot, socket->other_tgid);
		socket->held_round = own->round;
		count(&own->corrections[HOLTER_TCP_MOVED]);
	} else if (own->round - socket->held_round >= 2) {
		socket->tgid = 0;
		count(&own->corrections[HOLTER_TCP_RELEASED]);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
