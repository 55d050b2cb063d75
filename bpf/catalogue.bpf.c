/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Probes of the catalogue of which only numbers are wanted; catalogue.h says what they are. */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/catalogue.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("uprobe")
int catalogue(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	struct holter_specification *spec = specification_of(cookie);
	struct open_span found = {};
	struct holter_probe_hit *event;
	__u64 duration_ns = 0;

	if (!spec ||
	    !evaluate(ctx, HOLTER_COOKIE_TARGET(cookie), spec, &found, &duration_ns, false))
		return 0;
	event = ring_reserve(HOLTER_EVENT_PROBE_HIT, HOLTER_COOKIE_TARGET(cookie), sizeof(*event));
	if (!event)
		return 0;
	event->probe = spec->probe;
	event->pad = 0;
	event->duration_ns = duration_ns;
	for (int i = 0; i < HOLTER_MAX_NUMBERS; i++)
		event->number[i] = found.number[i];
	ring_submit(event);
	return 0;
}
