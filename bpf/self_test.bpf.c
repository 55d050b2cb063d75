/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Attached to Holter itself at start: does this kernel deliver every thread's
 * hits (uprobe_multi with a process filter did not, before mid 2024), and what
 * does one hit cost here?
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} self_test_hits SEC(".maps");

SEC("uprobe")
int self_test(struct pt_regs *ctx)
{
	__u32 zero = 0;
	__u64 *hits = bpf_map_lookup_elem(&self_test_hits, &zero);

	(void)ctx;
	if (hits)
		__sync_fetch_and_add(hits, 1);
	return 0;
}
