/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a probe costs that does nothing. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("uprobe")
int empty(void* ctx __attribute__((unused))) {
    return 0;
}
