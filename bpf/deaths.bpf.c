// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Ends of targets that are errors: by a fatal signal, with an exit code that is not 0, or
 * because memory ran out. The kernel's own verdict is read at the moment at which the
 * last thread ends, so nothing of the target is touched, and what a runtime catches and
 * survives is not counted.
 *
 * The kernel marks the process that it chose to kill when memory ran out, wherever the
 * allocation that could not be served came from; the mark is read here instead of hearing of
 * the choice, so victim and allocator cannot be confused.
 *
 * This is attached before the program that announces the end to user space (process.bpf.c):
 * when user space hears of an end and forgets the target, the death is in the ring already.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/events.h"
#include "bpf/ring.h"
#include "bpf/target.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define SIGNAL_GROUP_EXIT 4 /* the whole process was told to end */
#define SIGNAL_OF(status) ((status)&0x7f)
#define SIGKILL 9

/* 1: this target's death was told. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, __u32);
} death_states SEC(".maps");

/* What waitpid(2) will report: without an end of the whole process, its first thread's code. */
static __u32 status_of(struct task_struct *task)
{
	if (BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT)
		return BPF_CORE_READ(task, signal, group_exit_code);
	return BPF_CORE_READ(task, group_leader, exit_code);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(target_ends, struct task_struct *task)
{
	struct holter_death *event;
	__u32 tgid = task->tgid, status;
	__u32 *slot, *told;

	/* Threads that have not begun to exit. Two that end at once may both see none. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	slot = bpf_map_lookup_elem(&slots, &tgid);
	if (!slot)
		return 0;
	status = status_of(task);
	told = bpf_map_lookup_elem(&death_states, slot);
	if (!status || !told || __sync_val_compare_and_swap(told, 0, 1))
		return 0;
	event = ring_reserve(HOLTER_EVENT_DEATH, *slot, sizeof(*event));
	if (!event)
		return 0;
	event->status = status;
	event->oom = SIGNAL_OF(status) == SIGKILL && BPF_CORE_READ(task, signal, oom_mm);
	ring_submit(event);
	return 0;
}
