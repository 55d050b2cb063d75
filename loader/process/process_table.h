// SPDX-License-Identifier: Apache-2.0
//
// What is believed to be running. The kernel's events are hints: each may be late
// or lost, and its pid may mean another process by the time it is read. So an event
// only says where to look; /proc says what is there, and the table compares that
// with what it was told before. A rescan is then nothing special: it looks
// everywhere.
//
// A fork alone is announced one round late: nearly every fork is followed by an exec
// or an exit at once, and an announcement costs the listener much more than it
// costs us to wait.
#pragma once

#include "bpf/events.h"
#include "loader/process/identity.h"
#include "loader/process/procfs/procfs.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace holter::process {

/// Called on the thread that feeds the table. They may call watch() and unwatch().
struct Listener {
    std::function<void(const Identity&)> appeared;
    /// The same process runs another executable (or the same one anew).
    std::function<void(const Identity&)> replaced;
    /// A watched process has ended; it is not watched any more. Others end silently.
    std::function<void(const Identity&)> gone;
};

/// Not thread-safe. `procfs` must outlive it.
class ProcessTable {
  public:
    /// `tolerated_dead`: how many entries may pile up between two reconcile() without crowding.
    ProcessTable(const Procfs& procfs, Listener listener, std::size_t tolerated_dead = 4096);

    /// One round: what happened since the last one, in order.
    void apply(std::span<const holter_process_event> events);

    /// Compares the table with what runs: `pids` is all of it.
    void reconcile(const std::vector<pid_t>& pids);

    /// False when that very process runs no more.
    bool watch(const Identity& identity);
    void unwatch(const Identity& identity);

    /// The table has collected many processes that may have ended: worth a reconcile().
    bool crowded() const;
    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::uint64_t start_time = 0;
        std::uint64_t image = 0;     ///< Stat::image
        std::uint64_t looked_ns = 0; ///< CLOCK_BOOTTIME: what happened before is known
        bool watched = false;
    };

    void look(pid_t pid, std::uint64_t executed_ns);
    void exited(const holter_process_event& event);
    void remove(pid_t pid);

    const Procfs& procfs_;
    Listener listener_;
    std::size_t tolerated_dead_;
    std::unordered_map<pid_t, Entry> entries_;
    std::unordered_set<pid_t> forked_; ///< since the last round
    /// Announced as gone, but perhaps still to be seen in /proc, tearing down or unreaped.
    std::unordered_set<Identity> ended_;
    std::size_t size_after_reconcile_ = 0;
};

} // namespace holter::process
