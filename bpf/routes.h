/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The pattern by which a router found the handler of a request. It is text that lives as long
 * as the router, unlike the context that leads to it, which another request gets as soon as
 * this one's handler has returned: so where the text is, is kept with the open request. Routers
 * of chi lie inside one another, and each has a piece of the pattern.
 */
#ifndef HOLTER_ROUTES_H
#define HOLTER_ROUTES_H

#include "bpf/requests.h"

/* A piece: its length above its address. */
#define PIECE_ADDRESS_BITS 48
#define PIECE_ADDRESS(piece) ((piece) & ((1ULL << PIECE_ADDRESS_BITS) - 1))
#define PIECE_LENGTH(piece) ((__u32)((piece) >> PIECE_ADDRESS_BITS))
#define LONGEST_PIECE 0xffffULL

static __always_inline __u64 piece_of(const struct go_string *text)
{
	__u64 length = text->length < LONGEST_PIECE ? text->length : LONGEST_PIECE;

	return PIECE_ADDRESS(text->address) | length << PIECE_ADDRESS_BITS;
}

/* The string in a field of what the router keeps; an empty one: it has no route. */
static __always_inline void keep_pattern(struct open_request *open, __u64 address, __u16 field)
{
	struct go_string pattern = {};

	if (field == HOLTER_NO_FIELD ||
	    bpf_probe_read_user(&pattern, sizeof(pattern), (const void *)(address + field)) ||
	    !pattern.length)
		return;
	open->pieces[0] = piece_of(&pattern);
	open->piece_count = 1;
	open->joined = 0;
}

/* The same for a slice of strings. */
static __always_inline void keep_patterns(struct open_request *open, __u64 address, __u16 field)
{
	struct go_string patterns[ROUTE_PIECES] = {}, slice = {};
	__u64 count;

	if (field == HOLTER_NO_FIELD ||
	    bpf_probe_read_user(&slice, sizeof(slice), (const void *)(address + field)))
		return;
	count = slice.length < ROUTE_PIECES ? slice.length : ROUTE_PIECES;
	if (!count ||
	    bpf_probe_read_user(patterns, count * sizeof(*patterns), (const void *)slice.address))
		return;
	for (int i = 0; i < ROUTE_PIECES; i++)
		open->pieces[i] = piece_of(&patterns[i]);
	open->piece_count = slice.length <= ROUTE_PIECES ? count : ROUTE_PIECES + 1;
	open->joined = 1;
}

/* Whether each piece begins in the first half of such a text, and is shorter than a half. */
static __always_inline bool pieces_fit(const struct open_request *open, __u32 half)
{
	__u32 begin = 0;

	for (__u32 i = 0; i < ROUTE_PIECES && i < open->piece_count; i++) {
		__u32 length = PIECE_LENGTH(open->pieces[i]);

		if (begin >= half || length >= half)
			return false;
		begin += length;
	}
	return open->piece_count <= ROUTE_PIECES;
}

static __always_inline void fill_pieces(struct holter_request_facts *facts, char *text,
					struct request_end *end, const struct open_request *open,
					__u32 half)
{
	__u32 begin = 0;

	for (__u32 i = 0; i < ROUTE_PIECES && i < open->piece_count; i++) {
		__u64 piece = open->pieces[i];
		__u32 length = PIECE_LENGTH(piece) & (half - 1);

		begin &= half - 1;
		if (bpf_probe_read_user(text + begin, length, (const void *)PIECE_ADDRESS(piece)))
			end->facts.flags |= HOLTER_REQUEST_UNREADABLE;
		begin += length;
	}
	end->facts.text_length = begin;
	*facts = end->facts;
}

/* The end of a request that a router has found the handler of. */
static __noinline int emit_routed(struct request_end *end, struct open_request *open, __u32 slot)
{
	struct holter_traced_request *traced;
	struct holter_long_request *longer;
	struct holter_request *event;

	if (!end || !open)
		return 0;
	end->facts.flags |= HOLTER_REQUEST_ROUTE;
	if (!open->joined) {
		end->text.address = PIECE_ADDRESS(open->pieces[0]);
		end->text.length = PIECE_LENGTH(open->pieces[0]);
		return emit_request(end, slot);
	}
	end->facts.pieces = open->piece_count;
	if (!pieces_fit(open, HOLTER_LONG_REQUEST_TEXT / 2)) {
		end->facts.flags |= HOLTER_REQUEST_CUT;
		open->piece_count = 0;
	}
	if (is_traced(end)) {
		traced = reserve_traced(end, slot);
		if (!traced)
			return 0;
		fill_pieces(&traced->facts, traced->text, end, open, HOLTER_LONG_REQUEST_TEXT / 2);
		ring_submit(traced);
		return 0;
	}
	if (pieces_fit(open, HOLTER_REQUEST_TEXT / 2)) {
		event = ring_reserve(HOLTER_EVENT_REQUEST, slot, sizeof(*event));
		if (!event)
			return 0;
		fill_pieces(&event->facts, event->text, end, open, HOLTER_REQUEST_TEXT / 2);
		ring_submit(event);
		return 0;
	}
	longer = ring_reserve(HOLTER_EVENT_LONG_REQUEST, slot, sizeof(*longer));
	if (!longer)
		return 0;
	fill_pieces(&longer->facts, longer->text, end, open, HOLTER_LONG_REQUEST_TEXT / 2);
	ring_submit(longer);
	return 0;
}

#endif /* HOLTER_ROUTES_H */
