// SPDX-License-Identifier: Apache-2.0
//
// Events in, state out. The aggregator knows nothing of BPF, /proc, Prometheus
// or the time of day: whoever calls it brings events, readings and the clock,
// which is why all of it is tested without root. It is not thread-safe: one
// thread owns it (the agent's ring thread), everybody else reads a Snapshot.
#pragma once

#include "aggregator/catalogue/definition.h"
#include "aggregator/errors/classes.h"
#include "aggregator/errors/go_names.h"
#include "aggregator/snapshot.h"
#include "aggregator/target.h"
#include "bpf/events.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace holter::aggregator {

struct Limits {
    /// Series per family; what goes beyond lands in the service `other` and is counted. Services
    /// whose processes have all ended make room for living ones first.
    std::size_t series_per_family = 2000;
    /// How long the series of a service stay after its last process ended: long enough for the
    /// last counts to be scraped and for a restarted service to go on where it was.
    std::uint64_t service_retention_ns = 3'600'000'000'000;
};

class Aggregator {
  public:
    explicit Aggregator(Limits limits = {}, ErrorClasses classes = {});
    ~Aggregator();
    Aggregator(const Aggregator&) = delete;
    Aggregator& operator=(const Aggregator&) = delete;

    /// A target appears: from now on its families exist, with zeroes. `now_ns` is a monotonic
    /// clock, the same for all calls.
    void add_target(Target target, std::uint64_t now_ns);
    /// It ended: gauges go, counts stay in its service's series. Drain the ring before.
    void remove_target(TargetId id);
    /// Replaces what is known of the target's probes. The first call says that attaching is over:
    /// the audit takes its baseline from the next reading. A call that changes something starts
    /// the audit anew.
    void set_probes(TargetId id, std::vector<Probe> probes);

    /// A family of a catalogue file; once declared, it stays.
    void declare_family(DeclaredFamily family);
    /// What the events of a catalogue probe mean; `probe` is the number that they carry. Its family
    /// must be known.
    void define_probe(std::uint32_t probe, ProbeDefinition definition);
    /// The number may get another meaning.
    void forget_probe(std::uint32_t probe);
    /// The probe is attached to the target: what it will surely show, it shows from now on.
    void expect_probe(TargetId id, std::uint32_t probe);
    /// It is no longer attached: gauges that only it fed end, and what its last hits still bring is
    /// lost. Drain the ring before.
    void withdraw_probe(TargetId id, std::uint32_t probe);
    /// Whom definitions ask that have a resolver.
    void set_resolver(Resolver resolver);

    /// Who knows the names of Go types. Without it they are `unknown`.
    void set_names(GoNames names);

    /// One record of the ring (bpf/events.h). Malformed ones and those of unknown targets are
    /// counted as lost, by cause.
    void on_record(std::span<const std::byte> record);

    /// `n` errors that are alike, from a signal whose events do not say all: the name of a type is
    /// found out where the target's memory can be read.
    void count_error(TargetId id, const ErrorSeen& error, std::uint64_t n = 1);
    /// A panic of this type has ended. That it began was counted as an error.
    void count_panic_end(TargetId id, std::string_view type, PanicOutcome outcome);

    /// A reading of the target's own account. It feeds the gauges and the audit. Call it right
    /// after the ring was drained.
    void on_go_memory(TargetId id, const GoMemory& memory, std::uint64_t now_ns);

    /// What the kernel side has counted of the target's TCP connections since it appeared, and its
    /// sockets now. Counters of a target without any reading are absent, not zero.
    void on_tcp(TargetId id, const holter_tcp_counts& counts, const holter_tcp_tally& sockets);
    /// The same for one that was removed: its connections may end a little later than it does.
    void on_tcp_after_end(TargetId id, const holter_tcp_counts& counts);
    /// No such readings will follow. Adding another target in its place says the same.
    void close_tcp(TargetId id);
    /// Sockets whose owner was put right: `reason` e.g. `moved`; a running total.
    void set_tcp_corrections(std::string_view reason, std::uint64_t total);

    /// How the target's connections are now. Call it right after the ring was drained.
    void on_go_connections(TargetId id, const GoConnectionReading& reading, std::uint64_t now_ns);

    /// Events that never reached us: `cause` e.g. `ring_full`. `total` is the running total.
    void set_lost(std::string_view type, std::string_view cause, std::uint64_t total);
    /// Hits of a probe, all targets together; a running total.
    void set_probe_hits(std::string_view probe, std::uint64_t total);
    /// What one hit costs a target, by site (`emulated`, `stepped`) and by the program it runs.
    void set_probe_hit_cost(std::string_view site, std::string_view program, double seconds);
    /// CPU time spent in our probes ÷ the target's CPU time, since it was attached.
    void set_overhead(TargetId id, double ratio);
    /// Requests of the target that begin from now on are of this sample (0: of none) and stand for
    /// so many.
    void set_sampling(TargetId id, std::uint32_t window, double weight);

    /// What to add to the monotonic clock for the time since 1970: exemplars say when they were.
    void set_unix_time(std::uint64_t unix_minus_monotonic_ns);

    /// Forgets services that have been without a process for longer than the limit. To be called
    /// now and then; once a minute is plenty.
    void expire(std::uint64_t now_ns);

    /// A consistent copy of everything, to be read by other threads.
    std::shared_ptr<const Snapshot> snapshot(std::uint64_t now_ns) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace holter::aggregator
