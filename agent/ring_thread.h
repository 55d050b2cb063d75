// SPDX-License-Identifier: Apache-2.0
//
// The thread that owns the aggregator. Everything that changes state happens
// here: records from the ring, and tasks that other threads post. Its queue is
// the one lock of the agent. A scrape is such a task: drain the ring, read the
// targets' own accounts, take a snapshot; so a page is complete up to the moment
// it was asked for, and no web thread ever touches live state.
#pragma once

#include "agent/account_readers.h"
#include "aggregator/aggregator.h"
#include "loader/attach/ring.h"
#include "loader/process/procfs/procfs.h"
#include "loader/tcp/sockets.h"
#include "loader/tracer/tracer.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace holter::agent {

/// What the ring thread needs of the kernel side; all safe on any thread.
struct KernelSide {
    int ring_map = -1;
    std::function<std::vector<tracer::Loss>()> losses;
    std::function<std::vector<std::uint64_t>(tracer::Slot, std::size_t probes)> hits;
    std::function<double(const std::string& object)> program_seconds; ///< of one run
    attach::SelfTest self_test; ///< for the cost of a hit beside its program
    /// A target may have mapped or unmapped files.
    std::function<void(tracer::Slot)> mappings_changed;
    tcp::Sockets* sockets = nullptr; ///< null: could not be loaded. Its ring thread is this one.
};

class RingThread {
  public:
    /// Starts the thread. Throws std::runtime_error when the ring cannot be mapped.
    RingThread(aggregator::Limits limits, aggregator::ErrorClasses classes,
               const process::Procfs& procfs, KernelSide kernel);
    /// Ends it.
    ~RingThread();
    RingThread(const RingThread&) = delete;
    RingThread& operator=(const RingThread&) = delete;

    void add_target(tracer::Target target);
    /// It has further probes.
    void extend_target(tracer::Slot slot, std::vector<std::string> probes,
                       std::vector<std::uint32_t> catalogue_probes);
    /// Some of its catalogue probes are about to be detached.
    void withdraw_probes(tracer::Slot slot, std::vector<std::uint32_t> catalogue_probes);
    void declare_family(aggregator::DeclaredFamily family);
    /// `looks_again`: after a hit the target's mapped files are to be looked at.
    void define_probe(std::uint32_t number, aggregator::ProbeDefinition definition,
                      bool looks_again);
    void forget_probe(std::uint32_t number);
    void set_probes(tracer::Slot slot, std::vector<tracer::ProbeState> states);
    /// Requests of the target that begin from now on are of this sample and stand for so many.
    void set_sampling(tracer::Slot slot, std::uint32_t window, double weight);
    void remove_target(tracer::Slot slot);
    /// A process that should have been traced was not; counted by reason.
    void count_refusal(const std::string& reason);
    /// Execs, forks and exits that did not reach us; a running total.
    void set_lost_process_events(std::uint64_t total);

    /// State as of now. Any thread; waits for the ring thread, some ms with hundreds of targets,
    /// and a second once for a target whose memory cannot be read in time.
    std::shared_ptr<const aggregator::Snapshot> snapshot();

  private:
    struct Traced;
    using Task = std::function<void()>;

    void post(Task task);
    void on_record(std::span<const std::byte> record);
    std::string resolve(tracer::Slot slot, std::uint32_t as, std::uint64_t number,
                        std::string_view text);
    void loop();
    void run_tasks();
    void read_accounts(std::uint64_t now_ns);
    void count_failed_reading(const std::string& reason);
    /// Some records say where in a target's memory something is.
    void pass_to_account(std::span<const std::byte> record);
    void read_losses();
    /// Null when nothing is known of the target's types.
    golang::TypeNames* types_of(tracer::Slot slot);
    void read_hits();
    void read_sockets(std::uint64_t now_ns);
    void retire_hits(const Traced& traced, tracer::Slot slot);

    process::Procfs procfs_;
    KernelSide kernel_;
    aggregator::Aggregator aggregator_;
    AccountReaders readers_;
    std::unique_ptr<attach::Ring> ring_;
    std::map<tracer::Slot, std::unique_ptr<Traced>> traced_;
    std::set<std::uint32_t> looks_again_;                  ///< numbers of catalogue probes
    std::map<std::string, std::uint64_t> retired_hits_;    ///< of targets that ended, by probe
    std::map<std::string, std::uint64_t> refusals_;        ///< by reason
    std::map<std::string, std::uint64_t> failed_readings_; ///< of targets' accounts, by reason
    /// Until when counts of targets that have ended are read.
    std::map<tracer::Slot, std::uint64_t> sockets_end_;
    std::uint64_t failed_tallies_ = 0; ///< counts of sockets that the kernel refused
    int wake_fd_ = -1;
    std::mutex mutex_; ///< guards tasks_ and stopping_
    std::vector<Task> tasks_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace holter::agent
