// SPDX-License-Identifier: Apache-2.0
//
// From a process to attached programs and back. The tracer is told by the
// watcher which processes come and go, decides which it wants, examines each
// file once, attaches group by group, and tells its listener. It belongs
// to one thread, the agent's watch thread.
//
// What a process has mapped is looked at when it appears, again a few times while it
// is young (libraries come after the exec), and whenever its dynamic loader says that
// it has loaded something. Processes that are not traced are looked at again with
// every rescan.
#pragma once

#include "loader/attach/link_bin.h"
#include "loader/attach/objects.h"
#include "loader/attach/program_times.h"
#include "loader/attach/self_test.h"
#include "loader/attach/tracepoints.h"
#include "loader/catalogue/catalogue.h"
#include "loader/golang/binary.h"
#include "loader/modules/examiner.h"
#include "loader/process/executable_cache.h"
#include "loader/process/procfs/procfs.h"
#include "loader/process/selection.h"
#include "loader/result.h"
#include "loader/tracer/attached.h"
#include "loader/tracer/overhead/budget.h"
#include "loader/tracer/target.h"
#include "loader/tracer/targets_in_kernel.h"
#include "loader/tracer/window.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holter::tracer {

/// Called on the tracer's thread. `appeared` comes before anything is attached, so that no record
/// of a target is older than the target; `gone` comes after everything was detached.
struct Listener {
    std::function<void(Target)> appeared;
    /// After `appeared`: programs that are attached once for all targets see this one from now on.
    std::function<void(const process::Identity&)> known_to_kernel;
    /// Its end must be announced to forget() from now on. False: it has ended already.
    std::function<bool(const process::Identity&)> watch;
    /// The target has further probes: their names, in the order of their numbers, and which
    /// catalogue probes are among them.
    std::function<void(Slot, std::vector<std::string>, std::vector<std::uint32_t>)> extended;
    /// Some of its catalogue probes are about to be detached, and it goes on.
    std::function<void(Slot, std::vector<std::uint32_t>)> withdrawn;
    std::function<void(Slot, std::vector<ProbeState>)> probes_changed;
    /// Requests of the target that begin from now on are of this sample (0: all are counted), and
    /// one of them stands for so many.
    std::function<void(Slot, std::uint32_t window, double weight)> sampling_changed;
    std::function<void(Slot)> gone;
    /// A process that would have been traced, was not: `reason` is a token, `message` for people.
    /// Told once for a process, though it is tried again.
    std::function<void(const process::Identity&, const Error&)> refused;
    /// The meaning of a catalogue probe's number.
    modules::SpecificationListener specifications;
};

class Tracer {
  public:
    using Clock = std::chrono::steady_clock;

    /// Loads the BPF objects of all runtimes. At most HOLTER_MAX_TARGETS targets at a time.
    /// Errors: those of Object::load.
    static Result<std::unique_ptr<Tracer>>
    create(const process::Procfs& procfs, process::Selection selection,
           catalogue::Catalogue catalogue, attach::Method method,
           std::chrono::milliseconds rescan_interval, std::size_t most_targets,
           BudgetOptions budget, Listener listener);
    ~Tracer();
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    /// A process is there (or has exec'd): traces it if it is wanted and supported.
    void consider(const process::Identity& identity);
    /// A process has ended.
    void forget(const process::Identity& identity);
    /// Looks again at processes whose turn it is. To be called some times a second.
    void look_again(Clock::time_point now);
    /// The target may have mapped or unmapped files.
    void look_again(Slot slot);
    /// Replaces the catalogue (of all but Go). What has not changed stays attached.
    void set_definitions(std::vector<catalogue::Definition> definitions);

    /// Which headers of requests are read. Until this is called, none is. Errors: `load_failed`.
    Status set_trace_settings(const holter_trace_settings& settings);

    /// Attaches and detaches what is attached for moments only. To be called some times a second.
    void keep_windows(Window::Clock::time_point now);
    /// Keeps what requests cost within the budget. The same.
    void keep_budget(Sampling::Clock::time_point now);

    /// The ring with all events.
    int ring_map() const;
    /// What the kernel side has counted.
    const TargetsInKernel& in_kernel() const { return in_kernel_; }
    /// How long programs take. Its seconds() is safe on any thread.
    const attach::ProgramTimes& program_times() const { return program_times_; }

    std::size_t targets() const { return targets_.size(); }
    std::vector<pid_t> target_pids() const;
    /// For what is attached once for all targets and shares the maps.
    attach::Objects& objects() { return objects_; }

  private:
    using Verdict = std::shared_ptr<const golang::Binary>; // null: not Go

    Tracer(const process::Procfs& procfs, process::Selection selection,
           catalogue::Catalogue catalogue, attach::Method method,
           std::chrono::milliseconds rescan_interval, std::size_t most_targets,
           BudgetOptions budget, Listener listener);

    Result<Verdict> verdict_on(const process::FileIdentity& file, const std::string& path);
    void look(const process::Identity& identity);
    void refuse(const process::Identity& identity, const Error& error);
    void try_again();
    void add(const process::Identity& identity, process::Descriptor file,
             const process::FileIdentity& file_identity, const std::string& executable,
             Verdict binary, const modules::KnownFiles& known);
    bool follow(Attached& target, Slot slot, const modules::KnownFiles& known);
    /// Tells of the parts from `first_part` on; the names of probes from `first_probe` on are new.
    void announce_probes(const Attached& target, Slot slot, std::size_t first_part,
                         std::uint32_t first_probe);
    void report_probes(Slot slot);

    process::Procfs procfs_;
    process::Selection selection_;
    std::vector<catalogue::Runtime> runtimes_;
    attach::Method method_;
    std::chrono::milliseconds rescan_interval_;
    Listener listener_;
    attach::Objects objects_;
    TargetsInKernel in_kernel_;
    attach::Tracepoints deaths_; ///< goes before the objects
    attach::LinkBin links_to_close_;
    attach::ProgramTimes program_times_;
    Budget budget_; ///< goes before the objects
    process::ExecutableCache<Verdict> verdicts_;
    std::unique_ptr<modules::SpecificationTable> specifications_; // outlives all plans
    std::unique_ptr<modules::Examiner> examiner_;
    std::map<Slot, std::unique_ptr<Attached>> targets_;
    std::map<process::Identity, Slot> slots_;
    std::deque<Slot> free_slots_; ///< oldest freed first
    /// Processes that are wanted and not traced.
    std::set<process::Identity> others_;
    std::set<process::Identity> refused_;                       ///< that was told
    std::multimap<Clock::time_point, process::Identity> looks_; ///< at young processes, when due
    Clock::time_point tried_again_at_;
};

} // namespace holter::tracer
