// SPDX-License-Identifier: Apache-2.0
//
// When a group that is attached for moments only is attached: for some seconds in the
// beginning, and then for a moment once a minute. What it learns of is used often or not
// worth knowing, so moments are enough; and a probe per request costs its share of the
// process's time only while it is there.
#pragma once

#include <chrono>

namespace holter::tracer {

class Window {
  public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::seconds first_length{3};
    static constexpr std::chrono::seconds length{1};
    static constexpr std::chrono::seconds interval{60};

    /// Open from now on.
    explicit Window(Clock::time_point now) : change_at_(now + first_length) {}

    bool is_open() const { return open_; }

    /// Whether it has just been opened or closed.
    bool turn(Clock::time_point now) {
        if (now < change_at_)
            return false;
        open_ = !open_;
        change_at_ = now + (open_ ? length : interval);
        return true;
    }

  private:
    bool open_ = true;
    Clock::time_point change_at_;
};

} // namespace holter::tracer
