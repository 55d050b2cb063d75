/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Go's collector: cycles, and every stop of the world.
 *
 * The length of a pause is the runtime's own figure wherever the runtime hands
 * it around in a register:
 *   Go >= 1.20  argument of (*timeHistogram).record, at its call sites
 *   Go <= 1.19  that function is inlined; the stop is timed from outside, and
 *               mark termination gets what is missing to the runtime's
 *               memstats.pause_total_ns, so that the sum is exact
 * What kind of stop it was:
 *   Go >= 1.22  the reason is an argument of startTheWorldWithSema; a mark termination that
 *               did not pass gcMarkTermination was given up
 *   Go <= 1.21  the function that holds the call site says it (cookie argument)
 *   Go <= 1.19  the order of events inside the stop says it
 *
 * Stops of the world of one process never overlap, so one record per process
 * carries what one probe must tell the next. probes/go.yaml says which function
 * each program is attached to.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/events.h"
#include "bpf/gc_stops.h"
#include "bpf/go_abi.h"
#include "bpf/ring.h"
#include "bpf/target.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum stop_phase { PHASE_NONE, PHASE_SWEEP, PHASE_MARK };

struct go_state {
	__u64 stopped_at_ns;  /* 0: not stopped, or not seen */
	__u64 cycle_pause_ns; /* Go <= 1.19: stops of this cycle so far */
	__u64 pause_total_ns; /* Go <= 1.19: memstats.pause_total_ns before this cycle */
	__u32 reason;	      /* Go >= 1.22: of the stop that is ending */
	__u32 other_reason;   /* Go <= 1.21: of a stop that is not the collector's, plus 1 */
	__u32 phase;	      /* enum stop_phase */
	__u32 trigger;	      /* enum holter_go_trigger, plus 1; 0: unknown */
	__u32 summing;	      /* Go <= 1.19: pause_total_ns was read at this cycle's begin */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_go_gc_target);
} go_gc_targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct go_state);
} go_states SEC(".maps");

/* Go 1.18: the trigger passes through gcStart only, where losers of a race for the same cycle
 * come along too; the goroutine that goes on to startCycle is the one that counts. */
struct go_trigger_key {
	__u64 target;
	__u64 g;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct go_trigger_key);
	__type(value, __u32);
} go_triggers SEC(".maps");

struct hit {
	__u64 cookie;
	__u32 slot;
	struct holter_go_gc_target *target;
	struct go_state *state;
};

static __always_inline bool hit_of(struct pt_regs *ctx, struct hit *hit)
{
	hit->cookie = bpf_get_attach_cookie(ctx);
	hit->slot = HOLTER_COOKIE_TARGET(hit->cookie);
	if (!target_was_hit(hit->cookie))
		return false;
	hit->target = bpf_map_lookup_elem(&go_gc_targets, &hit->slot);
	hit->state = bpf_map_lookup_elem(&go_states, &hit->slot);
	if (!hit->target || !hit->state)
		return false;
	return !((hit->cookie & HOLTER_COOKIE_BRANCH) && GO_STACK_CHECK_TAKEN(ctx));
}

static __always_inline __u64 read_target(__u64 address, __u32 size)
{
	__u64 value = 0;

	if (!address)
		return 0;
	if (bpf_probe_read_user(&value, size, (const void *)address)) {
		count_loss(HOLTER_EVENT_GO_GC_PAUSE, HOLTER_LOSS_READ_FAILED);
		return 0;
	}
	return value;
}

static __always_inline void emit_gc_pause(struct hit *hit, __u8 kind, __u64 duration_ns)
{
	struct holter_go_gc_pause *event;
	__u32 trigger = hit->state->trigger;

	add_gc_stop(hit->slot, duration_ns);
	/* Before the reservation: a lost event must not leave its trigger to the next cycle. */
	if (kind == HOLTER_GO_MARK_TERMINATION) {
		hit->state->trigger = 0;
		hit->state->phase = PHASE_NONE;
	}
	event = ring_reserve(HOLTER_EVENT_GO_GC_PAUSE, hit->slot, sizeof(*event));
	if (!event)
		return;
	event->duration_ns = duration_ns;
	event->numgc = (__u32)read_target(hit->target->numgc_address, sizeof(event->numgc));
	event->kind = kind;
	event->trigger = trigger ? trigger - 1 : HOLTER_GO_TRIGGER_UNKNOWN;
	event->pad = 0;
	ring_submit(event);
}

static __always_inline void emit_stop(struct hit *hit, __u32 reason, __u64 duration_ns)
{
	struct holter_go_stop *event;

	event = ring_reserve(HOLTER_EVENT_GO_STOP, hit->slot, sizeof(*event));
	if (!event)
		return;
	event->duration_ns = duration_ns;
	event->reason = reason;
	event->pad = 0;
	ring_submit(event);
}

/* runtime.gcStart(trigger gcTrigger), Go 1.18. */
static __noinline int go_gc_requested(struct pt_regs *ctx, struct hit *hit)
{
	struct go_trigger_key key = {};
	__u32 kind;

	key.target = hit->slot;
	key.g = GO_G(ctx);
	kind = (__u32)GO_ARG1(ctx);
	bpf_map_update_elem(&go_triggers, &key, &kind, BPF_ANY);
	return 0;
}

static __always_inline int cycle_starts(struct hit *hit, __u32 trigger)
{
	hit->state->trigger =
	    (trigger < HOLTER_GO_TRIGGER_UNKNOWN ? trigger : (__u32)HOLTER_GO_TRIGGER_UNKNOWN) + 1;
	hit->state->phase = PHASE_SWEEP;
	hit->state->cycle_pause_ns = 0;
	return 0;
}

/* runtime.(*gcControllerState).startCycle(c, markStartTime, procs, trigger gcTrigger): once per
 * cycle, in the stopped world. */
static __noinline int go_cycle_starts(struct pt_regs *ctx, struct hit *hit)
{
	return cycle_starts(hit, (__u32)GO_ARG4(ctx));
}

/* The same without the trigger, Go 1.18. */
static __noinline int go_requested_cycle_starts(struct pt_regs *ctx, struct hit *hit)
{
	struct go_trigger_key key = {};
	__u32 *kind;

	key.target = hit->slot;
	key.g = GO_G(ctx);
	kind = bpf_map_lookup_elem(&go_triggers, &key);
	cycle_starts(hit, kind ? *kind : (__u32)HOLTER_GO_TRIGGER_UNKNOWN);
	bpf_map_delete_elem(&go_triggers, &key);
	return 0;
}

/* runtime.startTheWorldWithSema(now int64, w worldStop), Go >= 1.22; w.reason is w's first word. */
static __noinline int go_world_starts(struct pt_regs *ctx, struct hit *hit)
{
	hit->state->reason = (__u32)GO_ARG2(ctx);
	return 0;
}

/* call runtime.(*timeHistogram).record(h, duration int64), Go >= 1.20. */
static __noinline int go_pause_recorded(struct pt_regs *ctx, struct hit *hit)
{
	__u64 duration_ns;
	__u32 reason;

	duration_ns = GO_ARG2(ctx);
	switch (HOLTER_COOKIE_ARGUMENT(hit->cookie)) {
	case HOLTER_ARGUMENT_sweep_termination:
		emit_gc_pause(hit, HOLTER_GO_SWEEP_TERMINATION, duration_ns);
		return 0;
	case HOLTER_ARGUMENT_mark_termination:
		emit_gc_pause(hit, HOLTER_GO_MARK_TERMINATION, duration_ns);
		return 0;
	case HOLTER_ARGUMENT_mark_restart:
		emit_gc_pause(hit, HOLTER_GO_MARK_RESTART, duration_ns);
		return 0;
	}
	reason = hit->state->reason;
	hit->state->reason = HOLTER_GO_STOP_UNKNOWN;
	if (reason == HOLTER_GO_STOP_GC_SWEEP_TERMINATION)
		emit_gc_pause(hit, HOLTER_GO_SWEEP_TERMINATION, duration_ns);
	else if (reason == HOLTER_GO_STOP_GC_MARK_TERMINATION)
		emit_gc_pause(hit,
			      hit->state->phase == PHASE_MARK ? HOLTER_GO_MARK_TERMINATION
							      : HOLTER_GO_MARK_RESTART,
			      duration_ns);
	else
		emit_stop(hit, reason, duration_ns);
	return 0;
}

/* runtime.stopTheWorldWithSema(), Go <= 1.19: any stop begins. */
static __noinline int go_world_stops(struct pt_regs *ctx, struct hit *hit)
{
	hit->state->stopped_at_ns = bpf_ktime_get_ns();
	return 0;
}

/* call runtime.stopTheWorldWithSema(reason stwReason) in runtime.stopTheWorld, Go 1.21: a stop
 * that is not the collector's begins. */
static __noinline int go_other_stop(struct pt_regs *ctx, struct hit *hit)
{
	hit->state->stopped_at_ns = bpf_ktime_get_ns();
	hit->state->other_reason = (__u32)GO_ARG1(ctx) + 1;
	return 0;
}

/* Go <= 1.20 has strings for reasons. All but two differ in length already; those two differ in
 * their first letter. */
static __always_inline __u32 reason_named(const struct go_string *name)
{
	switch (name->length) {
	case sizeof("profile cleanup") - 1: /* or "write heap dump" */
		return (char)read_target(name->address, 1) == 'w'
			   ? HOLTER_GO_STOP_WRITE_HEAP_DUMP
			   : HOLTER_GO_STOP_GOROUTINE_PROFILE_CLEANUP;
	case sizeof("profile") - 1:
	case sizeof("goroutine profile") - 1:
		return HOLTER_GO_STOP_GOROUTINE_PROFILE;
	case sizeof("stack trace") - 1:
		return HOLTER_GO_STOP_ALL_GOROUTINES_STACK;
	case sizeof("read mem stats") - 1:
		return HOLTER_GO_STOP_READ_MEM_STATS;
	case sizeof("doAllThreadsSyscall") - 1:
		return HOLTER_GO_STOP_ALL_THREADS_SYSCALL;
	case sizeof("GOMAXPROCS") - 1:
		return HOLTER_GO_STOP_GOMAXPROCS;
	case sizeof("start tracing") - 1:
		return HOLTER_GO_STOP_START_TRACE;
	case sizeof("stop tracing") - 1:
		return HOLTER_GO_STOP_STOP_TRACE;
	default:
		return HOLTER_GO_STOP_OTHER;
	}
}

/* call runtime.stopTheWorldWithSema() in runtime.stopTheWorld, Go <= 1.20: the caller left its
 * reason in m.preemptoff. */
static __noinline int go_other_stop_by_name(struct pt_regs *ctx, struct hit *hit)
{
	const __u32 g_m_offset = 48;
	struct go_string name = {};
	__u64 m;

	m = read_target(GO_G(ctx) + g_m_offset, sizeof(m));
	if (m && hit->target->preemptoff_offset &&
	    bpf_probe_read_user(&name, sizeof(name),
				(const void *)(m + hit->target->preemptoff_offset)))
		count_loss(HOLTER_EVENT_GO_STOP, HOLTER_LOSS_READ_FAILED);
	hit->state->stopped_at_ns = bpf_ktime_get_ns();
	hit->state->other_reason = reason_named(&name) + 1;
	return 0;
}

/* runtime.gcMarkTermination, once per cycle: the world stands still for mark termination, and this
 * time it is not given up. */
static __noinline int go_mark_terminates(struct pt_regs *ctx, struct hit *hit)
{
	hit->state->phase = PHASE_MARK;
	return 0;
}

/* What mark termination must have taken for the cycle to sum up to the runtime's own figure;
 * its time from outside where that figure cannot be had. */
static __always_inline __u64 mark_pause(struct hit *hit, __u64 measured_ns)
{
	__u64 total = read_target(hit->target->pause_total_address, sizeof(total));
	__u64 seen = hit->state->pause_total_ns + hit->state->cycle_pause_ns;

	if (!hit->state->summing || total <= seen)
		return measured_ns;
	return total - seen;
}

/* call runtime.nanotime1 in runtime.startTheWorldWithSema, Go <= 1.21: the world runs again.
 * The argument says whether the collector's stops are taken from here too (Go <= 1.19). */
static __noinline int go_world_started(struct pt_regs *ctx, struct hit *hit)
{
	struct go_state *state;
	__u64 duration_ns;

	state = hit->state;
	if (!state->stopped_at_ns)
		return 0;
	duration_ns = bpf_ktime_get_ns() - state->stopped_at_ns;
	state->stopped_at_ns = 0;
	if (state->other_reason) {
		emit_stop(hit, state->other_reason - 1, duration_ns);
		state->other_reason = 0;
		return 0;
	}
	if (HOLTER_COOKIE_ARGUMENT(hit->cookie) != HOLTER_ARGUMENT_all_stops)
		return 0;
	if (state->phase == PHASE_MARK) {
		emit_gc_pause(hit, HOLTER_GO_MARK_TERMINATION, mark_pause(hit, duration_ns));
		state->summing = 0;
	} else {
		state->cycle_pause_ns += duration_ns;
		if (state->phase == PHASE_SWEEP) {
			state->pause_total_ns =
			    read_target(hit->target->pause_total_address, sizeof(__u64));
			state->summing = hit->target->pause_total_address != 0;
			emit_gc_pause(hit, HOLTER_GO_SWEEP_TERMINATION, duration_ns);
		} else {
			emit_gc_pause(hit, HOLTER_GO_MARK_RESTART, duration_ns);
		}
	}
	state->phase = PHASE_NONE;
	return 0;
}

GO_GROUP(go_gc, HOLTER_GO_GC_PROGRAMS)
