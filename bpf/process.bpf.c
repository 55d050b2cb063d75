// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Births and deaths of processes. Three typed tracepoints (they need no tracefs)
 * write into a ring of their own, so that an exec storm cannot push out the
 * events of traced runtimes. What user space did not ask for is dropped here:
 * exits of processes that are not watched always, execs and forks when only
 * named processes are wanted.
 *
 * Nobody is woken: the watch thread comes by some times a second.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/events.h"

#define MAX_PID_NAMESPACE_LEVELS 33 /* MAX_PID_NS_LEVEL + 1 */

/* 0: only watched processes matter. */
const volatile __u8 watch_all = 1;
/* Inode of the PID namespace whose numbers user space knows; 0: the initial one. */
const volatile __u32 pid_namespace_inode = 0;

__u64 process_lost[HOLTER_PROCESS_LOSSES];

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} process_events SEC(".maps");

/* The traced processes. An entry goes with its process: user space never has to hurry. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, __u8);
} watched SEC(".maps");

/* The process's number in the namespace that user space looks from; 0: not visible there. */
static __u32 visible_pid(struct task_struct *task)
{
	struct pid *pid;
	unsigned int last;

	if (!pid_namespace_inode)
		return task->tgid;
	pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
	last = BPF_CORE_READ(pid, level);
	for (unsigned int level = 0; level < MAX_PID_NAMESPACE_LEVELS && level <= last; level++) {
		struct upid number;

		if (bpf_core_read(&number, sizeof(number), &pid->numbers[level]))
			return 0;
		if (BPF_CORE_READ(number.ns, ns.inum) == pid_namespace_inode)
			return number.nr;
	}
	return 0;
}

static void tell(__u32 type, __u32 pid)
{
	struct holter_process_event *event;

	event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&process_lost[HOLTER_PROCESS_LOST_RING_FULL], 1);
		return;
	}
	event->type = type;
	event->pid = pid;
	event->time_ns = bpf_ktime_get_boot_ns();
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

/* Other threads are gone by now and the execing one has become the leader. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task)
{
	__u32 pid = visible_pid(task);

	if (pid && (watch_all || bpf_map_lookup_elem(&watched, &pid)))
		tell(HOLTER_PROCESS_EXEC, pid);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 pid;

	if (!watch_all || child->pid != child->tgid || child->flags & PF_KTHREAD)
		return 0;
	pid = visible_pid(child);
	if (pid)
		tell(HOLTER_PROCESS_FORK, pid);
	return 0;
}

/*
 * `live` counts the threads that have not begun to exit. Two that end at once may
 * both see 0 here: the one that removes the entry tells. (Kernels >= 6.16 have the
 * answer as an argument, older ones don't.)
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 pid;

	if (task->signal->live.counter)
		return 0;
	pid = visible_pid(task);
	if (!bpf_map_delete_elem(&watched, &pid))
		tell(HOLTER_PROCESS_EXIT, pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
