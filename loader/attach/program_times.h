// SPDX-License-Identifier: Apache-2.0
//
// How long our programs take, by the kernel's own account. It keeps that only while somebody
// asks for it, and then for every BPF program of the machine, at some 30 ns a run: so it is asked
// for a second at a time.
#pragma once

#include "loader/attach/objects.h"
#include "loader/process/procfs/descriptor.h"

#include <chrono>
#include <map>
#include <string>

namespace holter::attach {

class ProgramTimes {
  public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::seconds length{1};
    static constexpr std::chrono::seconds interval{4};

    /// `objects` must outlive it.
    explicit ProgramTimes(const Objects& objects) : objects_(objects) {}

    /// Begins or ends to ask, when it is time. To be called some times a second.
    void turn(Clock::time_point now);

    /// What one run of the object's program has taken on average, in seconds; 0: it did not run
    /// while that was looked at. Any thread.
    double seconds(const std::string& object) const;

  private:
    const Objects& objects_;
    process::Descriptor asking_;
    Clock::time_point change_at_{};
};

/// The same of every program for probes on this machine that was looked at, by its name, whoever
/// has loaded it: for those who run none themselves. Where several have a name, their average.
std::map<std::string, double> seconds_of_all_programs();

} // namespace holter::attach
