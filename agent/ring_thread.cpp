// SPDX-License-Identifier: Apache-2.0
#include "agent/ring_thread.h"

#include "loader/resolve/names.h"

#include <chrono>
#include <cstddef>
#include <cstring>
#include <future>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <unistd.h>

namespace holter::agent {

namespace {

// How long a record may wait in the ring when nobody asks. The ring wakes us by itself when it
// fills up.
constexpr int drain_interval_ms = 500;
// A runtime that starts has no sound account for a moment; that is no failure.
constexpr std::uint64_t starting_ns = 5'000'000'000;
// How long a scrape waits for accounts that hang.
constexpr std::chrono::milliseconds patience{1000};
// The kernel closes a process's sockets after it has told of its end; with many of them that takes
// a while, and peers take their time.
constexpr std::uint64_t sockets_outlive_ns = 60'000'000'000;
constexpr std::uint64_t expiry_interval_ns = 60'000'000'000;

std::uint64_t monotonic_ns() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

/// What to add to monotonic_ns() for the time since 1970, which may be set at any moment.
std::uint64_t unix_minus_monotonic_ns() {
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return static_cast<std::uint64_t>(now.count()) - monotonic_ns();
}

aggregator::Target described(const tracer::Target& target) {
    aggregator::Target out;
    out.id = target.slot;
    out.pid = target.identity.pid;
    out.start_time = target.identity.start_time;
    out.service.service_name = target.service_name;
    out.runtime = target.runtime;
    out.runtime_version = target.runtime_version;
    out.executable = target.executable;
    out.container_id = target.container_id;
    for (const auto& [module, version] : target.dependencies)
        out.dependencies.push_back({module, version});
    return out;
}

aggregator::GoMemory converted(const golang::MemoryReading& reading) {
    return {reading.gc_percent,       reading.memory_limit_bytes, reading.heap_live_bytes,
            reading.heap_goal_bytes,  reading.goroutines,         reading.numgc,
            reading.numforcedgc,      reading.pause_total_ns,     reading.cpu_assist_ns,
            reading.cpu_dedicated_ns, reading.cpu_idle_ns,        reading.cpu_pause_ns,
            reading.cpu_total_ns};
}

aggregator::GoConnectionReading converted(const golang::ConnectionsReading& reading) {
    aggregator::GoConnectionReading out;
    if (const auto& now = reading.http_server)
        out.http_server = {now->fresh, now->active, now->idle, now->hijacked};
    if (reading.http_client)
        for (const auto& now : *reading.http_client)
            out.http_client.push_back({now.address, now.active, now.idle});
    out.grpc_client = reading.grpc_client;
    out.grpc_server = reading.grpc_server;
    if (const auto& now = reading.sql)
        out.sql = {now->idle,
                   now->used,
                   now->limit,
                   now->closed_max_idle,
                   now->closed_max_idle_time,
                   now->closed_max_lifetime,
                   now->waits,
                   now->estranged};
    static constexpr const char* kinds[golang::connection_kinds] = {
        "http_server", "http_client", "grpc_client", "grpc_server", "sql"};
    for (std::size_t kind = 0; kind < golang::connection_kinds; ++kind)
        if (const auto partial = reading.partial[kind]) {
            const auto sockets = reading.sockets[kind].value_or(golang::SocketChecks{});
            out.kinds.push_back({kinds[kind], *partial, reading.corrections[kind], sockets.checks,
                                 sockets.mismatches});
        }
    return out;
}

} // namespace

/// What this thread keeps of a target beside the aggregator's state.
struct RingThread::Traced {
    process::Identity identity;
    std::vector<std::string> probes;
    struct Cost {
        std::string site = "emulated"; ///< as in ProbeState
        std::string object;            ///< that holds the program
    };
    std::vector<Cost> hit_costs;                      ///< by probe
    AccountReaders::Account account;                  ///< may be null
    std::shared_ptr<tracer::RuntimeAccount> informed; ///< what reads it, to be told of records
    std::unique_ptr<resolve::Names> names;
    std::unique_ptr<golang::TypeNames> types; ///< of Go; may be null
    double cpu_seconds_at_start = 0;
    std::uint64_t appeared_ns = 0;
};

RingThread::RingThread(aggregator::Limits limits, aggregator::ErrorClasses classes,
                       const process::Procfs& procfs, KernelSide kernel)
    : procfs_(procfs), kernel_(std::move(kernel)), aggregator_(limits, std::move(classes)) {
    auto ring = attach::Ring::open(
        kernel_.ring_map, [this](std::span<const std::byte> record) { on_record(record); });
    if (!ring)
        throw std::runtime_error(ring.error().message);
    aggregator_.set_names({[this](tracer::Slot slot, std::uint64_t address) {
                               golang::TypeNames* types = types_of(slot);
                               return types ? types->name(address) : "unknown";
                           },
                           [this](tracer::Slot slot, std::uint64_t address, std::uint64_t length) {
                               golang::TypeNames* types = types_of(slot);
                               return types ? types->constant(address, length) : "";
                           }});
    ring_ = std::move(*ring);
    wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd_ < 0)
        throw std::runtime_error("cannot create an eventfd: the limit of open files is reached");
    aggregator_.set_resolver(
        [this](std::uint32_t target, std::uint32_t as, std::uint64_t number,
               std::string_view text) { return resolve(target, as, number, text); });
    aggregator_.set_probe_hit_cost("emulated", "empty", kernel_.self_test.emulated_seconds);
    aggregator_.set_probe_hit_cost("stepped", "empty", kernel_.self_test.stepped_seconds);
    thread_ = std::thread([this] { loop(); });
}

RingThread::~RingThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ::eventfd_write(wake_fd_, 1);
    thread_.join();
    ::close(wake_fd_);
}

void RingThread::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    ::eventfd_write(wake_fd_, 1);
}

void RingThread::loop() {
    std::uint64_t expired_at = monotonic_ns();
    for (;;) {
        pollfd events[] = {{wake_fd_, POLLIN, 0}, {ring_->poll_fd(), POLLIN, 0}};
        ::poll(events, 2, traced_.empty() ? -1 : drain_interval_ms);
        eventfd_t count = 0;
        ::eventfd_read(wake_fd_, &count);
        aggregator_.set_unix_time(unix_minus_monotonic_ns());
        run_tasks();
        ring_->drain();
        if (const auto now = monotonic_ns(); now - expired_at > expiry_interval_ns) {
            aggregator_.expire(now);
            expired_at = now;
        }
        const std::lock_guard lock(mutex_);
        if (stopping_)
            return;
    }
}

void RingThread::run_tasks() {
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
    }
    for (const auto& task : tasks)
        task();
}

void RingThread::add_target(tracer::Target target) {
    // std::function wants copyable captures.
    post([this, moved = std::make_shared<tracer::Target>(std::move(target))] {
        auto traced = std::make_unique<Traced>();
        traced->identity = moved->identity;
        traced->names = std::make_unique<resolve::Names>(procfs_, moved->identity);
        if (moved->account) {
            traced->informed = std::move(moved->account);
            traced->account =
                AccountReaders::account([account = traced->informed] { return account->read(); });
        }
        traced->types = std::move(moved->types);
        traced->appeared_ns = monotonic_ns();
        if (const auto cpu = procfs_.cpu_seconds(moved->identity.pid))
            traced->cpu_seconds_at_start = *cpu;
        traced_[moved->slot] = std::move(traced);
        aggregator_.add_target(described(*moved), monotonic_ns());
        if (kernel_.sockets)
            kernel_.sockets->add_slot(moved->slot, moved->identity.pid);
        sockets_end_.erase(moved->slot);
    });
}

void RingThread::extend_target(tracer::Slot slot, std::vector<std::string> probes,
                               std::vector<std::uint32_t> catalogue_probes) {
    post([this, slot, names = std::move(probes), numbers = std::move(catalogue_probes)] {
        Traced& traced = *traced_.at(slot);
        traced.probes.insert(traced.probes.end(), names.begin(), names.end());
        traced.hit_costs.resize(traced.probes.size());
        for (const auto number : numbers)
            aggregator_.expect_probe(slot, number);
    });
}

void RingThread::withdraw_probes(tracer::Slot slot, std::vector<std::uint32_t> catalogue_probes) {
    post([this, slot, numbers = std::move(catalogue_probes)] {
        ring_->drain();
        for (const auto number : numbers)
            aggregator_.withdraw_probe(slot, number);
    });
}

void RingThread::declare_family(aggregator::DeclaredFamily family) {
    post([this, declared = std::move(family)] { aggregator_.declare_family(declared); });
}

void RingThread::define_probe(std::uint32_t number, aggregator::ProbeDefinition definition,
                              bool looks_again) {
    post([this, number, looks_again, defined = std::move(definition)] {
        aggregator_.define_probe(number, defined);
        if (looks_again)
            looks_again_.insert(number);
    });
}

void RingThread::forget_probe(std::uint32_t number) {
    post([this, number] {
        ring_->drain();
        aggregator_.forget_probe(number);
        looks_again_.erase(number);
    });
}

void RingThread::on_record(std::span<const std::byte> record) {
    aggregator_.on_record(record);
    pass_to_account(record);
    // Both kinds of hits begin alike.
    struct {
        holter_event event;
        std::uint32_t probe;
    } hit{};
    static_assert(offsetof(holter_probe_hit, probe) == offsetof(holter_probe_text_hit, probe));
    if (looks_again_.empty() || record.size() < sizeof(hit))
        return;
    std::memcpy(&hit, record.data(), sizeof(hit));
    if ((hit.event.type == HOLTER_EVENT_PROBE_HIT ||
         hit.event.type == HOLTER_EVENT_PROBE_TEXT_HIT) &&
        looks_again_.count(hit.probe))
        kernel_.mappings_changed(hit.event.target);
}

std::string RingThread::resolve(tracer::Slot slot, std::uint32_t as, std::uint64_t number,
                                std::string_view text) {
    const auto traced = traced_.find(slot);
    if (traced == traced_.end())
        return {};
    return traced->second->names->of(static_cast<catalogue::Field::As>(as), number, text);
}

void RingThread::set_probes(tracer::Slot slot, std::vector<tracer::ProbeState> states) {
    post([this, slot, states = std::move(states)] {
        std::vector<aggregator::Probe> probes;
        Traced& traced = *traced_.at(slot);
        for (const auto& state : states) {
            probes.push_back({state.probe, state.state, state.site, state.reason});
            for (std::size_t i = 0; i < traced.probes.size(); ++i)
                if (traced.probes[i] == state.probe && !state.site.empty())
                    traced.hit_costs[i] = {state.site, state.object};
        }
        aggregator_.set_probes(slot, std::move(probes));
    });
}

golang::TypeNames* RingThread::types_of(tracer::Slot slot) {
    const auto found = traced_.find(slot);
    return found == traced_.end() ? nullptr : found->second->types.get();
}

void RingThread::set_sampling(tracer::Slot slot, std::uint32_t window, double weight) {
    post([this, slot, window, weight] { aggregator_.set_sampling(slot, window, weight); });
}

void RingThread::remove_target(tracer::Slot slot) {
    post([this, slot] {
        ring_->drain();
        retire_hits(*traced_.at(slot), slot);
        traced_.erase(slot);
        if (kernel_.sockets) {
            aggregator_.on_tcp(slot, kernel_.sockets->counts(slot), {});
            kernel_.sockets->remove_slot(slot);
            sockets_end_[slot] = monotonic_ns() + sockets_outlive_ns;
        }
        aggregator_.remove_target(slot);
    });
}

void RingThread::count_refusal(const std::string& reason) {
    post([this, reason] { aggregator_.set_lost("process", reason, ++refusals_[reason]); });
}

void RingThread::set_lost_process_events(std::uint64_t total) {
    post([this, total] { aggregator_.set_lost("process", "ring_full", total); });
}

std::shared_ptr<const aggregator::Snapshot> RingThread::snapshot() {
    auto promise = std::make_shared<std::promise<std::shared_ptr<const aggregator::Snapshot>>>();
    auto future = promise->get_future();
    post([this, promise] {
        ring_->drain();
        const std::uint64_t now = monotonic_ns();
        read_accounts(now);
        read_losses();
        read_hits();
        read_sockets(now);
        promise->set_value(aggregator_.snapshot(now));
    });
    return future.get();
}

void RingThread::read_accounts(std::uint64_t now_ns) {
    std::vector<tracer::Slot> slots;
    std::vector<AccountReaders::Account> accounts;
    for (const auto& [slot, traced] : traced_) {
        if (traced->account) {
            slots.push_back(slot);
            accounts.push_back(traced->account);
        }
    }
    const auto readings = readers_.read(accounts, patience);
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (!readings[i]) {
            count_failed_reading("late");
            continue;
        }
        const bool starting = now_ns - traced_.at(slots[i])->appeared_ns < starting_ns;
        for (const auto& error : readings[i]->errors)
            if (!starting || error.reason != "memory_implausible")
                count_failed_reading(error.reason);
        aggregator_.on_go_memory(slots[i], converted(*readings[i]), now_ns);
        if (const auto& connections = readings[i]->connections)
            aggregator_.on_go_connections(slots[i], converted(*connections), now_ns);
    }
}

void RingThread::count_failed_reading(const std::string& reason) {
    aggregator_.set_lost("runtime_account", reason, ++failed_readings_[reason]);
}

void RingThread::pass_to_account(std::span<const std::byte> record) {
    holter_event event{};
    if (record.size() < sizeof(event))
        return;
    std::memcpy(&event, record.data(), sizeof(event));
    const auto found = traced_.find(event.target);
    if (found != traced_.end() && found->second->informed)
        found->second->informed->on_record(record);
}

void RingThread::read_losses() {
    for (const auto& loss : kernel_.losses())
        aggregator_.set_lost(loss.type, loss.cause, loss.count);
}

void RingThread::read_hits() {
    std::map<std::string, std::uint64_t> totals = retired_hits_;
    std::map<std::string, double> program_seconds = {{"", 0}};
    const auto seconds_of = [&](const Traced::Cost& cost) {
        const double way = cost.site == "stepped" ? kernel_.self_test.stepped_seconds
                                                  : kernel_.self_test.emulated_seconds;
        const auto [found, added] = program_seconds.try_emplace(cost.object, 0);
        if (added)
            found->second = kernel_.program_seconds(cost.object);
        if (found->second > 0) // it ran while that was looked at
            aggregator_.set_probe_hit_cost(cost.site, cost.object, way + found->second);
        return way + found->second;
    };
    for (const auto& [slot, traced] : traced_) {
        const auto hits = kernel_.hits(slot, traced->probes.size());
        double seconds = 0;
        for (std::size_t i = 0; i < hits.size(); ++i) {
            totals[traced->probes[i]] += hits[i];
            if (hits[i] > 0)
                seconds += static_cast<double>(hits[i]) * seconds_of(traced->hit_costs[i]);
        }
        const auto cpu = procfs_.cpu_seconds(traced->identity.pid);
        const double used = cpu ? *cpu - traced->cpu_seconds_at_start : 0;
        if (used > 0)
            aggregator_.set_overhead(slot, seconds / used);
    }
    for (const auto& [probe, total] : totals)
        aggregator_.set_probe_hits(probe, total);
}

void RingThread::read_sockets(std::uint64_t now_ns) {
    if (!kernel_.sockets) {
        aggregator_.set_lost("tcp_socket", "not_loaded", 1);
        return;
    }
    if (!kernel_.sockets->count_sockets(now_ns))
        aggregator_.set_lost("tcp_tally", "failed", ++failed_tallies_);
    const tcp::Losses lost = kernel_.sockets->losses();
    aggregator_.set_lost("tcp_socket", "map_full", lost.map_full);
    aggregator_.set_lost("tcp_socket", "no_memory", lost.no_memory);
    aggregator_.set_lost("tcp_state", "owner_ended", lost.owner_ended);
    aggregator_.set_lost("tcp_state", "nested", lost.nested);
    aggregator_.set_lost("tcp_state", "end_unseen", lost.end_unseen);
    const tcp::Corrections corrected = kernel_.sockets->corrections();
    aggregator_.set_tcp_corrections("adopted", corrected.adopted);
    aggregator_.set_tcp_corrections("moved", corrected.moved);
    aggregator_.set_tcp_corrections("released", corrected.released);
    for (const auto& [slot, traced] : traced_)
        aggregator_.on_tcp(slot, kernel_.sockets->counts(slot), kernel_.sockets->tally(slot));
    std::erase_if(sockets_end_, [&](const auto& ended) {
        aggregator_.on_tcp_after_end(ended.first, kernel_.sockets->counts(ended.first));
        if (now_ns < ended.second)
            return false;
        aggregator_.close_tcp(ended.first);
        return true;
    });
}

void RingThread::retire_hits(const Traced& traced, tracer::Slot slot) {
    const auto hits = kernel_.hits(slot, traced.probes.size());
    for (std::size_t i = 0; i < hits.size(); ++i)
        retired_hits_[traced.probes[i]] += hits[i];
}

} // namespace holter::agent
