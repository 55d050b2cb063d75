// SPDX-License-Identifier: Apache-2.0
//
// The TCP sockets of all targets: attaches tcp.bpf.c once for the agent, looks at the
// files of targets (of those that were there before us, and of all now and then), and
// has the kernel count what there is.
//
// Two threads: the watch thread looks at files, the ring thread reads. They share
// nothing but the kernel's maps.
#pragma once

#include "bpf/events.h"
#include "loader/attach/mapped_array.h"
#include "loader/attach/objects.h"
#include "loader/process/procfs/procfs.h"
#include "loader/result.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <sys/types.h>

struct bpf_link;
struct bpf_program;

namespace holter::tcp {

/// What is missing in the counts: running totals.
struct Losses {
    std::uint64_t map_full = 0;    ///< sockets not followed: as many as may be are already
    std::uint64_t no_memory = 0;   ///< sockets not followed: the kernel had no memory
    std::uint64_t owner_ended = 0; ///< ends of connections after their process was let go
    std::uint64_t nested = 0;      ///< changes that came while both programs were busy on that CPU
    /// Connections that are not there any more, and nobody told of their end.
    std::uint64_t end_unseen = 0;
};

/// Sockets whose owner was put right, at a look or when they were closed: running totals.
struct Corrections {
    std::uint64_t adopted = 0;  ///< held by a target, and nobody's
    std::uint64_t moved = 0;    ///< held by another target than its owner
    std::uint64_t released = 0; ///< held by a process that is not traced
};

struct Options {
    std::uint32_t limit = 1'000'000; ///< sockets that are followed at a time
    std::chrono::milliseconds look_interval{30'000};
};

class Sockets {
  public:
    /// Errors: those of Objects::load, and `attach_failed`.
    static Result<std::unique_ptr<Sockets>> start(attach::Objects& objects,
                                                  const process::Procfs& procfs, Options options);
    ~Sockets();
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;

    /// Watch thread: a target has appeared; takes over the sockets that it has.
    void take_over(pid_t pid);
    /// Watch thread, some times a second: does what is due. `targets` are all there are.
    void look_around(const std::vector<pid_t>& targets);

    /// Ring thread: slots that are in use; its pid says in which network namespace a target is.
    void add_slot(std::uint32_t slot, pid_t pid) { slots_[slot] = pid; }
    void remove_slot(std::uint32_t slot) { slots_.erase(slot); }
    /// Ring thread: counts the sockets of all targets anew. False if the kernel refused; the last
    /// count stands then.
    bool count_sockets(std::uint64_t now_ns);
    /// Of the target in this slot, at the last count.
    const holter_tcp_tally& tally(std::uint32_t slot) const { return tallies_[slot]; }
    /// What happened to the target in this slot since it appeared. Goes on counting while it is
    /// read.
    const holter_tcp_counts& counts(std::uint32_t slot) const { return counts_[slot]; }

    /// The ring thread. As of the last count.
    Losses losses() const;
    Corrections corrections() const;

  private:
    struct Detach {
        void operator()(bpf_link* link) const;
    };
    using Link = std::unique_ptr<bpf_link, Detach>;

    using Clock = std::chrono::steady_clock;

    Sockets(const process::Procfs& procfs, Options options) : procfs_(procfs), options_(options) {}
    Status attach(const attach::Objects& objects);
    void look(pid_t pid);
    void look_behind_mptcp(pid_t pid);
    void look_at_new(pid_t pid, holter_tcp_look kind);
    void reconcile(const std::vector<pid_t>& targets);
    void reconcile_ends(std::uint64_t established_before, std::uint64_t now_ns);
    void count_time_waits(std::uint64_t now_ns);

    const process::Procfs& procfs_;
    const Options options_;
    std::vector<Link> links_;
    Link count_, settle_, adopt_subflow_;
    int mptcp_ = -1;
    bpf_program* adopt_ = nullptr;
    int state_program_ = -1, state_again_program_ = -1;
    attach::MappedArray<holter_tcp_counts> counts_;
    attach::MappedArray<holter_tcp_tally> tallies_;
    attach::MappedArray<holter_tcp_account> account_;
    Clock::time_point reconciled_ = Clock::now();
    /// Targets that appeared a moment ago, and when.
    std::vector<std::pair<pid_t, Clock::time_point>> young_;
    // The ring thread's.
    std::map<std::uint32_t, pid_t> slots_;
    struct Count {
        std::uint64_t established = 0, ended = 0, missing = 0;
    };
    Count last_count_;
    std::uint64_t least_missing_ = 0; ///< since then:
    std::uint64_t least_since_ns_ = 0;
    std::uint64_t ends_unseen_ = 0; ///< at least
};

} // namespace holter::tcp
