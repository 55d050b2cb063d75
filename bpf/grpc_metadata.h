/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The metadata that came with a gRPC call. grpc-go puts it into the call's context, under a key of
 * a type of its own; contexts are chains, each link of which knows the one it was made from.
 * Handlers of statistics and grpc-go itself have put further links in front. The key is
 * known by the name of its type; the address of the type is remembered.
 */
#ifndef HOLTER_GRPC_METADATA_H
#define HOLTER_GRPC_METADATA_H

#include "bpf/type_name.h"

struct metadata_search {
	__u64 types; /* what names of types are relative to */
	__u64 key;   /* the type of the key; 0: not seen yet */
	__u64 map;   /* what was found; 0: nothing */
};

/* context.valueCtx. Links of other types begin with the parent, too. */
struct context_link {
	__u64 parent_itab;
	__u64 parent;
	__u64 key_type;
	__u64 key;
	__u64 value_type;
	__u64 value;
};

static __always_inline bool is_metadata_key(__u64 types, __u64 type)
{
	struct type_name name = {};

	return read_type_name(&name, types, type) &&
	       begins_with(&name, 0x61646174656d2a17ULL /* 23 *metada */,
			   0x636e49646d2e6174ULL /* ta.mdInc */) &&
	       name.begin[2] == 0x79654b676e696d6fULL /* omingKey */;
}

/* Not static: verified once. */
__noinline int find_metadata(struct metadata_search *search, __u64 context)
{
	struct context_link link = {};

	if (!search)
		return 0;
	for (int i = 0; i < CONTEXT_CHAIN && context; i++) {
		if (bpf_probe_read_user(&link, sizeof(link), (const void *)context))
			return 0;
		if (search->key ? link.key_type == search->key
				: is_metadata_key(search->types, link.key_type)) {
			search->key = link.key_type;
			search->map = link.value;
			return 0;
		}
		context = link.parent;
	}
	return 0;
}

#endif /* HOLTER_GRPC_METADATA_H */
