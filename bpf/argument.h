/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reads one argument of a probe, as struct holter_argument says.
 *
 * The register's place in pt_regs is known at run time only, and the verifier
 * forbids to read the context there; as an address it may go to
 * bpf_probe_read_kernel. (bpf_probe_read_kernel is refused under
 * lockdown=confidentiality, as all of BPF's reading of kernel memory is.)
 *
 * Memory is read with exactly the argument's width: a read of eight bytes would
 * fail on four that end a page. In programs of the kind "uprobe.s" the reader may
 * sleep, and memory that is paged out is fetched; otherwise it is a failure.
 */
#ifndef HOLTER_ARGUMENT_H
#define HOLTER_ARGUMENT_H

#include "bpf/events.h"
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#if defined(__TARGET_ARCH_x86)
#define HOLTER_REGISTERS_SIZE 168 /* struct pt_regs */
#else
#define HOLTER_REGISTERS_SIZE 272 /* struct user_pt_regs, which pt_regs begins with */
#endif

static __always_inline long holter_read_register(struct pt_regs *ctx, __u64 offset, __u64 *value)
{
	if (offset > HOLTER_REGISTERS_SIZE - sizeof(*value))
		return -1;
	return bpf_probe_read_kernel(value, sizeof(*value), (void *)ctx + offset);
}

static __always_inline long
holter_argument_address(struct pt_regs *ctx, const struct holter_argument *arg, __u64 *address)
{
	__u64 part = 0;

	*address = arg->displacement;
	if (arg->base != HOLTER_ARGUMENT_NO_REGISTER) {
		if (holter_read_register(ctx, arg->base, &part))
			return -1;
		*address += part;
	}
	if (arg->index != HOLTER_ARGUMENT_NO_REGISTER) {
		if (holter_read_register(ctx, arg->index, &part))
			return -1;
		if (arg->flags & HOLTER_ARGUMENT_INDEX_32)
			part = arg->flags & HOLTER_ARGUMENT_INDEX_SIGNED ? (__u64)(__s64)(__s32)part
									 : (__u32)part;
		*address += part << (arg->shift & 7);
	}
	return 0;
}

static __always_inline int holter_read_argument(struct pt_regs *ctx,
						const struct holter_argument *arg, __u64 *value,
						bool may_sleep)
{
	__u64 raw = 0, address;
	__u64 size = arg->size;
	__u32 unused;

	switch (arg->kind) {
	case HOLTER_ARGUMENT_CONSTANT:
		*value = arg->displacement;
		return 0;
	case HOLTER_ARGUMENT_REGISTER:
		if (holter_read_register(ctx, arg->base, &raw))
			return -1;
		break;
	case HOLTER_ARGUMENT_ADDRESS:
		if (holter_argument_address(ctx, arg, &raw))
			return -1;
		break;
	case HOLTER_ARGUMENT_MEMORY:
		if (holter_argument_address(ctx, arg, &address))
			return -1;
		/* The verifier has to see the bound on what the helper gets. */
		asm volatile("" : "+r"(size));
		if (size > sizeof(raw))
			return -1;
		if (may_sleep ? bpf_copy_from_user(&raw, size, (void *)address)
			      : bpf_probe_read_user(&raw, size, (void *)address))
			return -1;
		break;
	default:
		return -1;
	}
	/* Little-endian: the value is at the low end of what was read. */
	unused = (64 - 8 * (__u32)size) & 63;
	raw <<= unused;
	*value =
	    arg->flags & HOLTER_ARGUMENT_SIGNED ? (__u64)((__s64)raw >> unused) : raw >> unused;
	return 0;
}

/* 0, or -1 if the target's memory could not be read. For any program. */
static __always_inline int read_argument(struct pt_regs *ctx, const struct holter_argument *arg,
					 __u64 *value)
{
	return holter_read_argument(ctx, arg, value, false);
}

/* The same for programs that may sleep. */
static __always_inline int read_argument_sleepable(struct pt_regs *ctx,
						   const struct holter_argument *arg, __u64 *value)
{
	return holter_read_argument(ctx, arg, value, true);
}

#endif /* HOLTER_ARGUMENT_H */
