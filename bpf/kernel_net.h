/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the programs touch of the kernel's sockets, written by hand as in kernel.h.
 * The numbers below are part of what user space can see of the kernel and never
 * change.
 */
#ifndef HOLTER_KERNEL_NET_H
#define HOLTER_KERNEL_NET_H

#include "bpf/kernel.h"

#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define SOCK_DEAD_FLAG (1UL << 0) /* SOCK_DEAD: no process has it any more */
#define SOCK_BINDPORT_LOCK 8	  /* the program chose the port itself */

#define EACCES 13
#define EPIPE 32
#define ENETDOWN 100
#define ENETUNREACH 101
#define ECONNABORTED 103
#define ECONNRESET 104
#define ETIMEDOUT 110
#define ECONNREFUSED 111
#define EHOSTDOWN 112
#define EHOSTUNREACH 113
#define ENONET 64

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct file;
struct sk_buff;

struct socket {
	struct file *file;
	struct sock *sk;
};

struct sock_common {
	volatile unsigned char skc_state;
	unsigned long skc_flags;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	int sk_err;
	unsigned int sk_ack_backlog;
	__u16 sk_protocol;
	__u8 sk_userlocks;
};

struct request_sock_queue {
	atomic_t qlen;
};

struct inet_bind_bucket {
	signed char fastreuse;
};

struct inet_connection_sock {
	struct inet_bind_bucket *icsk_bind_hash;
	struct request_sock_queue icsk_accept_queue;
	void *icsk_ulp_data;
};

struct tcp_sock {
	__u32 write_seq;
	bool is_mptcp;
};

/* The record of a tracepoint that is never looked at: whether it has a field tells of its
 * arguments. */
struct trace_event_raw_tcp_retransmit_skb {
	int err;
};

/* What a TCP socket that works for an MPTCP socket has as its upper layer. */
struct mptcp_subflow_context {
	struct sock *conn; /* the MPTCP socket */
};

#pragma clang attribute pop

/* Contexts of iterators: laid out by the kernel for all time, so without CO-RE. */
struct bpf_iter_meta;
struct bpf_map;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
	unsigned int uid;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
};

#endif /* HOLTER_KERNEL_NET_H */
