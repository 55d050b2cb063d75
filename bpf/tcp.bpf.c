// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The TCP sockets of all targets, whatever they are written in. Attached once for
 * the agent; a socket that is not a target's costs a look at its (absent) storage.
 *
 * Owners. Most changes of a socket happen in a softirq or in the peer's context, so
 * `current` says nothing, except when a program connects, listens or closes. Then
 * the owner is written into the socket's storage. What comes in through a listener
 * is cloned from it by the kernel, with its storage (BPF_F_CLONE): the owner comes
 * along without a look-up. Who inherited a socket over fork or was passed it is
 * found by looking at the files of the targets now and then (tcp_look.bpf.c),
 * or when it closes the socket.
 *
 * Only what happens is counted here: connects, accepts, ends, resets. How many sockets
 * there are is not added up as they change, so it cannot drift: tcp_look.bpf.c counts
 * what the kernel has, when asked.
 *
 * The kernel does not run a program that is interrupted in the middle on the same
 * CPU, as happens when a packet comes in while a program connects. So there are two
 * of the same: what the first one is kept from, the second one sees, and otherwise
 * finds done (`state` in the storage).
 */
#include "bpf/tcp_sockets.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

static __always_inline __u32 current_round(void)
{
	struct holter_tcp_account *own = account();

	return own ? own->round : 0;
}

static __always_inline struct holter_tcp_counts *counts_of(struct holter_tcp_socket *socket)
{
	__u32 slot = socket->slot;
	struct holter_tcp_counts *counts = bpf_map_lookup_elem(&tcp_counts, &slot);

	return counts && socket->tgid && counts->tgid == socket->tgid ? counts : NULL;
}

/* A program connects or listens: the one moment at which the owner is known for sure. */
static __always_inline void begin(struct sock *sk, __u8 state, bool again)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u32 *slot = bpf_map_lookup_elem(&slots, &tgid);
	struct holter_tcp_socket *socket = storage_of(sk);

	if (!slot) {
		if (socket)
			socket->tgid = 0;
		return;
	}
	if (socket && socket->state == state && socket->tgid == tgid && socket->slot == *slot)
		return;
	if (!socket)
		socket = make_storage(sk, !again);
	if (!socket)
		return;
	set_owner(socket, *slot, tgid);
	socket->established_ns = 0;
	socket->held_round = current_round();
	socket->direction = state == HOLTER_TCP_LISTEN ? HOLTER_TCP_INBOUND : HOLTER_TCP_OUTBOUND;
	socket->state = state;
}

/* Cloned from its listener a moment ago, with a copy of its storage. Nobody else sees it yet. */
static __always_inline void begin_child(struct sock *sk, struct holter_tcp_socket *socket)
{
	if (!take_room(true)) {
		bpf_sk_storage_delete(&tcp_sockets, sk);
		return;
	}
	socket->established_ns = 0;
	socket->held_round = current_round();
	socket->direction = HOLTER_TCP_INBOUND;
	socket->state = HOLTER_TCP_SYN_RECV;
}

/* Closed by another process than we thought, if that is a target: it is the owner. */
static __always_inline void follow_closer(struct holter_tcp_socket *socket)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u32 *slot;

	if (tgid == socket->tgid)
		return;
	slot = bpf_map_lookup_elem(&slots, &tgid);
	if (!slot)
		return;
	COUNT_IN_ACCOUNT(corrections[HOLTER_TCP_MOVED]);
	set_owner(socket, *slot, tgid);
}

static __always_inline void observe_duration(struct holter_tcp_counts *counts, __u32 direction,
					     __u64 ns)
{
	__u32 bucket = 0;

#define COUNT_BOUND(bound) bucket += ns > (bound);
	HOLTER_TCP_DURATION_BOUNDS(COUNT_BOUND)
#undef COUNT_BOUND
	if (direction >= HOLTER_TCP_DIRECTIONS || bucket >= HOLTER_TCP_DURATION_BUCKETS)
		return;
	count(&counts->durations[direction][bucket]);
	__sync_fetch_and_add(&counts->duration_ns[direction], ns);
}

static __always_inline void count_time_wait(struct holter_tcp_counts *counts, __u32 direction,
					    __u64 now)
{
	__u64 tick = now / HOLTER_TCP_TICK_NS;
	__u64 fresh = tick << HOLTER_TCP_TICK_BITS | 1;
	__u64 *word, old;

	if (direction >= HOLTER_TCP_DIRECTIONS)
		return;
	word = &counts->time_waits[direction][tick % HOLTER_TCP_TICKS];
	old = *word;
	/* Whoever loses the race adds to what the winner began. */
	if (old >> HOLTER_TCP_TICK_BITS == tick ||
	    __sync_val_compare_and_swap(word, old, fresh) != old)
		__sync_fetch_and_add(word, 1);
}

static __always_inline __u32 result_of(struct sock *sk)
{
	switch (sk->sk_err) {
	case 0:
		/* Before it has a port there is no sequence number, and nothing was sent. */
		if (!BPF_CORE_READ((struct tcp_sock *)sk, write_seq))
			return HOLTER_TCP_NO_PORT;
		return HOLTER_TCP_ABORTED;
	case ECONNREFUSED:
		return HOLTER_TCP_REFUSED;
	case ETIMEDOUT:
		return HOLTER_TCP_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return HOLTER_TCP_RESET;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case ENONET:
	case EACCES:
		return HOLTER_TCP_UNREACHABLE;
	case ECONNABORTED:
		return HOLTER_TCP_ABORTED;
	default:
		return HOLTER_TCP_OTHER;
	}
}

static __always_inline void end(struct sock *sk, struct holter_tcp_socket *socket,
				struct holter_tcp_counts *counts, int from)
{
	__u64 now = bpf_ktime_get_ns();

	if (socket->established_ns) {
		COUNT_IN_ACCOUNT(ended);
		observe_duration(counts, socket->direction, now - socket->established_ns);
		socket->established_ns = 0;
	} else if (socket->direction == HOLTER_TCP_OUTBOUND &&
		   (from == HOLTER_TCP_SYN_SENT || from == HOLTER_TCP_SYN_RECV)) {
		count(&counts->connects[result_of(sk)]);
	}
	/* The kernel puts a stand-in into its tables, and the socket is done. */
	if ((from == HOLTER_TCP_FIN_WAIT_2 || from == HOLTER_TCP_CLOSING) && !sk->sk_err)
		count_time_wait(counts, socket->direction, now);
}

static __always_inline int on_state(struct sock *sk, int from, int to, bool again)
{
	struct holter_tcp_socket *socket;
	struct holter_tcp_counts *counts;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (to == HOLTER_TCP_SYN_SENT || to == HOLTER_TCP_LISTEN) {
		begin(sk, to, again);
		return 0;
	}
	socket = storage_of(sk);
	if (!socket || socket->state == to)
		return 0;
	if (from == HOLTER_TCP_LISTEN && to == HOLTER_TCP_SYN_RECV) {
		begin_child(sk, socket);
		return 0;
	}
	if (to == HOLTER_TCP_FIN_WAIT_1 || to == HOLTER_TCP_LAST_ACK)
		follow_closer(socket);
	socket->state = to;
	if (to != HOLTER_TCP_ESTABLISHED && to != HOLTER_TCP_CLOSE)
		return 0;
	counts = counts_of(socket);
	if (!counts) {
		if (socket->established_ns)
			COUNT_IN_ACCOUNT(ended);
		if (socket->established_ns || to == HOLTER_TCP_ESTABLISHED)
			COUNT_IN_ACCOUNT(lost[HOLTER_TCP_LOST_OWNER_ENDED]);
		socket->established_ns = 0;
		return 0;
	}
	if (to == HOLTER_TCP_CLOSE) {
		end(sk, socket, counts, from);
		return 0;
	}
	socket->established_ns = bpf_ktime_get_ns();
	COUNT_IN_ACCOUNT(established);
	count(socket->direction == HOLTER_TCP_OUTBOUND ? &counts->connects[HOLTER_TCP_OK]
						       : &counts->accepts);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state, struct sock *sk, int from, int to)
{
	return on_state(sk, from, to, false);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state_again, struct sock *sk, int from, int to)
{
	return on_state(sk, from, to, true);
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit, struct sock *sk, struct sk_buff *skb)
{
	struct holter_tcp_socket *socket;
	struct holter_tcp_counts *counts;

	if (bpf_core_field_exists(struct trace_event_raw_tcp_retransmit_skb, err) && (int)ctx[2])
		return 0;
	socket = storage_of(sk);
	counts = socket ? counts_of(socket) : NULL;
	if (counts)
		count(&counts->retransmits);
	return 0;
}

static __always_inline int on_reset(struct sock *sk, __u32 direction)
{
	struct holter_tcp_socket *socket = sk ? storage_of(sk) : NULL;
	struct holter_tcp_counts *counts = socket ? counts_of(socket) : NULL;

	if (counts)
		count(&counts->resets[direction]);
	return 0;
}

/* Without a socket for what nobody listens to, which is nobody's. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_reset_sent, struct sock *sk)
{
	return on_reset(sk, HOLTER_TCP_RESET_SENT);
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_reset_received, struct sock *sk)
{
	return on_reset(sk, HOLTER_TCP_RESET_RECEIVED);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
