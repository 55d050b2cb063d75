// SPDX-License-Identifier: Apache-2.0
#include "agent/probe_failures.h"

#include <algorithm>
#include <cstddef>

namespace holter::agent {

namespace {

struct Failure {
    const tracer::ProbeState* first;
    std::size_t others = 0;
};

/// Each place where a process that has ended was to be attached to says so in its own words.
bool is_same(const tracer::ProbeState& one, const tracer::ProbeState& other) {
    return one.reason == other.reason && (one.reason == "vanished" || one.message == other.message);
}

} // namespace

std::vector<std::string> failure_lines(const std::vector<tracer::ProbeState>& states) {
    std::vector<Failure> failures;
    for (const auto& state : states) {
        if (state.state != "failed")
            continue;
        const auto known =
            std::find_if(failures.begin(), failures.end(),
                         [&](const Failure& failure) { return is_same(*failure.first, state); });
        if (known != failures.end())
            ++known->others;
        else
            failures.push_back({&state});
    }
    std::vector<std::string> lines;
    lines.reserve(failures.size());
    for (const Failure& failure : failures)
        lines.push_back("probe " + failure.first->probe +
                        (failure.others ? " and " + std::to_string(failure.others) + " more" : "") +
                        ": " + failure.first->reason + ": " + failure.first->message);
    return lines;
}

} // namespace holter::agent
