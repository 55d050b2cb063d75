/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Between argument_reader.bpf.c and argument_reader.cpp. */
#ifndef ARGUMENT_READER_H
#define ARGUMENT_READER_H

#include "bpf/events.h"

#define ARGUMENT_READER_PLACES 64
#define ARGUMENT_READER_ARGUMENTS 12

struct argument_place {
    struct holter_argument arguments[ARGUMENT_READER_ARGUMENTS];
};

struct argument_values {
    __u32 place;
    __u32 sleepable;
    __u64 value[ARGUMENT_READER_ARGUMENTS];
    __u32 failed[ARGUMENT_READER_ARGUMENTS];
};

#endif /* ARGUMENT_READER_H */
