/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The chain of a Go error: its own type, and the type at the end of what it wraps. Which
 * types wrap others, and where they keep them, user space has read out of the binary
 * (loader/golang/types); here only pointers are followed. A value that the chain comes
 * back to, or one that cannot be read, ends it: the walk is bounded, and what it has
 * seen so far is a real type in any case.
 */
#ifndef HOLTER_ERROR_CHAIN_H
#define HOLTER_ERROR_CHAIN_H

#include "bpf/events.h"
#include "bpf/ring.h"

#define ERROR_CHAIN_LENGTH 8
#define ITAB_TYPE 8 /* of runtime.itab._type, in all versions */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_go_error_target);
} go_error_targets SEC(".maps");

/* Addresses of type descriptors; 0: unknown. */
struct go_error {
	__u64 type;
	__u64 root;
};

/* A value of an interface type that has methods, like error. */
struct go_interface {
	__u64 itab; /* 0: nil */
	__u64 data;
};

static __always_inline struct holter_go_link *link_of(struct holter_go_error_target *target,
						      __u64 type)
{
	__u32 low = 0, high = target->count;
	__u64 offset = type - target->types;

	if (offset > 0xffffffff)
		return NULL;
	/* One step more than log2 of their number. */
	for (int i = 0; i < 8 && low < high; i++) {
		__u32 middle = (low + high) / 2;
		struct holter_go_link *link = &target->links[middle & (HOLTER_GO_LINKS - 1)];

		if (link->type == offset)
			return link;
		if (link->type < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static __always_inline __u64 type_of_itab(__u64 itab)
{
	__u64 type = 0;

	if (bpf_probe_read_user(&type, sizeof(type), (const void *)(itab + ITAB_TYPE)))
		return 0;
	return type;
}

/* The error that a value of this type at `data` wraps; false if there is none. */
static __always_inline bool wrapped_error(struct holter_go_link *link, __u64 data,
					  struct go_interface *next)
{
	struct {
		__u64 address;
		__u64 length;
	} errors = {};
	__u64 address = data + link->offset;

	if (link->kind == HOLTER_GO_LINK_ERRORS) {
		if (bpf_probe_read_user(&errors, sizeof(errors), (const void *)address) ||
		    !errors.length)
			return false;
		address = errors.address;
	}
	return !bpf_probe_read_user(next, sizeof(*next), (const void *)address) && next->itab;
}

struct chain_walk {
	__u64 type; /* of the error at hand */
	__u64 data;
	__u64 root;
	__u32 slot;
	__u32 pad;
};

/* One step along the chain; 1: it ends here. */
static long follow_link(__u32 index, void *context)
{
	struct chain_walk *walk = context;
	__u32 slot = walk->slot;
	struct holter_go_error_target *target = bpf_map_lookup_elem(&go_error_targets, &slot);
	struct go_interface next = {};
	struct holter_go_link *link;

	(void)index;
	if (!target)
		return 1;
	link = link_of(target, walk->type);
	if (!link || !wrapped_error(link, walk->data, &next))
		return 1;
	walk->type = type_of_itab(next.itab);
	walk->data = next.data;
	if (!walk->type)
		return 1;
	walk->root = walk->type;
	return 0;
}

/* The error that a value of this type at `data` is. The kernel runs the loop, so that the verifier
 * looks at one step, and not at every way through all of them, which took it seconds. */
static __noinline int follow_chain(struct go_error *error, __u32 slot, __u64 type, __u64 data)
{
	struct chain_walk walk = {.type = type, .data = data, .root = type, .slot = slot};

	if (!error)
		return 0;
	if (type)
		bpf_loop(ERROR_CHAIN_LENGTH - 1, follow_link, &walk, 0);
	error->type = type;
	error->root = walk.root;
	return 0;
}

#endif /* HOLTER_ERROR_CHAIN_H */
