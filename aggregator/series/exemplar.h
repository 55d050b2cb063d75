// SPDX-License-Identifier: Apache-2.0
//
// One observation of many, with what leads to it: the trace it was part of, or the
// identifier that its request had. A bucket of a histogram and a counter of errors keep one
// each, so there are never more exemplars than there are samples on the page.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace holter::aggregator {

struct Exemplar {
    std::string trace_id, span_id; ///< hexadecimal digits; empty: no trace is known
    std::string request_id;        ///< empty if a trace is
    bool sampled = false;          ///< the trace's maker says that it keeps it
    std::uint64_t value = 0;       ///< what was observed, in the family's units
    std::uint64_t unix_ns = 0;     ///< when
};

/// Shared by all that the observation was counted in. Null: none.
using ExemplarPtr = std::shared_ptr<const Exemplar>;

/// Which of two to keep: the later one, but one whose trace is kept stays for a minute after those
/// whose trace is not, which lead nowhere.
inline void keep_better(ExemplarPtr& kept, const ExemplarPtr& other) {
    constexpr std::uint64_t grace_ns = 60'000'000'000;
    if (!other)
        return;
    const auto lasts_until = [](const Exemplar& exemplar) {
        return exemplar.unix_ns + (exemplar.sampled ? grace_ns : 0);
    };
    if (!kept || lasts_until(*other) >= lasts_until(*kept))
        kept = other;
}

/// A counter that keeps an exemplar.
struct Count {
    std::uint64_t value = 0;
    ExemplarPtr exemplar;

    void add(const Count& other) {
        value += other.value;
        keep_better(exemplar, other.exemplar);
    }
};

} // namespace holter::aggregator
