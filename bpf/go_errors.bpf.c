// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Panics of Go, and the runtime's own fatal errors. A panic is seen when it begins, and
 * again when it was recovered or has become fatal: what it is of is remembered under
 * its goroutine in between, because the runtime does not hand it around. A panic that is
 * replaced by another one while its deferred functions run has no end of its own.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/error_chain.h"
#include "bpf/events.h"
#include "bpf/go_abi.h"
#include "bpf/ring.h"
#include "bpf/target.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct panic_key {
	__u64 g;
	__u64 target;
};

/* The latest panic of a goroutine. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct panic_key);
	__type(value, struct go_error);
} go_panics SEC(".maps");

/* 1: the target is dying. Several goroutines may run into the same fatal error. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, __u32);
} go_fatal_states SEC(".maps");

static __always_inline void emit(__u32 slot, __u32 kind, __u64 type, __u64 root)
{
	struct holter_go_panic *event;

	event = ring_reserve(HOLTER_EVENT_GO_PANIC, slot, sizeof(*event));
	if (!event)
		return;
	event->type = type;
	event->root = root;
	event->kind = kind;
	event->pad = 0;
	ring_submit(event);
}

/* runtime.gopanic(e any). */
static __noinline int go_panic_begins(struct pt_regs *ctx, __u32 slot)
{
	struct panic_key key = {};
	struct go_error error = {};

	follow_chain(&error, slot, GO_ARG1(ctx), GO_ARG2(ctx));
	key.g = GO_G(ctx);
	key.target = slot;
	if (bpf_map_update_elem(&go_panics, &key, &error, BPF_ANY))
		count_loss(HOLTER_EVENT_GO_PANIC, HOLTER_LOSS_MAP_FULL);
	emit(slot, HOLTER_GO_PANIC_BEGINS, error.type, error.root);
	return 0;
}

static __always_inline void panic_ends(__u32 slot, __u32 kind, __u64 g)
{
	struct panic_key key = {};
	struct go_error *error;

	key.g = g;
	key.target = slot;
	error = bpf_map_lookup_elem(&go_panics, &key);
	emit(slot, kind, error ? error->type : 0, error ? error->root : 0);
	bpf_map_delete_elem(&go_panics, &key);
}

/* runtime.recovery(gp *g), on the system stack. */
static __noinline int go_panic_recovered(struct pt_regs *ctx, __u32 slot)
{
	panic_ends(slot, HOLTER_GO_PANIC_RECOVERED, GO_ARG1(ctx));
	return 0;
}

/* Whether this is the first thing that kills the target. */
static __always_inline bool is_first_blow(__u32 slot)
{
	__u32 *dying = bpf_map_lookup_elem(&go_fatal_states, &slot);

	return dying && !__sync_val_compare_and_swap(dying, 0, 1);
}

/* runtime.fatalpanic(msgs *_panic). */
static __noinline int go_panic_fatal(struct pt_regs *ctx, __u32 slot)
{
	if (is_first_blow(slot))
		panic_ends(slot, HOLTER_GO_PANIC_FATAL, GO_G(ctx));
	return 0;
}

/* runtime.throw(s string), runtime.fatal(s string). */
static __noinline int go_fatal_error(struct pt_regs *ctx, __u32 slot)
{
	if (is_first_blow(slot))
		emit(slot, HOLTER_GO_FATAL_ERROR, GO_ARG1(ctx), GO_ARG2(ctx));
	return 0;
}

SEC("uprobe")
int go_errors(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 slot = HOLTER_COOKIE_TARGET(cookie);

	if (!target_was_hit(cookie) ||
	    ((cookie & HOLTER_COOKIE_BRANCH) && GO_STACK_CHECK_TAKEN(ctx)))
		return 0;
	switch (HOLTER_COOKIE_PROGRAM(cookie)) {
#define CASE(name)                                                                                 \
	case HOLTER_PROGRAM_##name:                                                                \
		return name(ctx, slot);
		HOLTER_GO_ERRORS_PROGRAMS(CASE)
#undef CASE
	}
	return 0;
}
