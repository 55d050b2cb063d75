/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How the kernel side finds a probe's arguments: what loader/usdt/arguments.h
 * makes out of the texts in USDT notes, and out of the C calling convention,
 * and bpf/argument.h carries out at a hit.
 */
#ifndef HOLTER_EVENTS_CATALOGUE_H
#define HOLTER_EVENTS_CATALOGUE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum holter_argument_kind {
	HOLTER_ARGUMENT_NONE = 0,
	HOLTER_ARGUMENT_CONSTANT = 1, /* displacement */
	HOLTER_ARGUMENT_REGISTER = 2, /* base */
	HOLTER_ARGUMENT_ADDRESS = 3,  /* base + (index << shift) + displacement */
	HOLTER_ARGUMENT_MEMORY = 4,   /* what the target's memory has at that address */
};

/* holter_argument.flags */
#define HOLTER_ARGUMENT_SIGNED 1       /* the value is sign-extended from its size */
#define HOLTER_ARGUMENT_INDEX_32 2     /* of the index, the lower half only … */
#define HOLTER_ARGUMENT_INDEX_SIGNED 4 /* … sign-extended */

/* base or index of an operand that has none */
#define HOLTER_ARGUMENT_NO_REGISTER 0xffff

struct holter_argument {
	__u8 kind;	    /* enum holter_argument_kind */
	__u8 size;	    /* of the value in bytes: 1, 2, 4 or 8 */
	__u8 flags;	    /* HOLTER_ARGUMENT_SIGNED … */
	__u8 shift;	    /* of the index: 0 to 4 */
	__u16 base;	    /* byte offset into pt_regs (arm64: user_pt_regs) */
	__u16 index;	    /* the same */
	__s64 displacement; /* or the constant, extended already */
};
#ifdef __cplusplus
static_assert(sizeof(struct holter_argument) == 16, "holter_argument");
#else
_Static_assert(sizeof(struct holter_argument) == 16, "holter_argument");
#endif

#endif /* HOLTER_EVENTS_CATALOGUE_H */
