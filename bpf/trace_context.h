/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The trace that a request belongs to, from its headers. Few requests are asked: an example of each
 * kind of request is wanted, not the trace of every one. So it is decided first whether a request's
 * turn has come, by what it was: slow ones and failed ones do not have to wait for fast ones that
 * came before them.
 *
 * Go keeps headers in a map[string][]string. Its buckets (or groups, since Go 1.24) are looked
 * through as they lie in memory: a request has a handful. Nothing here says where a value ends up
 * in a map, so no hash is needed, and one that is being changed is at worst searched in vain: what
 * is found has the right name.
 */
#ifndef HOLTER_TRACE_CONTEXT_H
#define HOLTER_TRACE_CONTEXT_H

#include "bpf/events.h"
#include "bpf/go_abi.h"

#define TURN_SHIFT 20	     /* a millisecond, nearly */
#define FIRST_CLASS_SHIFT 22 /* up to 4 ms; each further class ends four times as late */
#define CLASS_SHIFT 2
#define GROUP_SLOTS 8
#define MOST_GROUPS 16
#define MAP_WORDS 4
#define MAP_FLAGS                                                                                  \
	1 /* words of a map's head: buckets; the second byte is the logarithm of how many */
#define MAP_ARRAY 2
#define MAP_OLD_ARRAY 3
#define MAP_DIRECTORY 3 /* groups: length of the directory, 0: there is only one group */
#define TABLE_ARRAY 2	/* words of a table */
#define TABLE_MASK 3
#define SAME_SIZE_GROW 8
#define SMALLEST_HASH 5 /* smaller marks stand for empty, or moved to the new array */
#define FREE_SLOT 0x80	/* empty, or deleted */
#define KEY_SIZE 16
#define VALUE_SIZE 24
#define GROUP_SIZE (GROUP_SLOTS * (1 + KEY_SIZE + VALUE_SIZE))
#define BUCKET_SIZE (GROUP_SIZE + 8) /* the last word leads to where it goes on */
#define MOST_LOG2 4

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct holter_trace_settings);
} trace_settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_trace_turns);
} trace_turns SEC(".maps");

/* Whether a request that ended just now is to be asked for its trace. Two processors may both say
 * so of two requests. */
static __always_inline bool trace_turn(__u32 slot, __u64 now_ns, __u64 duration_ns, bool failed)
{
	__u32 now = now_ns >> TURN_SHIFT, first = 0, class = 0;
	struct holter_trace_settings *settings = bpf_map_lookup_elem(&trace_settings, &first);
	struct holter_trace_turns *turns = bpf_map_lookup_elem(&trace_turns, &slot);

	if (!settings || !turns || !settings->interval)
		return false;
	for (__u64 left = duration_ns >> FIRST_CLASS_SHIFT;
	     left && class < HOLTER_DURATION_CLASSES - 1; left >>= CLASS_SHIFT)
		class ++;
	if (failed)
		class += HOLTER_DURATION_CLASSES;
	class &= 2 * HOLTER_DURATION_CLASSES - 1;
	if (now - turns->last[class] < settings->interval)
		return false;
	turns->last[class] = now;
	return true;
}

/* Values of headers where they lie in the target; length 0: there is none. */
struct found_headers {
	struct go_string trace;
	struct go_string id;
};

/* Names are compared without regard to case. All letters, digits and the dash have this bit, or
 * differ from others in it alone. */
#define LOWER 0x2020202020202020ULL

/* `string` is a header's name: the first of its values, if it is a header and a length that are
 * wanted. The one variable is used for all strings: the stack is small. */
static __always_inline void take_header(struct found_headers *found,
					struct holter_trace_settings *settings,
					struct go_string *string, __u64 values)
{
	__u64 name[HOLTER_HEADER_WORDS] = {}, length = string->length;
	bool trace = length == HOLTER_TRACEPARENT_NAME;

	if (!trace && (!settings->id_length || length != settings->id_length))
		return;
	barrier_var(length); /* the bound is the verifier's */
	if (length > sizeof(name) ||
	    bpf_probe_read_user(name, length, (const void *)string->address))
		return;
	trace = trace && (name[0] | LOWER) == 0x7261706563617274ULL /* tracepar */ &&
		(name[1] | LOWER) == 0x2020202020746e65ULL /* ent */;
	if (!trace && ((name[0] | LOWER) != settings->id_name[0] ||
		       (name[1] | LOWER) != settings->id_name[1] ||
		       (name[2] | LOWER) != settings->id_name[2] ||
		       (name[3] | LOWER) != settings->id_name[3]))
		return;
	if (bpf_probe_read_user(string, sizeof(*string), (const void *)values) || !string->length ||
	    bpf_probe_read_user(string, sizeof(*string), (const void *)string->address))
		return;
	if (trace && string->length == HOLTER_TRACEPARENT)
		found->trace = *string;
	else if (!trace && string->length <= HOLTER_REQUEST_ID)
		found->id = *string;
}

/*
 * Looks through one bucket or group. Returns where a bucket goes on, or 0. This and the other
 * functions that are not static are verified once, and not at every call.
 */
__noinline __u64 look_into_group(struct found_headers *found, __u64 group, __u32 format)
{
	const bool buckets = format == HOLTER_MAP_BUCKETS;
	const __u32 first = 0;
	struct holter_trace_settings *settings = bpf_map_lookup_elem(&trace_settings, &first);
	__u64 key = group + GROUP_SLOTS, values, marks = 0;
	struct go_string string;

	if (!found || !settings || bpf_probe_read_user(&marks, sizeof(marks), (const void *)group))
		return 0;
#pragma nounroll
	for (int i = 0; i < GROUP_SLOTS; i++) {
		bool in_use = buckets ? (marks & 0xff) >= SMALLEST_HASH : !(marks & FREE_SLOT);

		values = buckets ? group + GROUP_SLOTS * (1 + KEY_SIZE) + i * VALUE_SIZE
				 : key + KEY_SIZE;
		if (in_use && !bpf_probe_read_user(&string, sizeof(string), (const void *)key))
			take_header(found, settings, &string, values);
		key += buckets ? KEY_SIZE : KEY_SIZE + VALUE_SIZE;
		marks >>= 8;
	}
	marks = 0;
	if (buckets)
		bpf_probe_read_user(&marks, sizeof(marks), (const void *)(group + GROUP_SIZE));
	return marks;
}

/*
 * Looks through a map[string][]string: an array of buckets, and while it grows the old array; or
 * one group, or a table of them. What has so many tables that it takes a directory is not looked
 * through.
 */
__noinline int find_headers(struct found_headers *found, __u64 map, __u32 format)
{
	const bool buckets = format == HOLTER_MAP_BUCKETS;
	__u64 words[MAP_WORDS] = {}, count = 1, old_count = 0, at, next;

	if (!found || !map || bpf_probe_read_user(words, sizeof(words), (const void *)map))
		return 0;
	if (buckets) {
		__u32 log2 = (words[MAP_FLAGS] >> 8) & 0xff;

		count = 1ULL << (log2 < MOST_LOG2 ? log2 : MOST_LOG2);
		old_count = words[MAP_FLAGS] & SAME_SIZE_GROW ? count : (count + 1) / 2;
	} else if (words[MAP_DIRECTORY]) {
		if (words[MAP_DIRECTORY] != 1 ||
		    bpf_probe_read_user(&at, sizeof(at), (const void *)words[MAP_ARRAY]) ||
		    bpf_probe_read_user(words, sizeof(words), (const void *)at))
			return 0;
		count = words[TABLE_MASK] + 1;
	}
	at = words[MAP_ARRAY];
	next = at;
	for (int i = 0; i < MOST_GROUPS && next; i++) {
		next = look_into_group(found, next, format);
		if (next)
			continue;
		if (--count) {
			at += buckets ? BUCKET_SIZE : GROUP_SIZE;
		} else {
			at = old_count ? words[MAP_OLD_ARRAY] : 0;
			count = old_count;
			old_count = 0;
		}
		next = at;
	}
	return 0;
}

#endif /* HOLTER_TRACE_CONTEXT_H */
