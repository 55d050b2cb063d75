// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/overhead/budget.h"

#include "bpf/events.h"

#include <algorithm>
#include <bpf/bpf.h>

namespace holter::tracer {

namespace {

/// The kernel's monotonic clock, which is this one.
std::uint64_t to_ns(Sampling::Clock::time_point time) {
    const auto ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    return static_cast<std::uint64_t>(std::max<decltype(ns)>(ns, 0));
}

} // namespace

void Budget::add(const Subject& subject) {
    const bool has_requests = std::any_of(subject.parts.begin(), subject.parts.end(),
                                          [](const Part& part) { return part.sees_requests(); });
    if (!has_requests)
        return;
    told_(subject.slot, 0, 1);
    if (part_ == 0)
        return;
    RunningCost cost;
    const Sampling::Totals before = totals(subject, cost);
    watched_.try_emplace(subject.slot,
                         Watched{cost, Sampling(part_, Sampling::Clock::now(), before,
                                                static_cast<std::uint32_t>(subject.pid))});
}

bool Budget::keep(const Subject& subject, Sampling::Clock::time_point now) {
    const auto found = watched_.find(subject.slot);
    if (found == watched_.end() || !found->second.sampling.is_due(now))
        return false;
    Sampling& sampling = found->second.sampling;
    const bool was_sampling = sampling.is_sampling();
    bool changed = false;
    switch (sampling.step(now, totals(subject, found->second.cost), [&](bool give_up) {
        return in_kernel_.has_open_requests(subject.slot, give_up);
    })) {
    case Sampling::Step::none:
        break;
    case Sampling::Step::close:
        set_gate(subject, sampling.gate(now));
        break;
    case Sampling::Step::detach:
        for (Part& part : subject.parts)
            part.detach_requests(links_);
        tell_next(subject, sampling);
        break;
    case Sampling::Step::open:
    case Sampling::Step::resume:
        changed = attach(subject, sampling);
        break;
    }
    if (sampling.is_sampling() == was_sampling)
        return changed;
    for (Part& part : subject.parts)
        part.set_sampled(sampling.is_sampling());
    return true;
}

/// Whether it could not, or can again.
bool Budget::attach(const Subject& subject, Sampling& sampling) {
    bool changed = false, attached = false;
    for (Part& part : subject.parts) {
        changed |= part.attach_requests(objects_, method_, subject.pid);
        attached |= part.sees_requests_now();
    }
    const auto now = Sampling::Clock::now();
    if (attached) {
        set_gate(subject, sampling.gate(now));
    } else {
        sampling.miss(now);
        tell_next(subject, sampling);
    }
    return changed;
}

/// The window may be minutes away, and until then nothing is counted.
void Budget::tell_next(const Subject& subject, const Sampling& sampling) {
    if (const auto sample = sampling.next_sample())
        told_(subject.slot, sample->window, sample->weight);
}

Sampling::Totals Budget::totals(const Subject& subject, RunningCost& cost) const {
    holter_hits hits{};
    bpf_map_lookup_elem(objects_.map("hits"), &subject.slot, &hits);
    Sampling::Totals totals;
    totals.probe_seconds = cost.add(hits, [&](const holter_hits& fresh) {
        double seconds = 0;
        for (const Part& part : subject.parts)
            seconds += part.seconds_for_requests(fresh, hit_cost_);
        return seconds;
    });
    if (const auto cpu = procfs_.cpu_seconds(subject.pid))
        totals.cpu_seconds = *cpu;
    return totals;
}

void Budget::set_gate(const Subject& subject, const Sampling::Gate& gate) {
    if (gate.window != 0 || gate.until == Sampling::Clock::time_point::max())
        told_(subject.slot, gate.window, gate.weight);
    in_kernel_.count_requests(subject.slot, gate.window, to_ns(gate.from), to_ns(gate.until));
}

} // namespace holter::tracer
