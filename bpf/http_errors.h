/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Errors of net/http's transport as its caller gets them: it takes two types of its own off before
 * it returns what they hold, and a request that gives up waiting for a connection ends with the
 * cause of its context's end.
 */
#ifndef HOLTER_HTTP_ERRORS_H
#define HOLTER_HTTP_ERRORS_H

#include "bpf/error_chain.h"
#include "bpf/type_name.h"

/* Whether it is net/http's transportReadFromServerError or nothingWrittenError. */
static __always_inline bool is_taken_off(const struct type_name *name)
{
	return begins_with(name, 0x742e707474682a22ULL /* 34 *http.t */,
			   0x74726f70736e6172ULL /* ransport */) ||
	       begins_with(name, 0x6e2e707474682a19ULL /* 25 *http.n */,
			   0x7257676e6968746fULL /* othingWr */);
}

/* Whether it is context's *timerCtx or *cancelCtx. */
static __always_inline bool can_end(const struct type_name *name)
{
	return begins_with(name, 0x7865746e6f632a11ULL /* 17 *contex */,
			   0x4372656d69742e74ULL /* t.timerC */) ||
	       begins_with(name, 0x7865746e6f632a12ULL /* 18 *contex */,
			   0x6c65636e61632e74ULL /* t.cancel */);
}

/* Whether it is context's *valueCtx, which ends when its parent does. Others may not
 * (context.withoutCancelCtx), or are somebody's own. */
static __always_inline bool ends_with_parent(const struct type_name *name)
{
	return begins_with(name, 0x7865746e6f632a11ULL /* 17 *contex */,
			   0x4365756c61762e74ULL /* t.valueC */);
}

/* What the transport makes of an error. */
static __always_inline void take_off(__u32 slot, struct go_interface *error)
{
	struct type_name name = {};
	struct go_interface held;
	__u64 types = types_of(slot);

	if (types && read_type_name(&name, types, type_of_itab(error->itab)) &&
	    is_taken_off(&name) &&
	    !bpf_probe_read_user(&held, sizeof(held), (const void *)error->data) && held.itab)
		*error = held;
}

/* Why a context ended, or nothing: of the links of its chain the first that can end by itself. The
 * others begin with their parent. Not static: verified once. */
__noinline int find_cause(struct go_interface *context, __u32 slot, __u32 cause)
{
	struct type_name name = {};
	__u64 types = types_of(slot);

	if (!context)
		return 0;
	for (int i = 0; i < CONTEXT_CHAIN && types && context->itab; i++) {
		bool known = read_type_name(&name, types, type_of_itab(context->itab));
		bool ends = known && can_end(&name);
		__u64 address = context->data + (ends ? cause : 0);

		if (!known || (!ends && !ends_with_parent(&name)) ||
		    bpf_probe_read_user(context, sizeof(*context), (const void *)address))
			break;
		if (ends)
			return 0;
	}
	context->itab = 0;
	return 0;
}

#endif /* HOLTER_HTTP_ERRORS_H */
