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

/// What is the same failure. Each place where a process that has ended was to be attached to says
/// so in its own words.
std::pair<std::string, std::string> key_of(const tracer::ProbeState& state) {
    return {state.reason, state.reason == "vanished" ? "" : state.message};
}

std::vector<Failure> failures_among(const std::vector<tracer::ProbeState>& states) {
    std::vector<Failure> failures;
    for (const auto& state : states) {
        if (state.state != "failed")
            continue;
        const auto known =
            std::find_if(failures.begin(), failures.end(), [&](const Failure& failure) {
                return key_of(*failure.first) == key_of(state);
            });
        if (known != failures.end())
            ++known->others;
        else
            failures.push_back({&state});
    }
    return failures;
}

} // namespace

std::vector<std::string> ProbeFailures::news(tracer::Slot slot,
                                             const std::vector<tracer::ProbeState>& states) {
    const Told before = std::exchange(told_[slot], {});
    std::vector<std::string> lines;
    for (const Failure& failure : failures_among(states)) {
        const auto key = key_of(*failure.first);
        told_[slot].insert(key);
        if (!before.count(key))
            lines.push_back(
                "probe " + failure.first->probe +
                (failure.others ? " and " + std::to_string(failure.others) + " more" : "") + ": " +
                failure.first->reason + ": " + failure.first->message);
    }
    return lines;
}

} // namespace holter::agent
