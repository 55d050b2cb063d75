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

/* What names of types are relative to; 0: unknown. */
static __always_inline __u64 types_of(__u32 slot)
{
	struct holter_go_error_target *target = bpf_map_lookup_elem(&go_error_targets, &slot);

	return target ? target->types : 0;
}

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

/*
 * How a type wraps errors: LINK_FOUND, its kind and its offset; 0: it does not. This and
 * follow_chain() are not static: so they are verified once, and not at every call.
 */
#define LINK_FOUND (1ULL << 32)
#define LINK_KIND(link) ((__u32)((link) >> 16) & 0xffff)
#define LINK_OFFSET(link) ((__u32)(link)&0xffff)
__noinline __u64 link_of(__u32 slot, __u64 type)
{
	struct holter_go_error_target *target = bpf_map_lookup_elem(&go_error_targets, &slot);
	struct holter_go_link *link;
	__u64 offset;
	__u32 at = 0;

	if (!target)
		return 0;
	offset = type - target->types;
	if (offset > 0xffffffff)
		return 0;
	/* The last one that is not above. */
	for (__u32 step = HOLTER_GO_LINKS / 2; step; step /= 2) {
		link = &target->links[(at + step) & (HOLTER_GO_LINKS - 1)];
		if (at + step < target->count && link->type <= offset)
			at += step;
	}
	link = &target->links[at & (HOLTER_GO_LINKS - 1)];
	if (!target->count || link->type != offset)
		return 0;
	return LINK_FOUND | (__u64)link->kind << 16 | link->offset;
}

static __always_inline __u64 type_of_itab(__u64 itab)
{
	__u64 type = 0;

	if (bpf_probe_read_user(&type, sizeof(type), (const void *)(itab + ITAB_TYPE)))
		return 0;
	return type;
}

/* The error that a value of this type at `data` wraps; false if there is none. */
static __always_inline bool wrapped_error(__u64 link, __u64 data, struct go_interface *next)
{
	struct {
		__u64 address;
		__u64 length;
	} errors = {};
	__u64 address = data + LINK_OFFSET(link);

	if (LINK_KIND(link) == HOLTER_GO_LINK_ERRORS) {
		if (bpf_probe_read_user(&errors, sizeof(errors), (const void *)address) ||
		    !errors.length)
			return false;
		address = errors.address;
	}
	return !bpf_probe_read_user(next, sizeof(*next), (const void *)address) && next->itab;
}

/* The error that a value of this type at `data` is. */
__noinline int follow_chain(struct go_error *error, __u32 slot, __u64 type, __u64 data)
{
	if (!error)
		return 0;
	error->type = type;
	error->root = type;
	for (int i = 1; i < ERROR_CHAIN_LENGTH && type; i++) {
		struct go_interface next = {};
		__u64 link = link_of(slot, type);

		if (!link || !wrapped_error(link, data, &next))
			return 0;
		type = type_of_itab(next.itab);
		data = next.data;
		if (type)
			error->root = type;
	}
	return 0;
}

#endif /* HOLTER_ERROR_CHAIN_H */
