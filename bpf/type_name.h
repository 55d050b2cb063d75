/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Names of Go's types, as far as it takes to know the few that matter.
 */
#ifndef HOLTER_TYPE_NAME_H
#define HOLTER_TYPE_NAME_H

#include "bpf/kernel.h"

#define CONTEXT_CHAIN 24 /* links of a context that are followed */
#define TYPE_NAME 40	 /* of abi.Type.Str, in all versions */

/* How long the name is, and how it begins. The names of types that are no pointers have a
 * star, too. */
struct type_name {
	__u64 begin[3];
};

/* `types`: what names of types are relative to. */
static __always_inline bool read_type_name(struct type_name *name, __u64 types, __u64 type)
{
	__s32 offset = 0;

	/* A byte of flags comes before. */
	return type > types &&
	       !bpf_probe_read_user(&offset, sizeof(offset), (const void *)(type + TYPE_NAME)) &&
	       offset > 0 &&
	       !bpf_probe_read_user(name, sizeof(*name), (const void *)(types + offset + 1));
}

static __always_inline bool begins_with(const struct type_name *name, __u64 first, __u64 second)
{
	return name->begin[0] == first && name->begin[1] == second;
}

#endif /* HOLTER_TYPE_NAME_H */
