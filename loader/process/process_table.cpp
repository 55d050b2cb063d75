// SPDX-License-Identifier: Apache-2.0
#include "loader/process/process_table.h"

#include <utility>

#include <time.h>

namespace holter::process {
namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

/// Nobody reported an exec.
constexpr std::uint64_t no_exec = 0;

std::uint64_t boot_clock_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * nanoseconds_per_second +
           static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace

ProcessTable::ProcessTable(const Procfs& procfs, Listener listener, std::size_t tolerated_dead)
    : procfs_(procfs), listener_(std::move(listener)), tolerated_dead_(tolerated_dead) {}

void ProcessTable::apply(std::span<const holter_process_event> events) {
    std::unordered_set<pid_t> ripe = std::exchange(forked_, {});
    // Chains of exec (shell scripts) end in one image: only the last one counts.
    std::unordered_map<pid_t, std::uint64_t> executed;
    for (const holter_process_event& event : events) {
        const auto pid = static_cast<pid_t>(event.pid);
        switch (event.type) {
        case HOLTER_PROCESS_EXEC:
            executed[pid] = event.time_ns;
            break;
        case HOLTER_PROCESS_FORK:
            forked_.insert(pid);
            break;
        case HOLTER_PROCESS_EXIT:
            exited(event);
            break;
        default:
            break;
        }
    }
    for (const auto& [pid, time_ns] : executed) {
        forked_.erase(pid);
        ripe.erase(pid);
        look(pid, time_ns);
    }
    for (const pid_t pid : ripe) {
        look(pid, no_exec);
    }
}

void ProcessTable::reconcile(const std::vector<pid_t>& pids) {
    const std::unordered_set<pid_t> running(pids.begin(), pids.end());
    std::vector<pid_t> ended;
    for (const auto& [pid, entry] : entries_) {
        if (running.count(pid) == 0) {
            ended.push_back(pid);
        }
    }
    for (const pid_t pid : ended) {
        remove(pid);
    }
    std::erase_if(ended_,
                  [&](const Identity& identity) { return running.count(identity.pid) == 0; });
    for (const pid_t pid : pids) {
        if (forked_.count(pid) == 0) { // its turn comes
            look(pid, no_exec);
        }
    }
    size_after_reconcile_ = entries_.size();
}

bool ProcessTable::watch(const Identity& identity) {
    const Result<Stat> now = procfs_.stat(identity.pid);
    if (!now || now->dead() || now->start_time != identity.start_time) {
        return false;
    }
    Entry& entry = entries_[identity.pid];
    if (entry.start_time != identity.start_time) {
        entry = {identity.start_time, now->image, boot_clock_ns(), false};
    }
    entry.watched = true;
    return true;
}

void ProcessTable::unwatch(const Identity& identity) {
    const auto found = entries_.find(identity.pid);
    if (found != entries_.end() && found->second.start_time == identity.start_time) {
        found->second.watched = false;
    }
}

bool ProcessTable::crowded() const {
    return entries_.size() > 2 * size_after_reconcile_ + tolerated_dead_;
}

void ProcessTable::look(pid_t pid, std::uint64_t executed_ns) {
    const std::uint64_t now_ns = boot_clock_ns();
    const Result<Stat> now = procfs_.stat(pid);
    if (!now && now.error().reason != "vanished") {
        return; // it could not be looked at: the next rescan tries again
    }
    if (!now || now->dead()) {
        remove(pid);
        return;
    }
    if (now->kernel_thread()) {
        return;
    }
    const Identity identity{pid, now->start_time};
    const auto found = entries_.find(pid);
    if (found != entries_.end() && found->second.start_time == now->start_time) {
        Entry& entry = found->second;
        // An image of 0 is one that could not be seen: a main thread that ended first.
        const bool other_image = entry.image != now->image && entry.image != 0 && now->image != 0;
        const bool replaced = other_image || executed_ns > entry.looked_ns;
        if (now->image != 0) {
            entry.image = now->image;
        }
        entry.looked_ns = now_ns;
        if (replaced) {
            listener_.replaced(identity);
        }
        return;
    }
    if (ended_.count(identity) != 0) {
        return;
    }
    remove(pid); // the number belonged to another process
    entries_[pid] = {now->start_time, now->image, now_ns, false};
    listener_.appeared(identity);
}

void ProcessTable::exited(const holter_process_event& event) {
    const auto found = entries_.find(static_cast<pid_t>(event.pid));
    if (found == entries_.end()) {
        return;
    }
    // An exit before the start is that of the number's previous owner.
    const double start = ticks_to_seconds(found->second.start_time);
    if (static_cast<double>(event.time_ns) / nanoseconds_per_second >= start) {
        ended_.insert({found->first, found->second.start_time});
        remove(found->first);
    }
}

void ProcessTable::remove(pid_t pid) {
    const auto found = entries_.find(pid);
    if (found == entries_.end()) {
        return;
    }
    const Entry entry = found->second;
    entries_.erase(found);
    if (entry.watched) {
        listener_.gone({pid, entry.start_time});
    }
}

} // namespace holter::process
