// SPDX-License-Identifier: Apache-2.0
//
// From a process to attached programs and back. The tracer is told by the
// watcher which processes come and go, decides which it wants, examines each
// executable once, attaches group by group, and tells its listener. It belongs
// to one thread, the agent's watch thread.
#pragma once

#include "loader/attach/link_bin.h"
#include "loader/attach/objects.h"
#include "loader/attach/self_test.h"
#include "loader/catalogue/catalogue.h"
#include "loader/golang/binary.h"
#include "loader/process/executable_cache.h"
#include "loader/process/procfs/procfs.h"
#include "loader/process/selection.h"
#include "loader/result.h"
#include "loader/tracer/target.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holter::tracer {

/// Called on the tracer's thread. `appeared` comes before anything is attached, so that no record
/// of a target is older than the target; `gone` comes after everything was detached.
struct Listener {
    std::function<void(Target)> appeared;
    std::function<void(Slot, std::vector<ProbeState>)> probes_changed;
    std::function<void(Slot)> gone;
    /// A process that would have been traced, was not: `reason` is a token, `message` for people.
    std::function<void(const process::Identity&, const Error&)> refused;
};

/// Events that happened and did not arrive.
struct Loss {
    const char* type;  ///< `go_gc_pause`, `go_stop`
    const char* cause; ///< `ring_full`, `read_failed`
    std::uint64_t count;
};

class Tracer {
  public:
    /// Loads the BPF objects of all runtimes. Errors: those of Object::load.
    static Result<std::unique_ptr<Tracer>> create(const process::Procfs& procfs,
                                                  process::Selection selection,
                                                  std::vector<catalogue::Runtime> runtimes,
                                                  attach::Method method, Listener listener);
    ~Tracer();
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    /// A process is there (or has exec'd): traces it if it is wanted and supported. Returns whether
    /// it is traced now.
    bool consider(const process::Identity& identity);
    /// A process has ended.
    void forget(const process::Identity& identity);

    /// Attaches or detaches one group of one target while it runs. No effect if it is so already.
    void attach_group(Slot slot, const std::string& group);
    void detach_group(Slot slot, const std::string& group);

    /// The ring with all events.
    int ring_map() const;
    /// What is missing in it: running totals of every type and cause. Safe on any thread.
    std::vector<Loss> losses() const;
    /// Hits of each probe of a target since it appeared, by its number in cookies; at most
    /// HOLTER_MAX_PROBES. Safe on any thread.
    std::vector<std::uint64_t> hits(Slot slot, std::size_t probes) const;

    std::size_t targets() const { return targets_.size(); }

  private:
    struct Attached;
    using Verdict = std::shared_ptr<const golang::Binary>; // null: nothing for us

    Tracer(const process::Procfs& procfs, process::Selection selection,
           std::vector<catalogue::Runtime> runtimes, attach::Method method, Listener listener);

    Result<Verdict> verdict_on(const process::FileIdentity& file, const std::string& path);
    bool add(const process::Identity& identity, process::Descriptor file,
             const process::FileIdentity& file_identity, const std::string& executable,
             Verdict binary);
    void describe_to_kernel(Slot slot, const process::Identity& identity,
                            const golang::Binary& binary,
                            const golang::RuntimeVariables& variables);
    void hide_from_kernel(Slot slot, const process::Identity& identity);
    void create_link(Attached& target, Slot slot, const std::string& group);
    void report_probes(Slot slot);

    process::Procfs procfs_;
    process::Selection selection_;
    std::vector<catalogue::Runtime> runtimes_;
    attach::Method method_;
    Listener listener_;
    attach::Objects objects_;
    attach::LinkBin links_to_close_;
    process::ExecutableCache<Verdict> verdicts_;
    std::map<Slot, std::unique_ptr<Attached>> targets_;
    std::map<process::Identity, Slot> slots_;
    std::deque<Slot> free_slots_; ///< oldest freed first
};

} // namespace holter::tracer
