// SPDX-License-Identifier: Apache-2.0
//
// Building a snapshot: first every series with what ended processes left behind,
// then each living process adds its own to the series that it uses.
#include "aggregator/snapshot.h"

#include "aggregator/decode.h"
#include "aggregator/state.h"

#include <concepts>
#include <initializer_list>
#include <limits>
#include <tuple>

namespace holter::aggregator {

namespace {

class Builder {
  public:
    Builder(Snapshot& snapshot) : snapshot_(snapshot) {}

    template <typename Value>
    requires std::constructible_from<Histogram, Value>
    void series(SeriesTable<Value>& table) {
        table.each([&](auto& series) {
            series.position = snapshot_.histograms.size();
            snapshot_.histograms.push_back({table.family(), series.labels, Histogram(series.left)});
        });
    }
    void series(SeriesTable<std::uint64_t>& table) {
        table.each([&](auto& series) { number(table, series, static_cast<double>(series.left)); });
    }
    void series(SeriesTable<Count>& table) {
        table.each([&](auto& series) {
            number(table, series, static_cast<double>(series.left.value));
            snapshot_.numbers.back().exemplar = series.left.exemplar;
        });
    }
    void series(GaugeTable& table) {
        table.series.each([&](auto& series) {
            number(table.series, series, std::numeric_limits<double>::quiet_NaN());
        });
    }

    /// A series without a service.
    void own(Family family, std::vector<std::string> labels, double value) {
        snapshot_.numbers.push_back(
            {family, std::make_shared<const Labels>(Labels{nullptr, std::move(labels)}), value});
    }
    void own(Family family, std::vector<std::string> labels, std::uint64_t value) {
        own(family, std::move(labels), static_cast<double>(value));
    }

  private:
    template <typename Table, typename Series>
    void number(const Table& table, Series& series, double value) {
        series.position = snapshot_.numbers.size();
        snapshot_.numbers.push_back({table.family(), series.labels, value});
    }

    Snapshot& snapshot_;
};

TargetRow row(const Process& process, const GoProcess* go, std::uint64_t now_ns) {
    TargetRow row;
    row.target = process.target;
    row.probes = process.probes.value_or(std::vector<Probe>{});
    row.attached_ns = process.attached_ns;
    row.overhead = process.overhead.value();
    if (!go)
        return row;
    const PauseHistogram pauses = go->gc.pauses();
    row.cycles = go->gc.cycles();
    row.pauses = pauses.count();
    row.pause_sum_ns = pauses.sum_ns();
    row.pause_max_ns = pauses.max_ns();
    row.pause_p50_ns = pauses.quantile_ns(0.5);
    row.pause_p99_ns = pauses.quantile_ns(0.99);
    if (now_ns > process.attached_ns)
        row.pause_share = static_cast<double>(pauses.sum_ns()) /
                          static_cast<double>(now_ns - process.attached_ns);
    row.gc_cpu_share = go->memory.gc_cpu_share();
    row.audit = go->audit.verdict();
    row.audit_mismatches = go->audit.mismatches();
    return row;
}

} // namespace

std::shared_ptr<const Snapshot> Aggregator::snapshot(std::uint64_t now_ns) const {
    State& state = *state_;
    Tables& tables = state.tables;
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->now_ns = now_ns;

    std::map<std::string, std::uint64_t> targets;
    std::map<std::tuple<std::string, std::string, std::string, std::string>, std::uint64_t> probes;
    for (std::size_t id = 0; id < state.processes.size(); ++id) {
        if (!state.processes[id])
            continue;
        snapshot->targets.push_back(row(*state.processes[id], state.go[id].get(), now_ns));
        const TargetRow& added = snapshot->targets.back();
        ++targets[added.target->runtime];
        for (const Probe& probe : added.probes)
            ++probes[{probe.probe, probe.state, probe.site, probe.reason}];
    }

    for (const auto& go : state.go)
        if (go)
            go->gc.open_seen();

    // In the order of Family.
    Builder build(*snapshot);
    build.series(tables.go_gc.pauses);
    build.series(tables.go_gc.cycles);
    build.series(tables.go_memory.heap_live);
    build.series(tables.go_memory.heap_goal);
    build.series(tables.go_memory.gc_cpu);
    build.series(tables.go_memory.gc_percent);
    build.series(tables.go_memory.memory_limit);
    build.series(tables.go_gc.stops);
    build.series(tables.go_memory.goroutines);
    build.series(tables.tcp.connections);
    build.series(tables.tcp.connects);
    build.series(tables.tcp.accepts);
    build.series(tables.tcp.retransmits);
    build.series(tables.tcp.resets);
    build.series(tables.tcp.durations);
    build.series(tables.errors.errors);
    build.series(tables.errors.root_causes);
    build.series(tables.errors.panics);
    build.series(tables.go_connections.http_server);
    build.series(tables.go_connections.http_client);
    build.series(tables.go_connections.dials);
    build.series(tables.go_connections.rejected);
    build.series(tables.go_connections.closed);
    build.series(tables.go_connections.grpc_client);
    build.series(tables.go_connections.transitions);
    build.series(tables.go_connections.connects);
    build.series(tables.go_connections.goaways);
    build.series(tables.go_connections.grpc_server);
    build.series(tables.go_connections.grpc_server_closed);
    build.series(tables.go_connections.sql);
    build.series(tables.go_connections.sql_limit);
    build.series(tables.go_connections.sql_waits);
    build.series(tables.go_connections.sql_closed);
    build.series(tables.go_connections.partial);
    build.series(tables.go_connections.corrections);
    for (std::size_t kind = 0; kind < HOLTER_REQUEST_KINDS; ++kind)
        build.series(tables.requests.of_kind(kind));
    build.series(tables.requests.gc_pause);
    build.series(tables.requests.paused);
    build.series(tables.target_info);
    build.series(tables.dependency_info);
    build.series(tables.overhead);
    build.series(tables.sampling);

    for (const auto& [runtime, count] : targets)
        build.own(Family::targets, {runtime}, count);
    for (const auto& [labels, count] : probes)
        build.own(
            Family::probes,
            {std::get<0>(labels), std::get<1>(labels), std::get<2>(labels), std::get<3>(labels)},
            count);
    for (const auto& [probe, hits] : state.probe_hits)
        build.own(Family::probe_hits, {probe}, hits);
    for (const auto& [site_and_program, seconds] : state.probe_hit_cost)
        build.own(Family::probe_hit_cost, {site_and_program.first, site_and_program.second},
                  seconds);

    for (std::uint32_t type = 1; type < HOLTER_EVENT_TYPES; ++type)
        build.own(Family::events, {std::string(event_name(type))}, state.events[type]);
    auto lost = state.lost;
    for (std::uint32_t type = 0; type < HOLTER_EVENT_TYPES; ++type) {
        const std::string name(event_name(type));
        lost[{name, "malformed"}] += state.malformed[type];
        if (type != 0)
            lost[{name, "unknown_target"}] += state.unknown_target[type];
    }
    for (const auto& [type_and_cause, total] : lost)
        build.own(Family::events_lost, {type_and_cause.first, type_and_cause.second}, total);

    const std::initializer_list<std::pair<const char*, AuditCount>> audits = {
        {"gc_cycles", state.audits.gc.cycles},
        {"gc_forced_cycles", state.audits.gc.forced_cycles},
        {"gc_pause_time", state.audits.gc.pause_time},
        {"grpc_server_sockets", state.audits.connections.grpc_server_sockets},
        {"http_client_sockets", state.audits.connections.http_client_sockets},
        {"http_server_sockets", state.audits.connections.http_server_sockets},
        {"sql_waits", state.audits.connections.sql_waits},
    };
    for (const auto& [signal, count] : audits)
        build.own(Family::audit_checks, {signal}, count.checks);
    for (const auto& [signal, count] : audits)
        build.own(Family::audit_mismatches, {signal}, count.mismatches);
    for (const auto& [reason, count] : state.tcp_corrections)
        build.own(Family::tcp_corrections, {reason}, count);

    tables.catalogue.each_declared([&](const auto& definition, auto& table) {
        snapshot->declared.push_back(definition);
        build.series(table);
    });

    std::map<Family, std::uint64_t> limited;
    tables.each([&](const auto& table) { limited[table.family()] = table.limited(); });
    for (const auto& [family, count] : limited)
        snapshot->limited.emplace_back(family, count);

    for (const auto& [id, tcp] : state.ended_tcp)
        tcp->add_to(snapshot->histograms, snapshot->numbers);
    for (std::size_t id = 0; id < state.processes.size(); ++id) {
        if (!state.processes[id])
            continue;
        const Process& process = *state.processes[id];
        process.info.add_to(snapshot->numbers);
        process.dependencies.add_to(snapshot->numbers);
        process.overhead.add_to(snapshot->numbers);
        if (const TcpProcess* tcp = state.tcp[id].get())
            tcp->add_to(snapshot->histograms, snapshot->numbers);
        process.errors.add_to(snapshot->numbers);
        process.seen.add_to(snapshot->histograms, snapshot->numbers);
        if (const GoProcess* go = state.go[id].get()) {
            go->gc.add_to(snapshot->histograms, snapshot->numbers);
            go->memory.add_to(snapshot->numbers);
            go->connections.add_to(snapshot->histograms, snapshot->numbers);
            go->requests.add_to(snapshot->histograms, snapshot->numbers);
            go->sampling.add_to(snapshot->numbers);
        }
    }
    return snapshot;
}

} // namespace holter::aggregator
