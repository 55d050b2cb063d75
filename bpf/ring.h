/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The ring that all signals share, and the accounts of hits and of what did not get into it.
 * A submit never wakes the reader by itself (that costs the target more than
 * the whole probe): the reader polls on a timer, and is woken only when the ring
 * fills up.
 */
#ifndef HOLTER_RING_H
#define HOLTER_RING_H

#include "bpf/events.h"

#define RING_SIZE (1 << 21)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_SIZE);
} events SEC(".maps");

/* [event type * HOLTER_LOSSES + cause] */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_EVENT_TYPES *HOLTER_LOSSES);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_hits);
} hits SEC(".maps");

static __always_inline void count_hit(__u32 target, __u32 probe)
{
	struct holter_hits *of_target = bpf_map_lookup_elem(&hits, &target);

	if (of_target && probe < HOLTER_MAX_PROBES)
		__sync_fetch_and_add(&of_target->of_probe[probe], 1);
}

static __always_inline void count_loss(__u32 type, __u32 cause)
{
	__u32 index = type * HOLTER_LOSSES + cause;
	__u64 *count = bpf_map_lookup_elem(&losses, &index);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void *ring_reserve(__u32 type, __u32 target, __u64 size)
{
	struct holter_event *event = bpf_ringbuf_reserve(&events, size, 0);

	if (!event) {
		count_loss(type, HOLTER_LOSS_RING_FULL);
		return NULL;
	}
	event->type = type;
	event->target = target;
	return event;
}

static __always_inline void ring_submit(void *event)
{
	__u64 waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);

	bpf_ringbuf_submit(event, waiting > RING_SIZE / 4 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

#endif /* HOLTER_RING_H */
