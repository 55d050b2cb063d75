// SPDX-License-Identifier: Apache-2.0
//
// Requests that failed, as errors. The type is the one that the error was born with where
// it was seen; what has none (an answer with a status of HTTP, a status of gRPC that the
// library made up) is of the type that its status names.
#pragma once

#include "aggregator/errors/errors.h"
#include "aggregator/errors/go_names.h"
#include "bpf/events.h"

namespace holter::aggregator {

/// Counts the request if it failed; it stands for `times` of them.
void count_request(Errors& errors, TargetId target, const holter_request_facts& facts,
                   const GoNames& names, const ExemplarPtr& exemplar = nullptr,
                   std::uint64_t times = 1);

} // namespace holter::aggregator
