// SPDX-License-Identifier: Apache-2.0
//
// What the aggregator holds. Three parts: the series of all families, the living
// processes that add to them, and our account of ourselves. A process gives its
// series back when it is destroyed, so the order of members here is the order of
// lifetimes.
#pragma once

#include "aggregator/aggregator.h"
#include "aggregator/catalogue/probes_of_process.h"
#include "aggregator/catalogue/tables.h"
#include "aggregator/errors/errors.h"
#include "aggregator/errors/request_error.h"
#include "aggregator/golang/go_audit.h"
#include "aggregator/golang/go_connections.h"
#include "aggregator/golang/go_gc.h"
#include "aggregator/golang/go_memory.h"
#include "aggregator/requests/requests.h"
#include "aggregator/requests/sampling.h"
#include "aggregator/requests/trace_context.h"
#include "aggregator/series/gauge.h"
#include "aggregator/series/series.h"
#include "aggregator/tcp.h"
#include "bpf/events.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace holter::aggregator {

/// All families that have the labels of a service.
struct Tables {
    explicit Tables(std::size_t limit)
        : go_gc(limit), go_memory(limit), tcp(limit), go_connections(limit), errors(limit),
          requests(limit), catalogue(go_gc, go_memory, limit),
          target_info(Family::target_info, Combine::maximum, limit, Overflow::drop_labels),
          dependency_info(Family::dependency_info, Combine::maximum, limit, Overflow::drop_labels),
          overhead(Family::overhead, Combine::maximum, limit),
          sampling(Family::sampling, Combine::minimum, limit) {}

    GoGcTables go_gc;
    GoMemoryTables go_memory;
    TcpTables tcp;
    GoConnectionTables go_connections;
    ErrorTables errors;
    RequestTables requests;
    CatalogueTables catalogue;
    GaugeTable target_info, dependency_info, overhead, sampling;

    template <typename Visitor> void each_histogram(Visitor&& visit) {
        visit(go_gc.pauses);
        visit(go_gc.stops);
        visit(tcp.durations);
        visit(go_connections.sql_waits);
        for (std::size_t kind = 0; kind < HOLTER_REQUEST_KINDS; ++kind)
            visit(requests.of_kind(kind));
    }
    template <typename Visitor> void each_counter(Visitor&& visit) {
        visit(go_gc.cycles);
        visit(go_memory.gc_cpu);
        visit(tcp.connects);
        visit(tcp.accepts);
        visit(tcp.retransmits);
        visit(tcp.resets);
        visit(errors.errors);
        visit(errors.root_causes);
        visit(errors.panics);
        go_connections.each_counter(visit);
        visit(requests.gc_pause);
        visit(requests.paused);
    }
    template <typename Visitor> void each_gauge(Visitor&& visit) {
        for (GaugeTable* table : {&go_memory.heap_live, &go_memory.heap_goal, &go_memory.gc_percent,
                                  &go_memory.memory_limit, &go_memory.goroutines, &tcp.connections,
                                  &target_info, &dependency_info, &overhead, &sampling})
            visit(table->series);
        go_connections.each_gauge(visit);
    }
    template <typename Visitor> void each(Visitor&& visit) {
        each_histogram(visit);
        each_counter(visit);
        each_gauge(visit);
        catalogue.each_declared([&](const auto&, auto& table) {
            if constexpr (std::is_same_v<std::decay_t<decltype(table)>, GaugeTable>)
                visit(table.series);
            else
                visit(table);
        });
    }
};

struct AuditCounts {
    GoAuditCounts gc;
    ConnectionAuditCounts connections;
};

struct GoProcess {
    GoProcess(Tables& tables, AuditCounts& audits, const std::shared_ptr<const Service>& service,
              const Target& target)
        : audit(audits.gc, target.runtime_version), gc(tables.go_gc, service),
          memory(tables.go_memory, service),
          connections(tables.go_connections, audits.connections, service),
          requests(tables.requests, service), sampling(tables.sampling, service) {}

    GoAudit audit;
    GoGc gc;
    GoMemoryAccount memory;
    GoConnections connections;
    Requests requests;
    Sampling sampling;
};

/// Everything about one target but what its runtime has to say.
struct Process {
    Process(Tables& tables, const ErrorClasses& classes, Target described,
            const std::shared_ptr<const Service>& service, std::uint64_t now_ns)
        : attached_ns(now_ns), info(tables.target_info, service),
          dependencies(tables.dependency_info, service), overhead(tables.overhead, service, {}),
          errors(tables.errors, classes, service), seen(tables.catalogue, errors, service) {
        info.add({std::to_string(described.pid), described.executable, described.runtime,
                  described.runtime_version, described.container_id});
        for (const Dependency& dependency : described.dependencies)
            dependencies.add({clean_label(dependency.module), clean_label(dependency.version)});
        described.dependencies.clear();
        described.dependencies.shrink_to_fit();
        target = std::make_shared<const Target>(std::move(described));
    }

    std::shared_ptr<const Target> target;
    std::uint64_t attached_ns;
    std::optional<std::vector<Probe>> probes; ///< nothing: attaching is not over
    Info info, dependencies;
    Gauge overhead;
    Errors errors;
    ProbesOfProcess seen; ///< by its catalogue probes
};

struct ServiceUse {
    std::shared_ptr<const Service> service;
    std::size_t targets = 0;
    std::uint64_t idle_order = 0; ///< which of the idle ones is the oldest
    std::optional<std::uint64_t> idle_since_ns;
};

struct Aggregator::State {
    State(Limits bounds, ErrorClasses of_errors)
        : limits(bounds), classes(std::move(of_errors)), tables(bounds.series_per_family) {}

    Limits limits;
    const ErrorClasses classes;
    std::map<Service, ServiceUse> services;
    std::uint64_t idle_order = 0;
    mutable Tables tables;
    AuditCounts audits;

    // By id. What events need lies apart from the rest.
    std::array<std::unique_ptr<GoProcess>, HOLTER_MAX_TARGETS> go;
    std::array<std::unique_ptr<TcpProcess>, HOLTER_MAX_TARGETS> tcp;
    std::map<TargetId, std::unique_ptr<TcpProcess>> ended_tcp; ///< of targets that were removed
    std::array<std::unique_ptr<Process>, HOLTER_MAX_TARGETS> processes;

    std::array<std::uint64_t, HOLTER_EVENT_TYPES> events{};    ///< that reached a target
    std::array<std::uint64_t, HOLTER_EVENT_TYPES> malformed{}; ///< [0]: of no known type
    std::array<std::uint64_t, HOLTER_EVENT_TYPES> unknown_target{};
    std::map<std::pair<std::string, std::string>, std::uint64_t> lost;
    std::map<std::uint32_t, ProbeDefinition> definitions; ///< of catalogue probes, by number
    Resolver resolver;
    GoNames names;
    std::map<std::string, std::uint64_t> probe_hits;
    std::map<std::string, std::uint64_t> tcp_corrections;
    std::map<std::pair<std::string, std::string>, double> probe_hit_cost; ///< by site and program
    std::uint64_t unix_minus_monotonic_ns = 0;

    template <typename Event, typename Handler> void to_target(const Event& event, Handler handle) {
        const std::uint32_t target = event.event.target;
        if (target < go.size() && go[target]) {
            ++events[event.event.type];
            handle(*go[target]);
        } else {
            ++unknown_target[event.event.type];
        }
    }

    template <typename Event, typename Handler>
    void to_process(const Event& event, Handler handle) {
        const std::uint32_t target = event.event.target;
        if (target < processes.size() && processes[target]) {
            ++events[event.event.type];
            handle(*processes[target]);
        } else {
            ++unknown_target[event.event.type];
        }
    }

    void on_probe_hit(std::uint32_t type, const ProbeHit& hit);
    template <typename Event>
    void request(const Event& event, const ExemplarPtr& exemplar = nullptr) {
        to_target(event, [&](GoProcess& process) {
            const std::uint64_t times = process.sampling.times(event.facts.window);
            process.requests.on_request(event.facts, {event.text, event.facts.text_length},
                                        exemplar, times);
            count_request(processes[event.event.target]->errors, event.event.target, event.facts,
                          names, exemplar, times);
        });
    }

    void forget(const Service& service);
    void make_room();
};

} // namespace holter::aggregator
