// SPDX-License-Identifier: Apache-2.0
#include "loader/process/watcher.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <process.skel.h>
#include <sys/eventfd.h>

namespace holter::process {
namespace {

/// Inode of the initial PID namespace: PROC_PID_INIT_INO of include/linux/proc_ns.h.
constexpr std::uint32_t initial_pid_namespace = 0xeffffffc;

/// While events are being lost, a rescan follows no sooner than this after the last.
constexpr std::chrono::seconds hurried_rescan_interval{1};

Error bpf_error(int number, const char* what) {
    if (number == EPERM || number == EACCES) {
        return {"no_permission",
                std::string("cannot ") + what +
                    " the process tracepoints: permission denied; run as root or with CAP_BPF, "
                    "CAP_PERFMON and CAP_SYS_PTRACE"};
    }
    return {"load_failed", std::string("cannot ") + what + " the process tracepoints: " +
                               std::strerror(number) + "; kernel 5.15 or newer with BTF is needed"};
}

} // namespace

void Watcher::CloseProgram::operator()(::process* skeleton) const {
    process__destroy(skeleton);
}

void Watcher::CloseRing::operator()(ring_buffer* ring) const {
    ring_buffer__free(ring);
}

Watcher::Watcher(const Procfs& procfs, WatchOptions options, Listener listener)
    : procfs_(procfs), options_(std::move(options)),
      table_(procfs, {std::move(listener.appeared), std::move(listener.replaced),
                      [this, gone = std::move(listener.gone)](const Identity& identity) {
                          // Before the number can belong to another target.
                          forget_in_kernel(identity.pid);
                          gone(identity);
                      }}) {}

Watcher::~Watcher() = default;

Result<std::unique_ptr<Watcher>> Watcher::start(const Procfs& procfs, WatchOptions options,
                                                Listener listener) {
    std::unique_ptr<Watcher> watcher(new Watcher(procfs, std::move(options), std::move(listener)));
    if (const Status loaded = watcher->load(); !loaded) {
        return loaded.error();
    }
    return watcher;
}

Status Watcher::load() {
    wakeup_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wakeup_) {
        return bpf_error(errno, "wait for");
    }
    program_.reset(process__open());
    if (!program_) {
        return bpf_error(errno, "open");
    }
    const std::uint32_t pid_namespace = procfs_.pid_namespace();
    program_->rodata->pid_namespace_inode =
        pid_namespace == initial_pid_namespace ? 0 : pid_namespace;
    program_->rodata->watch_all = options_.only.empty() ? 1 : 0;
    bpf_program__set_autoload(program_->progs.process_fork, options_.only.empty());
    if (process__load(program_.get()) != 0) {
        return bpf_error(errno, "load");
    }
    ring_.reset(ring_buffer__new(bpf_map__fd(program_->maps.process_events), &Watcher::take, this,
                                 nullptr));
    if (!ring_) {
        return bpf_error(errno, "map the ring of");
    }
    // Named processes may exec what is of interest later: the kernel has to tell of it.
    for (const Identity& identity : options_.only) {
        const auto pid = static_cast<std::uint32_t>(identity.pid);
        const std::uint8_t present = 1;
        bpf_map_update_elem(bpf_map__fd(program_->maps.watched), &pid, &present, BPF_ANY);
    }
    if (process__attach(program_.get()) != 0) {
        return bpf_error(errno, "attach to");
    }
    return ok;
}

int Watcher::take(void* self, void* data, std::size_t size) {
    holter_process_event event{};
    if (size >= sizeof(event)) {
        std::memcpy(&event, data, sizeof(event));
        static_cast<Watcher*>(self)->events_.push_back(event);
    }
    return 0;
}

void Watcher::poll(std::chrono::milliseconds timeout) {
    if (counts_.rescans > 0) {
        sleep(timeout);
    }
    drain();
    if (rescan_due()) {
        rescan();
    }
}

void Watcher::wake() {
    const std::uint64_t one = 1;
    // Fails only when 2^64 - 2 wakes are pending already.
    [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof(one));
}

void Watcher::sleep(std::chrono::milliseconds timeout) {
    pollfd wakeup{wakeup_.get(), POLLIN, 0};
    if (::poll(&wakeup, 1, static_cast<int>(timeout.count())) > 0) {
        std::uint64_t wakes = 0;
        [[maybe_unused]] const ssize_t got = ::read(wakeup_.get(), &wakes, sizeof(wakes));
    }
}

void Watcher::drain() {
    events_.clear();
    ring_buffer__consume(ring_.get());
    for (const holter_process_event& event : events_) {
        counts_.execs += event.type == HOLTER_PROCESS_EXEC ? 1 : 0;
        counts_.forks += event.type == HOLTER_PROCESS_FORK ? 1 : 0;
        counts_.exits += event.type == HOLTER_PROCESS_EXIT ? 1 : 0;
    }
    table_.apply(events_);
}

WatchCounts Watcher::counts() const {
    WatchCounts counts = counts_;
    for (std::size_t cause = 0; cause < counts.lost.size(); ++cause) {
        counts.lost[cause] = __atomic_load_n(&program_->bss->process_lost[cause], __ATOMIC_RELAXED);
    }
    return counts;
}

bool Watcher::rescan_due() const {
    if (counts_.rescans == 0) {
        return true;
    }
    const auto since = Clock::now() - last_rescan_;
    if (since >= options_.rescan_interval) {
        return true;
    }
    const auto lost = counts().lost;
    const bool lossy =
        std::accumulate(lost.begin(), lost.end(), std::uint64_t{0}) != lost_at_rescan_;
    return since >= hurried_rescan_interval && (lossy || table_.crowded());
}

void Watcher::rescan() {
    const auto lost = counts().lost;
    lost_at_rescan_ = std::accumulate(lost.begin(), lost.end(), std::uint64_t{0});
    last_rescan_ = Clock::now();
    ++counts_.rescans;

    if (!options_.only.empty()) {
        std::vector<pid_t> pids;
        for (const Identity& identity : options_.only) {
            const Result<Identity> now = procfs_.identity(identity.pid);
            if (now && *now == identity) {
                pids.push_back(identity.pid);
            }
        }
        table_.reconcile(pids);
    } else if (const Result<std::vector<pid_t>> pids = procfs_.pids(); pids) {
        table_.reconcile(*pids);
    }
}

bool Watcher::watch(const Identity& identity) {
    // First the kernel, then the check: an end in between is seen by one of them.
    const auto pid = static_cast<std::uint32_t>(identity.pid);
    const std::uint8_t present = 1;
    // When the map is full, the rescan finds the end.
    bpf_map_update_elem(bpf_map__fd(program_->maps.watched), &pid, &present, BPF_ANY);
    if (!table_.watch(identity)) {
        forget_in_kernel(identity.pid);
        return false;
    }
    return true;
}

void Watcher::unwatch(const Identity& identity) {
    table_.unwatch(identity);
    forget_in_kernel(identity.pid);
}

void Watcher::forget_in_kernel(pid_t pid) {
    const auto key = static_cast<std::uint32_t>(pid);
    bpf_map_delete_elem(bpf_map__fd(program_->maps.watched), &key);
}

} // namespace holter::process
