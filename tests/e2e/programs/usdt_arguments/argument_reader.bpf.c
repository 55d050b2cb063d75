/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reads all arguments of a probe at each hit, in both ways that bpf/argument.h
 * has, and hands them out.
 */
#include "bpf/kernel.h"

#include "bpf/argument.h"
#include "tests/e2e/programs/usdt_arguments/argument_reader.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, ARGUMENT_READER_PLACES);
    __type(key, __u32);
    __type(value, struct argument_place);
} places SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} values SEC(".maps");

static __always_inline int read_all(struct pt_regs* ctx, bool may_sleep) {
    __u32 number = (__u32)bpf_get_attach_cookie(ctx);
    struct argument_place* place = bpf_map_lookup_elem(&places, &number);
    struct argument_values* out;

    if (!place)
        return 0;
    out = bpf_ringbuf_reserve(&values, sizeof(*out), 0);
    if (!out)
        return 0;
    out->place = number;
    out->sleepable = may_sleep;
    for (int i = 0; i < ARGUMENT_READER_ARGUMENTS; i++) {
        __u64 value = 0;
        int error = may_sleep ? read_argument_sleepable(ctx, &place->arguments[i], &value)
                              : read_argument(ctx, &place->arguments[i], &value);

        out->value[i] = value;
        out->failed[i] = error != 0;
    }
    bpf_ringbuf_submit(out, 0);
    return 0;
}

SEC("uprobe")
int read_arguments(struct pt_regs* ctx) {
    return read_all(ctx, false);
}

SEC("uprobe.s")
int read_arguments_sleepable(struct pt_regs* ctx) {
    return read_all(ctx, true);
}
