// SPDX-License-Identifier: Apache-2.0
//
// Panics of Go as errors. A panic is an error when it begins, whatever becomes of it; how
// it ended is counted apart. A fatal error of the runtime begins and ends at once, and its
// type is its text, which is a constant of the runtime: there are some hundred.
#pragma once

#include "aggregator/errors/errors.h"
#include "aggregator/errors/go_names.h"
#include "bpf/events.h"

namespace holter::aggregator {

void count_panic(Errors& errors, const holter_go_panic& event, const GoNames& names);

} // namespace holter::aggregator
