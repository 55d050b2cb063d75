/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whose hit is it? Every program begins with this: what is not of a target is
 * dropped before anything else is done. Which facts of a target a signal needs
 * lies in maps of its own, with the same slots.
 */
#ifndef HOLTER_TARGET_H
#define HOLTER_TARGET_H

#include "bpf/events.h"
#include "bpf/ring.h"

/* User space writes it in place, see loader/tracer/targets_in_kernel.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_target);
} targets SEC(".maps");

/* For programs that no cookie leads to a target: tgid -> slot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, __u32);
} slots SEC(".maps");

static __always_inline bool is_of_target(__u32 slot)
{
	struct holter_target *target = bpf_map_lookup_elem(&targets, &slot);

	return target && target->tgid == bpf_get_current_pid_tgid() >> 32;
}

/* A probe with this cookie was hit: by its target? Then the hit counts. */
static __always_inline bool target_was_hit(__u64 cookie)
{
	if (!is_of_target(HOLTER_COOKIE_TARGET(cookie)))
		return false;
	count_hit(HOLTER_COOKIE_TARGET(cookie), HOLTER_COOKIE_PROBE(cookie));
	return true;
}

#endif /* HOLTER_TARGET_H */
