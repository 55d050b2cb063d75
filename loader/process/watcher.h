// SPDX-License-Identifier: Apache-2.0
//
// Finds processes as they come and go. The tracepoints are attached before the first
// look into /proc, so a process that starts between the two is seen by both and
// missed by neither; a slow rescan makes good whatever was lost after that.
//
// Nothing wakes the watch thread but the clock: it drains the ring some times a
// second, which bounds the delay of an announcement and makes a storm of short-lived
// processes cheap, since most are over when their turn comes. Ends of targets come
// from the same ring, exact to the last thread, so there is no pidfd per target.
#pragma once

#include "loader/process/process_table.h"
#include "loader/process/procfs/descriptor.h"
#include "loader/process/procfs/procfs.h"
#include "loader/result.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

struct process;     // the skeleton
struct ring_buffer; // libbpf's

namespace holter::process {

struct WatchOptions {
    /// Only these, with their execs and ends; empty: all processes, now and to come.
    std::vector<Identity> only;
    std::chrono::milliseconds rescan_interval{30'000};
};

/// Since start().
struct WatchCounts {
    std::uint64_t execs = 0; ///< events received
    std::uint64_t forks = 0;
    std::uint64_t exits = 0;
    std::array<std::uint64_t, HOLTER_PROCESS_LOSSES> lost{}; ///< by holter_process_loss
    std::uint64_t rescans = 0;                               ///< the first look included
};

/// Belongs to one thread; only wake() may be called from others. `procfs` must outlive it.
class Watcher {
  public:
    /// Loads and attaches; announces nothing yet. Errors: `no_permission`, `load_failed`.
    static Result<std::unique_ptr<Watcher>> start(const Procfs& procfs, WatchOptions options,
                                                  Listener listener);
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher();

    /// Sleeps up to `timeout` (until wake()), then announces what happened meanwhile. The first
    /// call does not sleep: it announces everything that runs.
    void poll(std::chrono::milliseconds timeout);
    /// Ends the sleep of the current poll(), or of the next one. Safe from other threads.
    void wake();

    /// From now on its end is announced. False when that very process runs no more.
    bool watch(const Identity& identity);
    void unwatch(const Identity& identity);

    WatchCounts counts() const;

  private:
    using Clock = std::chrono::steady_clock;

    struct CloseProgram {
        void operator()(::process* skeleton) const;
    };
    struct CloseRing {
        void operator()(ring_buffer* ring) const;
    };

    Watcher(const Procfs& procfs, WatchOptions options, Listener listener);
    Status load();
    void sleep(std::chrono::milliseconds timeout);
    void drain();
    bool rescan_due() const;
    void rescan();
    void forget_in_kernel(pid_t pid);
    static int take(void* self, void* data, std::size_t size);

    const Procfs& procfs_;
    WatchOptions options_;
    ProcessTable table_;
    Descriptor wakeup_;
    std::unique_ptr<::process, CloseProgram> program_;
    std::unique_ptr<ring_buffer, CloseRing> ring_;
    std::vector<holter_process_event> events_; ///< of this round
    WatchCounts counts_;
    std::uint64_t lost_at_rescan_ = 0;
    Clock::time_point last_rescan_;
};

} // namespace holter::process
