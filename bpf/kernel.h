/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The few kernel types that the programs touch, written by hand. A generated
 * vmlinux.h is 3 MB that belongs to one kernel and hides what is depended upon;
 * here the dependence can be read. Fields carry no offsets: CO-RE finds them in
 * the running kernel's BTF by name, so only the names and types matter, not the
 * order nor what lies between. The registers are the exception: their layout is
 * the ptrace ABI and never moves.
 *
 * Include this first: it tells libbpf's bpf_tracing.h to use the kernel's register
 * names (di, not rdi).
 */
#ifndef HOLTER_KERNEL_H
#define HOLTER_KERNEL_H

#define __VMLINUX_H__

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

/* libbpf's BPF_PROG and BPF_KPROBE give every program a ctx, used or not. */
#pragma clang diagnostic ignored "-Wunused-parameter"

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp, pc, pstate;
};
struct pt_regs; /* bpf_tracing.h casts it to user_pt_regs */
#else
#error "unknown architecture: give -D__TARGET_ARCH_x86 or -D__TARGET_ARCH_arm64"
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

/* A process's number in one PID namespace. */
struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;	/* of the innermost namespace */
	struct upid numbers[1]; /* level + 1 of them, outermost first */
};

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_PGID,
	PIDTYPE_SID,
	PIDTYPE_MAX,
};

struct mm_struct;

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
	unsigned int flags;
	int group_exit_code;
	struct mm_struct *oom_mm; /* set when the process was chosen because memory ran out */
	struct pid *pids[PIDTYPE_MAX];
};

#define PF_KTHREAD 0x00200000

struct task_struct {
	unsigned int flags;
	int pid;  /* of the thread, in the initial PID namespace */
	int tgid; /* of the process */
	int exit_code;
	struct task_struct *group_leader;
	struct signal_struct *signal;
};

#pragma clang attribute pop

#endif /* HOLTER_KERNEL_H */
