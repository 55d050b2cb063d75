// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/overhead/sampling.h"

#include "bpf/events.h"

#include <algorithm>

namespace holter::tracer {

namespace {

using Seconds = std::chrono::duration<double>;

/// CPU time is told in hundredths of a second: of less than this, a ratio says nothing. Nor does it
/// matter what is a part of so little.
constexpr double least_cpu_seconds = 0.1;

/// How long the probes stay beside the window itself, before that has been measured.
constexpr Seconds usual_wait{0.5};

/// A window is over so long before its stratum at the latest.
constexpr std::chrono::seconds margin{1};

Sampling::Clock::duration ticks(Seconds seconds) {
    return std::chrono::duration_cast<Sampling::Clock::duration>(seconds);
}

} // namespace

Sampling::Sampling(double budget, Clock::time_point now, Totals totals, std::uint32_t seed)
    : budget_(budget), change_at_(now + look_interval), measured_at_(now), measured_(totals),
      attached_at_(now), dice_(seed) {}

Sampling::Step Sampling::step(Clock::time_point now, Totals totals) {
    if (state_ == State::waiting)
        return detach(now, totals);
    if (now < change_at_)
        return Step::none;
    switch (state_) {
    case State::all:
        return look_at_cost(now, totals);
    case State::detached:
        attached_at_ = now;
        return Step::open;
    case State::resuming:
        attached_at_ = measured_at_ = now;
        measured_ = totals;
        return Step::resume;
    default: // the kernel has closed the window by itself
        state_ = State::waiting;
        give_up_at_ = now + longest_wait;
        return Step::none;
    }
}

Sampling::Step Sampling::look_at_cost(Clock::time_point now, Totals totals) {
    const double cpu = totals.cpu_seconds - measured_.cpu_seconds;
    full_ratio_ =
        cpu < least_cpu_seconds ? 0 : (totals.probe_seconds - measured_.probe_seconds) / cpu;
    measured_at_ = now;
    measured_ = totals;
    change_at_ = now + look_interval;
    if (full_ratio_ <= budget_)
        return Step::none;
    attached_per_window_ = Seconds(window_length) + usual_wait;
    stratum_end_ = now; // the first stratum begins here
    state_ = State::waiting;
    give_up_at_ = now + longest_wait;
    return Step::close;
}

Sampling::Step Sampling::detach(Clock::time_point now, Totals totals) {
    if (windows_ > 0)
        measure(now, totals);
    measured_at_ = now;
    measured_ = totals;
    if (full_ratio_ <= enough_room * budget_ && now + margin / 2 < stratum_end_) {
        state_ = State::resuming;
        change_at_ = stratum_end_ - margin / 2;
    } else {
        state_ = State::detached;
        plan_window(now);
    }
    return Step::detach;
}

void Sampling::measure(Clock::time_point now, Totals totals) {
    const double cpu = totals.cpu_seconds - measured_.cpu_seconds;
    attached_per_window_ = now - attached_at_;
    if (cpu < least_cpu_seconds) {
        full_ratio_ = 0;
        return;
    }
    const double cost = totals.probe_seconds - measured_.probe_seconds;
    const Seconds passed = now - measured_at_;
    full_ratio_ = cost / cpu * (passed / attached_per_window_);
}

void Sampling::plan_window(Clock::time_point now) {
    const Seconds length = std::clamp(attached_per_window_ * (full_ratio_ / budget_),
                                      Seconds(shortest_stratum), Seconds(longest_stratum));
    stratum_begin_ = stratum_end_;
    stratum_end_ = stratum_begin_ + ticks(length);
    const auto earliest = std::max(now, stratum_begin_);
    const Seconds room = stratum_end_ - margin - window_length - earliest;
    std::uniform_real_distribution<double> place(0, std::max(room.count(), 0.0));
    change_at_ = earliest + ticks(Seconds(place(dice_)));
    stratum_end_ = std::max(stratum_end_, change_at_ + window_length + margin);
}

std::optional<Sampling::Sample> Sampling::next_sample() const {
    if (state_ != State::detached)
        return std::nullopt;
    return Sample{1 + windows_ % (HOLTER_REQUEST_WINDOWS - 1),
                  Seconds(stratum_end_ - stratum_begin_) / Seconds(window_length)};
}

Sampling::Gate Sampling::gate(Clock::time_point now) {
    Gate gate;
    const auto sample = next_sample();
    switch (state_) {
    case State::detached:
        gate.window = sample->window;
        gate.weight = sample->weight;
        ++windows_;
        gate.from = now;
        gate.until = change_at_ = now + window_length;
        state_ = State::window;
        break;
    case State::resuming:
        gate.from = std::max(now, stratum_end_);
        change_at_ = now + look_interval;
        windows_ = 0;
        state_ = State::all;
        break;
    default:
        gate.until = now;
        break;
    }
    return gate;
}

} // namespace holter::tracer
