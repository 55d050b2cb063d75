/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is kept with the sockets of targets, and whose they are: shared by tcp.bpf.c,
 * which sees what happens to them, and tcp_look.bpf.c, which looks at what there is.
 */
#ifndef HOLTER_TCP_SOCKETS_H
#define HOLTER_TCP_SOCKETS_H

#include "bpf/kernel_net.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/events.h"
#include "bpf/target.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct holter_tcp_socket);
} tcp_sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_tcp_counts);
} tcp_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct holter_tcp_account);
} tcp_account SEC(".maps");

static __always_inline struct holter_tcp_account *account(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&tcp_account, &zero);
}

static __always_inline void count(__u64 *number)
{
	__sync_fetch_and_add(number, 1);
}

/* One more in a field of the account. */
#define COUNT_IN_ACCOUNT(field)                                                                    \
	do {                                                                                       \
		struct holter_tcp_account *own_account = account();                                \
                                                                                                   \
		if (own_account)                                                                   \
			count(&own_account->field);                                                \
	} while (0)

/*
 * Counts one storage more, unless there are as many as may be. A socket without room is met
 * again and again: it is counted as lost by whom it is met first (`fresh`).
 */
static __always_inline bool take_room(bool fresh)
{
	struct holter_tcp_account *own = account();

	if (!own)
		return false;
	if (own->counted + own->made >= own->limit) {
		if (fresh)
			count(&own->lost[HOLTER_TCP_LOST_MAP_FULL]);
		return false;
	}
	__sync_fetch_and_add(&own->made, 1);
	return true;
}

static __always_inline void set_owner(struct holter_tcp_socket *socket, __u32 slot, __u32 tgid)
{
	struct holter_tcp_counts *counts = bpf_map_lookup_elem(&tcp_counts, &slot);

	if (counts)
		counts->tgid = tgid;
	socket->slot = slot;
	socket->tgid = tgid;
}

static __always_inline struct holter_tcp_socket *storage_of(struct sock *sk)
{
	return bpf_sk_storage_get(&tcp_sockets, sk, NULL, 0);
}

static __always_inline struct holter_tcp_socket *make_storage(struct sock *sk, bool fresh)
{
	struct holter_tcp_socket *socket;

	if (!take_room(fresh))
		return NULL;
	socket = bpf_sk_storage_get(&tcp_sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket)
		COUNT_IN_ACCOUNT(lost[HOLTER_TCP_LOST_NO_MEMORY]);
	return socket;
}

#endif /* HOLTER_TCP_SOCKETS_H */
