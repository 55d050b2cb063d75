/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Go's register ABI (amd64 since 1.17, arm64 since 1.18): the first integer
 * arguments, and the current goroutine's g. Valid at a function's entry and as
 * long as nothing between there and the site writes these registers, which is
 * what the loader's choice of the site guarantees.
 */
#ifndef HOLTER_GO_ABI_H
#define HOLTER_GO_ABI_H

#if defined(__TARGET_ARCH_x86)
#define GO_ARG1(ctx) ((ctx)->ax)
#define GO_ARG2(ctx) ((ctx)->bx)
#define GO_ARG3(ctx) ((ctx)->cx)
#define GO_ARG4(ctx) ((ctx)->di)
#define GO_ARG6(ctx) ((ctx)->r8)
#define GO_ARG7(ctx) ((ctx)->r9)
#define GO_ARG8(ctx) ((ctx)->r10)
#define GO_STACK(ctx) ((ctx)->sp)
#define GO_G(ctx) ((ctx)->r14)
/* The stack check's `jbe` is taken when CF or ZF is set. */
#define GO_STACK_CHECK_TAKEN(ctx) (((ctx)->flags & 0x41) != 0)
#elif defined(__TARGET_ARCH_arm64)
#define GO_ARG1(ctx) (((struct user_pt_regs *)(ctx))->regs[0])
#define GO_ARG2(ctx) (((struct user_pt_regs *)(ctx))->regs[1])
#define GO_ARG3(ctx) (((struct user_pt_regs *)(ctx))->regs[2])
#define GO_ARG4(ctx) (((struct user_pt_regs *)(ctx))->regs[3])
#define GO_ARG6(ctx) (((struct user_pt_regs *)(ctx))->regs[5])
#define GO_ARG7(ctx) (((struct user_pt_regs *)(ctx))->regs[6])
#define GO_ARG8(ctx) (((struct user_pt_regs *)(ctx))->regs[7])
#define GO_LINK(ctx) (((struct user_pt_regs *)(ctx))->regs[30])
#define GO_G(ctx) (((struct user_pt_regs *)(ctx))->regs[28])
/* `b.ls` is taken when C is clear or Z is set. */
#define GO_STACK_CHECK_TAKEN(ctx)                                                                  \
	(!(((struct user_pt_regs *)(ctx))->pstate & (1ULL << 29)) ||                               \
	 (((struct user_pt_regs *)(ctx))->pstate & (1ULL << 30)))
#else
#error "no Go register ABI known for this architecture"
#endif

/* The address that a function returns to, at its entry; 0 if it cannot be read. */
static __always_inline __u64 go_return_address(struct pt_regs *ctx)
{
#if defined(__TARGET_ARCH_x86)
	__u64 address = 0;

	bpf_probe_read_user(&address, sizeof(address), (const void *)GO_STACK(ctx));
	return address;
#else
	return GO_LINK(ctx);
#endif
}

/* A string as Go has it. */
struct go_string {
	__u64 address;
	__u64 length;
};

/*
 * The program of a group: the cookie says which of its parts a site means. `parts` is
 * the list of these in events/; each is a function of that name.
 */
#define GO_PART(name)                                                                              \
	case HOLTER_PROGRAM_##name:                                                                \
		return name(ctx, &hit);
#define GO_GROUP(name, parts)                                                                      \
	SEC("uprobe")                                                                              \
	int name(struct pt_regs *ctx)                                                              \
	{                                                                                          \
		struct hit hit = {};                                                               \
                                                                                                   \
		if (!hit_of(ctx, &hit))                                                            \
			return 0;                                                                  \
		switch (HOLTER_COOKIE_PROGRAM(hit.cookie)) {                                       \
			parts(GO_PART)                                                             \
		}                                                                                  \
		return 0;                                                                          \
	}

#endif /* HOLTER_GO_ABI_H */
