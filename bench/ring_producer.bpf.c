/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fills a ring with the records of many Go processes that collect, as fast as it
 * goes, so that the reading end can be measured by itself. A ring as large as the
 * agent's, and records as its programs write them.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "bpf/events.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define TARGETS 64

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 21);
} records SEC(".maps");

__u32 wanted;
__u64 written;
__u32 numgc[TARGETS];

static __u64 random = 88172645463325252ULL;

static long write_one(__u32 index, void* context __attribute__((unused))) {
    struct holter_go_gc_pause* event;
    __u32 target = index / 2 % TARGETS;
    bool ends = index % 2;

    event = bpf_ringbuf_reserve(&records, sizeof(*event), 0);
    if (!event)
        return 1;
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    event->event.type = HOLTER_EVENT_GO_GC_PAUSE;
    event->event.target = target;
    /* 8 µs to 4 ms, as many in each octave */
    event->duration_ns = (8192ULL << (random & 7)) + (random >> 8 & 0xfff);
    event->numgc = ends ? ++numgc[target] : numgc[target];
    event->kind = ends ? HOLTER_GO_MARK_TERMINATION : HOLTER_GO_SWEEP_TERMINATION;
    event->trigger = random >> 20 & 15 ? HOLTER_GO_TRIGGER_HEAP : HOLTER_GO_TRIGGER_FORCED;
    event->pad = 0;
    bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
    written++;
    return 0;
}

SEC("syscall")
int fill(void* context __attribute__((unused))) {
    bpf_loop(wanted, write_one, (void*)0, 0);
    return 0;
}
