/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The programs that every probe of a catalogue file is attached with. What a place
 * means is data, one specification for each, so a file chooses among a few shapes
 * and never brings code.
 *
 * Two objects are made of this: `catalogue`, for hits of which only numbers are
 * wanted, and `catalogue_text`, whose program may sleep, because a text may lie in
 * memory that was never read before (a type's name in a library: the first error
 * of that type would have none).
 */
#ifndef HOLTER_CATALOGUE_H
#define HOLTER_CATALOGUE_H

#include "bpf/argument.h"
#include "bpf/events.h"
#include "bpf/kernel.h"
#include "bpf/ring.h"
#include "bpf/target.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_SPECIFICATIONS);
	__type(key, __u32);
	__type(value, struct holter_specification);
} specifications SEC(".maps");

struct span_key {
	__u32 generation; /* of the target: what ended leaves spans open that nobody else may end */
	__u32 probe;
	__u64 key; /* the thread, or a number of the specification's choice */
};

struct open_span {
	__u64 begin_ns;
	__u64 number[HOLTER_MAX_NUMBERS];
};

/* Spans whose end never comes (the thread ended in the middle) are pushed out by newer ones. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct span_key);
	__type(value, struct open_span);
} open_spans SEC(".maps");

/* The copy faults pages in; where that is not allowed, memory that is not there is a failure. */
static __always_inline long read_user(void *to, __u32 size, __u64 address, bool may_sleep)
{
	char byte;

	if (!bpf_probe_read_user(to, size, (const void *)address))
		return 0;
	if (!may_sleep || bpf_copy_from_user(&byte, sizeof(byte), (const void *)address) ||
	    bpf_copy_from_user(&byte, sizeof(byte), (const void *)(address + size - 1)))
		return -1;
	return bpf_probe_read_user(to, size, (const void *)address);
}

static __always_inline long read_number(struct pt_regs *ctx, const struct holter_number *number,
					__u64 *value, bool may_sleep)
{
	__u32 unused;

	if (may_sleep ? read_argument_sleepable(ctx, &number->argument, value)
		      : read_argument(ctx, &number->argument, value))
		return -1;
	for (int i = 0; i < HOLTER_MAX_DEREFERENCES && i < number->dereferences; i++) {
		__u64 address = *value + number->offsets[i];

		*value = 0;
		if (read_user(value, sizeof(*value), address, may_sleep)) {
			/* The last one may be shorter, and end where readable memory does. */
			if (i + 1 < number->dereferences || number->size >= sizeof(*value))
				return -1;
			if (number->size == 4	? read_user(value, 4, address, may_sleep)
			    : number->size == 2 ? read_user(value, 2, address, may_sleep)
						: read_user(value, 1, address, may_sleep))
				return -1;
		}
	}
	if (number->dereferences) {
		unused = (64 - 8 * (__u32)number->size) & 63;
		*value <<= unused;
		*value = number->is_signed ? (__u64)((__s64)*value >> unused) : *value >> unused;
	}
	return 0;
}

static __always_inline bool is_wanted(struct pt_regs *ctx, const struct holter_specification *spec,
				      bool may_sleep)
{
	__u64 value = 0;

	if (!spec->condition_values)
		return true;
	if (read_number(ctx, &spec->condition, &value, may_sleep)) {
		count_loss(HOLTER_EVENT_PROBE_HIT, HOLTER_LOSS_READ_FAILED);
		return false;
	}
	for (int i = 0; i < HOLTER_MAX_CONDITION_VALUES && i < spec->condition_values; i++)
		if (spec->condition_value[i] == (__s64)value)
			return true;
	return false;
}

static __always_inline long read_numbers(struct pt_regs *ctx,
					 const struct holter_specification *spec, __u64 *numbers,
					 bool may_sleep)
{
	for (int i = 0; i < HOLTER_MAX_NUMBERS; i++) {
		__u64 value = 0;

		if (spec->number[i].argument.kind == HOLTER_ARGUMENT_NONE)
			continue;
		if (read_number(ctx, &spec->number[i], &value, may_sleep))
			return -1;
		numbers[i] = value;
	}
	return 0;
}

/* What a hit comes to: fills `found`; false when there is nothing to report. */
static __always_inline bool evaluate(struct pt_regs *ctx, __u32 slot,
				     const struct holter_specification *spec,
				     struct open_span *found, __u64 *duration_ns, bool may_sleep)
{
	struct holter_target *target = bpf_map_lookup_elem(&targets, &slot);
	struct span_key key = {};
	struct open_span *open;
	__u64 now = bpf_ktime_get_ns();

	if (!target || !is_wanted(ctx, spec, may_sleep))
		return false;
	key.generation = target->generation;
	key.probe = spec->probe;
	key.key = bpf_get_current_pid_tgid();
	if (spec->key.argument.kind != HOLTER_ARGUMENT_NONE &&
	    read_number(ctx, &spec->key, &key.key, may_sleep))
		goto unreadable;
	if (spec->role == HOLTER_ROLE_BEGIN && spec->outside) {
		struct span_key outer = key;

		outer.probe = spec->outside - 1;
		if (bpf_map_lookup_elem(&open_spans, &outer))
			return false;
	}
	if (spec->role == HOLTER_ROLE_DURING || spec->role == HOLTER_ROLE_END) {
		open = bpf_map_lookup_elem(&open_spans, &key);
		if (!open) {
			if (spec->role == HOLTER_ROLE_END &&
			    !(spec->flags & HOLTER_SPECIFICATION_SILENT))
				count_loss(HOLTER_EVENT_PROBE_HIT, HOLTER_LOSS_BEGIN_UNSEEN);
			return false;
		}
		*found = *open;
	}
	if (read_numbers(ctx, spec, found->number, may_sleep)) {
		if (spec->role == HOLTER_ROLE_END)
			bpf_map_delete_elem(&open_spans, &key);
		goto unreadable;
	}
	switch (spec->role) {
	case HOLTER_ROLE_BEGIN:
		found->begin_ns = now;
		/* fallthrough */
	case HOLTER_ROLE_DURING:
		if (bpf_map_update_elem(&open_spans, &key, found, BPF_ANY))
			count_loss(HOLTER_EVENT_PROBE_HIT, HOLTER_LOSS_MAP_FULL);
		return false;
	case HOLTER_ROLE_END:
		bpf_map_delete_elem(&open_spans, &key);
		*duration_ns = now - found->begin_ns;
		return true;
	default:
		return true;
	}
unreadable:
	count_loss(HOLTER_EVENT_PROBE_HIT, HOLTER_LOSS_READ_FAILED);
	return false;
}

/* The specification of the place that was hit, if a target was. */
static __always_inline struct holter_specification *specification_of(__u64 cookie)
{
	__u32 number = HOLTER_COOKIE_SPECIFICATION(cookie);

	if (!target_was_hit(cookie))
		return NULL;
	return bpf_map_lookup_elem(&specifications, &number);
}

#endif /* HOLTER_CATALOGUE_H */
