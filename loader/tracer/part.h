// SPDX-License-Identifier: Apache-2.0
//
// What is attached to one file in one process: the executable of a Go program, or a
// file that the catalogue knows. Both come to the same here: groups of probes, each
// with the places where it goes.
#pragma once

#include "bpf/events.h"
#include "loader/attach/link.h"
#include "loader/attach/link_bin.h"
#include "loader/attach/objects.h"
#include "loader/golang/binary.h"
#include "loader/modules/examiner.h"
#include "loader/process/procfs/descriptor.h"
#include "loader/result.h"
#include "loader/tracer/target.h"
#include "loader/tracer/window.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holter::tracer {

/// One place of a probe, ready to be attached.
struct PartPoint {
    std::string object;
    attach::When when = attach::When::reached;
    attach::Point point;
};

struct PartProbe {
    std::string name;
    std::optional<Error> failure; ///< why some or all hits are not seen
    bool emulated = true;         ///< all of its places are
    std::vector<PartPoint> points;
};

/// What one hit costs the target: getting to the program and back, and the program.
struct HitCost {
    double emulated_seconds = 0;
    double stepped_seconds = 0;
    /// Of the program that an object holds.
    std::function<double(const std::string& object)> program_seconds;

    double of(const PartProbe& probe) const;
};

struct PartGroup {
    std::string name;
    bool per_request = false; ///< its probes are hit per request
    bool sampled = false;     ///< attached for moments only, because that is often
    std::vector<PartProbe> probes;
    std::vector<attach::Link> links; ///< one for each object and moment
    std::optional<Window> window;    ///< attached for moments only
    std::optional<Error> failure;    ///< of attaching
};

class Part {
  public:
    /// A Go executable's. Its probes have the numbers from `first_probe` on.
    static Part of_go(const golang::Binary& binary, process::Descriptor file, Slot slot,
                      std::uint32_t first_probe);
    /// What `plan` says of a file. Probes whose number would be too high fail with
    /// `too_many_probes`.
    static Part of_module(std::shared_ptr<const modules::PublishedPlan> plan,
                          const modules::KnownFile& known, process::Descriptor file, Slot slot,
                          std::uint32_t first_probe);

    /// Null for Go.
    const std::shared_ptr<const modules::PublishedPlan>& plan() const { return plan_; }
    const process::FileIdentity& identity() const { return identity_; }
    std::uint32_t probes() const;
    /// Number of its first probe.
    std::uint32_t first_probe() const { return first_probe_; }
    /// Appends the names of the probes, in the order of their numbers.
    void name_probes(std::vector<std::string>& names) const;
    /// The numbers by which events know its probes; none for Go.
    std::vector<std::uint32_t> catalogue_probes() const;
    void report(std::vector<ProbeState>& states) const;

    // Those that attach leave alone what is attached already. They return whether something else
    // than before is to be said of why it is not attached.

    bool attach_all(const attach::Objects& objects, attach::Method method, pid_t pid);
    /// Tries again the groups that could not be attached.
    bool attach_failed(const attach::Objects& objects, attach::Method method, pid_t pid);
    /// Attaches and detaches what is attached for moments only.
    bool keep_windows(Window::Clock::time_point now, const attach::Objects& objects,
                      attach::Method method, pid_t pid, attach::LinkBin& links);
    void detach_all(attach::LinkBin& links);

    /// What is said of requests here is of the groups whose probes are hit per request.
    bool sees_requests() const;
    bool sees_requests_now() const; ///< one of them is attached
    bool attach_requests(const attach::Objects& objects, attach::Method method, pid_t pid);
    void detach_requests(attach::LinkBin& links);
    void set_sampled(bool sampled);
    /// What their hits have cost the target.
    double seconds_for_requests(const holter_hits& hits, const HitCost& cost) const;

  private:
    bool attach(PartGroup& group, const attach::Objects& objects, attach::Method method,
                pid_t pid) const;
    static void detach(PartGroup& group, attach::LinkBin& links);

    std::shared_ptr<const modules::PublishedPlan> plan_;
    process::FileIdentity identity_;
    /// Everything goes through this one descriptor: by path, an exec or an upgrade in between
    /// would put probes meant for one file into another.
    process::Descriptor file_;
    std::vector<PartGroup> groups_;
    std::uint32_t first_probe_ = 0;
};

} // namespace holter::tracer
