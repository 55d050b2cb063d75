/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How long the collector has stopped each target so far. What counts stops adds to it; a
 * request looks at it when it begins and when it ends, and so knows how much of its own
 * time was a stop.
 */
#ifndef HOLTER_GC_STOPS_H
#define HOLTER_GC_STOPS_H

#include "bpf/events.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_gc_stops);
} gc_stops SEC(".maps");

/* Stops of one process never overlap. */
static __always_inline void add_gc_stop(__u32 target, __u64 pause_ns)
{
	struct holter_gc_stops *stops = bpf_map_lookup_elem(&gc_stops, &target);

	if (!stops)
		return;
	stops->pause_ns += pause_ns;
	stops->pauses++;
}

#endif /* HOLTER_GC_STOPS_H */
