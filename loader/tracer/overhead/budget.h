// SPDX-License-Identifier: Apache-2.0
//
// Holds what the probes of requests cost each target within the budget: measures, and takes the
// probes off and on as Sampling says.
#pragma once

#include "loader/attach/link_bin.h"
#include "loader/attach/objects.h"
#include "loader/attach/program_times.h"
#include "loader/attach/self_test.h"
#include "loader/process/procfs/procfs.h"
#include "loader/tracer/overhead/running_cost.h"
#include "loader/tracer/overhead/sampling.h"
#include "loader/tracer/part.h"
#include "loader/tracer/target.h"
#include "loader/tracer/targets_in_kernel.h"

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace holter::tracer {

struct BudgetOptions {
    double part = 0; ///< of a target's CPU time that its requests may cost; 0: as much as they do
    attach::SelfTest self_test; ///< for the cost of a hit
};

class Budget {
  public:
    /// A target with what is attached to it.
    struct Subject {
        Slot slot;
        pid_t pid;
        std::vector<Part>& parts;
    };
    /// Is told, before it is so: the next requests that are counted are of this sample (0: all are
    /// counted), and one stands for so many.
    using Told = std::function<void(Slot, std::uint32_t window, double weight)>;

    /// What is passed by reference must outlive it.
    Budget(const process::Procfs& procfs, const attach::Objects& objects,
           TargetsInKernel& in_kernel, attach::Method method, attach::LinkBin& links,
           const attach::ProgramTimes& times, BudgetOptions options, Told told)
        : procfs_(procfs), objects_(objects), in_kernel_(in_kernel), method_(method), links_(links),
          part_(options.part), hit_cost_{options.self_test.emulated_seconds,
                                         options.self_test.stepped_seconds,
                                         [&times](const std::string& object) {
                                             return times.seconds(object);
                                         }},
          told_(std::move(told)) {}

    /// A target has appeared, and everything is attached to it.
    void add(const Subject& subject);
    void remove(Slot slot) { watched_.erase(slot); }
    /// Does what is due. Whether something else than before is to be said of the target's probes:
    /// it has begun or ceased to be sampled, or they could not be attached.
    bool keep(const Subject& subject, Sampling::Clock::time_point now);

  private:
    struct Watched {
        RunningCost cost; ///< of its requests
        Sampling sampling;
    };

    Sampling::Totals totals(const Subject& subject, RunningCost& cost) const;
    bool attach(const Subject& subject, Sampling& sampling);
    void tell_next(const Subject& subject, const Sampling& sampling);
    void set_gate(const Subject& subject, const Sampling::Gate& gate);

    const process::Procfs& procfs_;
    const attach::Objects& objects_;
    TargetsInKernel& in_kernel_;
    const attach::Method method_;
    attach::LinkBin& links_;
    const double part_;
    const HitCost hit_cost_;
    const Told told_;
    std::map<Slot, Watched> watched_;
};

} // namespace holter::tracer
