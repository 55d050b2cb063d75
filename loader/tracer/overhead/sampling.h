// SPDX-License-Identifier: Apache-2.0
//
// What the requests of one target may cost it. Their probes are hit once or twice per request,
// so they are the ones that can cost more than the budget. Where they do, they are attached in
// short windows only: time is cut into strata, each has one window at a random place, and a
// request that begins in a window stands for as many as the stratum is longer than the window.
// It is the begin that decides, so a long request has the same chance as a short one; the probes
// stay after a window until what began in it has ended, within bounds.
//
// This decides, and does nothing: the tracer asks it now and then and does as it says.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace holter::tracer {

class Sampling {
  public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::seconds look_interval{10}; ///< at the cost, while all are counted
    static constexpr std::chrono::seconds window_length{1};
    static constexpr std::chrono::seconds longest_wait{5}; ///< for requests to end, after a window
    static constexpr std::chrono::seconds shortest_stratum{5};
    static constexpr std::chrono::seconds longest_stratum{300};
    /// All are counted again when that would cost no more than this part of the budget.
    static constexpr double enough_room = 0.8;

    /// Running totals.
    struct Totals {
        double probe_seconds = 0; ///< CPU time that the probes of requests have cost
        double cpu_seconds = 0;   ///< of the target
    };
    /// Which requests are counted: those that begin in this time.
    struct Gate {
        std::uint32_t window = 0; ///< number of the sample, below HOLTER_REQUEST_WINDOWS; 0: none
        double weight = 1;        ///< for how many one stands
        Clock::time_point from = Clock::time_point::min();
        Clock::time_point until = Clock::time_point::max();
    };
    struct Sample {
        std::uint32_t window = 0; ///< as in Gate
        double weight = 1;
    };
    enum class Step {
        none,
        close,  ///< no request that begins from now on is counted; the gate says so
        detach, ///< the probes
        open,   ///< attach the probes and ask for the gate
        resume, ///< the same; from then on all are counted
    };

    /// `budget`: part of the target's CPU time, above 0. `seed` for the places of windows.
    Sampling(double budget, Clock::time_point now, Totals totals, std::uint32_t seed);

    /// Whether step() has anything to do.
    bool is_due(Clock::time_point now) const {
        return state_ == State::waiting || now >= change_at_;
    }
    /// To be called when it is due. `requests_open(give_up)`: whether requests are in progress that
    /// are counted, asked while it waits for them; with `give_up` they are to be forgotten.
    template <typename RequestsOpen>
    Step step(Clock::time_point now, Totals totals, RequestsOpen&& requests_open) {
        if (state_ == State::waiting && requests_open(now >= give_up_at_))
            return Step::none;
        return step(now, totals);
    }
    /// What is counted from now on. To be asked for after `close`, and after `open` and `resume`
    /// once the probes are attached.
    Gate gate(Clock::time_point now);

    /// Instead of that: the probes could not be attached. The next stratum has a window again.
    void miss(Clock::time_point now) {
        state_ = State::detached;
        plan_window(now);
    }

    /// After `detach` and miss(): what the next window will be. Empty if all are counted next.
    std::optional<Sample> next_sample() const;

    /// Whether only samples are counted.
    bool is_sampling() const { return state_ != State::all; }

  private:
    enum class State {
        all,      ///< every request is counted
        waiting,  ///< attached: for what began before to end
        detached, ///< until the next window
        window,
        resuming, ///< detached until shortly before all are counted again
    };

    Step step(Clock::time_point now, Totals totals);
    Step look_at_cost(Clock::time_point now, Totals totals);
    Step detach(Clock::time_point now, Totals totals);
    /// What it has cost since the last time, as if the probes had been attached all of it.
    void measure(Clock::time_point now, Totals totals);
    void plan_window(Clock::time_point now);

    const double budget_;
    State state_ = State::all;
    Clock::time_point change_at_;   ///< when the state ends
    Clock::time_point give_up_at_;  ///< waiting
    Clock::time_point measured_at_; ///< begin of what is measured
    Totals measured_;               ///< then
    Clock::time_point attached_at_; ///< the last time
    std::chrono::duration<double> attached_per_window_{0};
    double full_ratio_ = 0; ///< cost ÷ CPU time if the probes were always attached
    Clock::time_point stratum_begin_, stratum_end_;
    std::uint32_t windows_ = 0; ///< so far
    std::minstd_rand dice_;
};

} // namespace holter::tracer
