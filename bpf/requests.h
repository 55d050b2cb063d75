/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Requests between their begin and their end. What began is remembered under its owner: the
 * goroutine that serves or makes it (never a thread: goroutines move), or where several
 * goroutines take part, the object that stands for it.
 *
 * A goroutine that ends a request keeps its element, marked as closed: the next request of
 * that goroutine finds it there, which is cheaper than taking and giving back memory twice. Go
 * reuses goroutines, so there are never more elements than there have been
 * goroutines at once. One that dies in the middle of a request leaves an open
 * element, which its next use overwrites. User space removes what a target that ended
 * has left.
 */
#ifndef HOLTER_REQUESTS_H
#define HOLTER_REQUESTS_H

#include "bpf/error_chain.h"
#include "bpf/gc_stops.h"
#include "bpf/go_abi.h"
#include "bpf/ring.h"
#include "bpf/target.h"
#include "bpf/trace_context.h"

/* Of how many pieces the pattern of a router may be put together. */
#define ROUTE_PIECES 6

struct open_request {
	__u64 began_ns; /* 0: it has ended; first, user space reads it too */
	__u64 gc_pause_ns;
	__u64 gc_pauses;
	__u64 request; /* addresses of what the program needs at the end */
	__u64 writer;
	__u64 window;	       /* as in holter_target */
	struct go_error error; /* the last that it has met */
	/* HTTP server: of the pattern of its router, address and length of each; see routes.h. */
	__u64 pieces[ROUTE_PIECES];
	__u32 piece_count;
	__u32 joined;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HOLTER_MAX_OPEN_REQUESTS);
	__type(key, struct holter_request_key);
	__type(value, struct open_request);
} open_requests SEC(".maps");

struct hit {
	__u64 cookie;
	__u32 slot;
	__u32 pad;
};

/* Whose hit is it, and is it one at all? */
static __always_inline bool hit_of(struct pt_regs *ctx, struct hit *hit)
{
	hit->cookie = bpf_get_attach_cookie(ctx);
	hit->slot = HOLTER_COOKIE_TARGET(hit->cookie);
	if (!target_was_hit(hit->cookie))
		return false;
	return !((hit->cookie & HOLTER_COOKIE_BRANCH) && GO_STACK_CHECK_TAKEN(ctx));
}

static __always_inline struct holter_request_key key_of(__u32 slot, __u32 kind, __u64 owner)
{
	struct holter_request_key key = {};

	key.owner = owner;
	key.target = slot;
	key.kind = kind;
	return key;
}

/*
 * A word behind which others lie that were written before it: they are read after it. Processors
 * of some kinds take loads in any order; BPF knows no load that they keep, but a full barrier.
 */
static __always_inline __u64 read_first(volatile __u64 *word)
{
#ifdef __TARGET_ARCH_x86
	return *word;
#else
	return __sync_fetch_and_add(word, 0);
#endif
}

/*
 * Whether it is counted: where the target costs too much, a sample is. What is not written
 * here is not looked at before it is.
 */
static __always_inline bool start(struct open_request *open, __u32 slot, __u64 request,
				  __u64 writer)
{
	volatile struct holter_target *target = bpf_map_lookup_elem(&targets, &slot);
	struct holter_gc_stops *stops = bpf_map_lookup_elem(&gc_stops, &slot);
	__u64 now = bpf_ktime_get_ns();

	if (!target || now >= read_first(&target->until_ns) || now < target->from_ns) {
		open->began_ns = 0;
		return false;
	}
	open->window = target->window;
	open->gc_pause_ns = stops ? stops->pause_ns : 0;
	open->gc_pauses = stops ? stops->pauses : 0;
	open->request = request;
	open->writer = writer;
	open->error.type = 0;
	open->error.root = 0;
	open->piece_count = 0;
	open->began_ns = now;
	return true;
}

/* `open` is what the map has for the key. */
static __always_inline void begin_with(struct open_request *open, struct holter_request_key *key,
				       __u64 request, __u64 writer)
{
	struct open_request fresh = {};

	if (open) {
		start(open, key->target, request, writer);
		return;
	}
	if (start(&fresh, key->target, request, writer) &&
	    bpf_map_update_elem(&open_requests, key, &fresh, BPF_ANY))
		count_loss(HOLTER_EVENT_REQUEST, HOLTER_LOSS_MAP_FULL);
}

static __always_inline void begin_request(__u32 slot, __u32 kind, __u64 owner, __u64 request,
					  __u64 writer)
{
	struct holter_request_key key = key_of(slot, kind, owner);

	begin_with(bpf_map_lookup_elem(&open_requests, &key), &key, request, writer);
}

/* The request that the owner is in the middle of, or NULL. */
static __always_inline struct open_request *open_request_of(__u32 slot, __u32 kind, __u64 owner)
{
	struct holter_request_key key = key_of(slot, kind, owner);
	struct open_request *open = bpf_map_lookup_elem(&open_requests, &key);

	return open && open->began_ns ? open : NULL;
}

/* What the end of a request has to say. */
struct request_end {
	struct holter_request_facts facts;
	struct go_string text;
	struct found_headers headers;
	__u64 ended_ns;
};

static __always_inline __u64 read_target(struct request_end *end, __u64 address, __u32 size)
{
	__u64 value = 0;

	if (bpf_probe_read_user(&value, size, (const void *)address)) {
		end->facts.flags |= HOLTER_REQUEST_UNREADABLE;
		return 0;
	}
	return value;
}

static __always_inline void read_string(struct request_end *end, struct go_string *string,
					__u64 address)
{
	if (bpf_probe_read_user(string, sizeof(*string), (const void *)address)) {
		end->facts.flags |= HOLTER_REQUEST_UNREADABLE;
		string->address = 0;
		string->length = 0;
	}
}

/* What a value of type error holds, and what that wraps. */
static __always_inline struct go_error error_of(__u32 slot, __u64 itab, __u64 data)
{
	struct go_error error = {};

	if (itab)
		follow_chain(&error, slot, type_of_itab(itab), data);
	return error;
}

static __always_inline void tell_error(struct request_end *end, const struct go_error *error)
{
	end->facts.error_type = error->type;
	end->facts.error_root = error->root;
}

static __always_inline void measure(struct request_end *end, __u32 slot, __u32 kind,
				    struct open_request *open, __u64 now_ns)
{
	struct holter_gc_stops *stops = bpf_map_lookup_elem(&gc_stops, &slot);

	end->ended_ns = now_ns;
	end->facts.kind = kind;
	end->facts.duration_ns = now_ns - open->began_ns;
	end->facts.window = open->window;
	if (stops) {
		end->facts.gc_pause_ns = stops->pause_ns - open->gc_pause_ns;
		end->facts.gc_pauses = stops->pauses - open->gc_pauses;
	}
	open->began_ns = 0;
}

/* The text goes straight into the ring. Bytes of it that are not text stay as they were. */
static __always_inline void fill(struct holter_request_facts *facts, char *text,
				 struct request_end *end, __u32 length)
{
	if (bpf_probe_read_user(text, length, (const void *)end->text.address)) {
		end->facts.flags |= HOLTER_REQUEST_UNREADABLE;
		length = 0;
	}
	end->facts.text_length = length;
	*facts = end->facts;
}

static __always_inline __u8 fill_header(char *text, const struct go_string *value, __u64 most)
{
	__u64 length = value->length;

	if (length > most || bpf_probe_read_user(text, length, (const void *)value->address))
		return 0;
	return length;
}

static __always_inline __u64 text_length(struct request_end *end)
{
	if (end->text.length <= HOLTER_LONG_REQUEST_TEXT)
		return end->text.length;
	end->facts.flags |= HOLTER_REQUEST_CUT;
	return HOLTER_LONG_REQUEST_TEXT;
}

static __always_inline bool is_traced(const struct request_end *end)
{
	return end->headers.trace.length || end->headers.id.length;
}

/* An event with the headers; its text is still to be filled in. */
static __always_inline struct holter_traced_request *reserve_traced(struct request_end *end,
								    __u32 slot)
{
	struct holter_traced_request *event =
	    ring_reserve(HOLTER_EVENT_TRACED_REQUEST, slot, sizeof(*event));

	if (!event)
		return NULL;
	event->ended_ns = end->ended_ns;
	event->trace_length = fill_header(event->trace, &end->headers.trace, HOLTER_TRACEPARENT);
	event->id_length = fill_header(event->id, &end->headers.id, HOLTER_REQUEST_ID);
	return event;
}

__noinline int emit_traced(struct request_end *end, __u32 slot)
{
	struct holter_traced_request *event;

	if (!end)
		return 0;
	event = reserve_traced(end, slot);
	if (!event)
		return 0;
	fill(&event->facts, event->text, end, text_length(end));
	ring_submit(event);
	return 0;
}

/* Not static: verified once, and not for every kind of end. */
__noinline int emit_request(struct request_end *end, __u32 slot)
{
	struct holter_long_request *longer;
	struct holter_request *event;
	__u64 length;

	if (!end)
		return 0;
	if (is_traced(end))
		return emit_traced(end, slot);
	length = end->text.length;
	if (length <= HOLTER_REQUEST_TEXT) {
		event = ring_reserve(HOLTER_EVENT_REQUEST, slot, sizeof(*event));
		if (!event)
			return 0;
		fill(&event->facts, event->text, end, length & (2 * HOLTER_REQUEST_TEXT - 1));
		ring_submit(event);
		return 0;
	}
	longer = ring_reserve(HOLTER_EVENT_LONG_REQUEST, slot, sizeof(*longer));
	if (!longer)
		return 0;
	fill(&longer->facts, longer->text, end, text_length(end));
	ring_submit(longer);
	return 0;
}

#endif /* HOLTER_REQUESTS_H */
