// SPDX-License-Identifier: Apache-2.0
#include "aggregator/aggregator.h"

#include "aggregator/decode.h"
#include "aggregator/errors/death.h"
#include "aggregator/errors/panic.h"
#include "aggregator/state.h"

#include <string>
#include <utility>

namespace holter::aggregator {

namespace {

/// The most series that one target adds to one family when it appears.
constexpr std::size_t initial_series = 6;

} // namespace

void Aggregator::State::forget(const Service& service) {
    std::erase_if(ended_tcp, [&](const auto& ended) { return ended.second->service() == service; });
    tables.each([&](auto& table) { table.forget(service); });
    services.erase(service);
}

void Aggregator::State::make_room() {
    const auto full = [&] {
        bool any = false;
        const auto look = [&](const auto& table) {
            any = any || !table.has_room_for(initial_series);
        };
        tables.each_histogram(look);
        tables.each_counter(look);
        return any;
    };
    while (full()) {
        const ServiceUse* oldest = nullptr;
        for (const auto& [service, use] : services)
            if (use.targets == 0 && (!oldest || use.idle_order < oldest->idle_order))
                oldest = &use;
        if (!oldest)
            return;
        forget(Service(*oldest->service));
    }
}

Aggregator::Aggregator(Limits limits, ErrorClasses classes)
    : state_(std::make_unique<State>(limits, std::move(classes))) {}

Aggregator::~Aggregator() = default;

void Aggregator::add_target(Target target, std::uint64_t now_ns) {
    State& state = *state_;
    const TargetId id = target.id;
    if (state.processes.at(id))
        remove_target(id);
    close_tcp(id);

    target.service = clean_service(target.service);
    for (std::string* text :
         {&target.runtime, &target.runtime_version, &target.executable, &target.container_id})
        *text = clean_label(*text);

    ServiceUse& use = state.services[target.service];
    if (!use.service)
        use.service = std::make_shared<const Service>(target.service);
    ++use.targets;
    use.idle_since_ns.reset();
    state.make_room();

    if (target.runtime == "go")
        state.go[id] = std::make_unique<GoProcess>(state.tables, state.audits, use.service, target);
    state.processes[id] = std::make_unique<Process>(state.tables, state.classes, std::move(target),
                                                    use.service, now_ns);
}

void Aggregator::remove_target(TargetId id) {
    State& state = *state_;
    if (id >= state.processes.size() || !state.processes[id])
        return;
    ServiceUse& use = state.services.at(state.processes[id]->target->service);
    state.go[id].reset();
    if (state.tcp[id]) {
        state.tcp[id]->drop_connections();
        state.ended_tcp[id] = std::move(state.tcp[id]);
    }
    state.processes[id].reset();
    if (--use.targets == 0)
        use.idle_order = ++state.idle_order;
}

void Aggregator::set_probes(TargetId id, std::vector<Probe> probes) {
    State& state = *state_;
    if (id >= state.processes.size() || !state.processes[id])
        return;
    std::optional<std::vector<Probe>>& known = state.processes[id]->probes;
    for (Probe& probe : probes)
        for (std::string* text : {&probe.probe, &probe.state, &probe.site, &probe.reason})
            *text = clean_label(*text);
    const bool changed = known != probes;
    known = std::move(probes);
    if (changed && state.go[id])
        state.go[id]->audit.restart();
}

void Aggregator::State::on_probe_hit(std::uint32_t type, const ProbeHit& hit) {
    if (hit.target >= processes.size() || !processes[hit.target]) {
        ++unknown_target[type];
        return;
    }
    const auto lose = [&](const char* cause) { ++lost[{std::string(event_name(type)), cause}]; };
    const auto definition = definitions.find(hit.probe);
    if (definition == definitions.end())
        return lose("probe_removed");
    switch (processes[hit.target]->seen.on_hit(definition->second, hit, resolver)) {
    case HitOutcome::counted:
    case HitOutcome::unwanted:
        ++events[type];
        return;
    case HitOutcome::unresolved:
        return lose("unresolved");
    case HitOutcome::map_full:
        return lose("too_many_objects");
    case HitOutcome::negative:
        return lose("negative_value");
    case HitOutcome::withdrawn:
        return lose("probe_removed");
    }
}

void Aggregator::declare_family(DeclaredFamily family) {
    state_->tables.catalogue.declare(std::move(family));
}

void Aggregator::define_probe(std::uint32_t probe, ProbeDefinition definition) {
    state_->definitions.insert_or_assign(probe, std::move(definition));
}

void Aggregator::forget_probe(std::uint32_t probe) {
    state_->definitions.erase(probe);
    for (const auto& process : state_->processes)
        if (process)
            process->seen.forget(probe);
}

void Aggregator::expect_probe(TargetId id, std::uint32_t probe) {
    State& state = *state_;
    const auto definition = state.definitions.find(probe);
    if (id < state.processes.size() && state.processes[id] && definition != state.definitions.end())
        state.processes[id]->seen.expect(probe, definition->second);
}

void Aggregator::withdraw_probe(TargetId id, std::uint32_t probe) {
    if (id < state_->processes.size() && state_->processes[id])
        state_->processes[id]->seen.withdraw(probe);
}

void Aggregator::set_names(GoNames names) {
    state_->names = std::move(names);
}

void Aggregator::set_resolver(Resolver resolver) {
    state_->resolver = std::move(resolver);
}

void Aggregator::on_record(std::span<const std::byte> record) {
    State& state = *state_;
    struct Visitor {
        State& state;
        void operator()(const holter_go_gc_pause& event) const {
            state.to_target(event, [&](GoProcess& go) { go.gc.on_pause(event, go.audit); });
        }
        void operator()(const holter_go_stop& event) const {
            state.to_target(event, [&](GoProcess& go) { go.gc.on_stop(event); });
        }
        void operator()(const holter_death& event) const {
            state.to_process(event, [&](Process& process) {
                const Death death = describe(event);
                process.errors.count({death.source, death.type, {}, {}});
            });
        }
        void operator()(const holter_go_panic& event) const {
            state.to_process(
                event, [&](Process& process) { count_panic(process.errors, event, state.names); });
        }
        void operator()(const holter_probe_hit& event) const {
            state.on_probe_hit(
                event.event.type,
                {event.event.target, event.probe, event.duration_ns, event.number, {}});
        }
        void operator()(const holter_probe_text_hit& event) const {
            state.on_probe_hit(event.event.type,
                               {event.event.target,
                                event.probe,
                                event.duration_ns,
                                event.number,
                                {std::string_view(event.text[0], event.length[0]),
                                 std::string_view(event.text[1], event.length[1])}});
        }
        void operator()(const holter_go_object& event) const {
            // Says where something is, which the next reading looks at.
            state.to_target(event, [](GoProcess&) {});
        }
        void operator()(const holter_go_http_dial& event) const {
            state.to_target(event, [&](GoProcess& go) { go.connections.on_event(event); });
        }
        void operator()(const holter_go_http_close& event) const {
            state.to_target(event, [&](GoProcess& go) { go.connections.on_event(event); });
        }
        void operator()(const holter_go_sql_wait& event) const {
            state.to_target(event, [&](GoProcess& go) { go.connections.on_event(event); });
        }
        void operator()(const holter_go_grpc_transition& event) const {
            state.to_target(event, [&](GoProcess& go) { go.connections.on_event(event); });
        }
        void operator()(const holter_go_grpc_connect& event) const {
            state.to_target(event, [&](GoProcess& go) { go.connections.on_event(event); });
        }
        void operator()(const holter_go_grpc_goaway& event) const {
            state.to_target(event, [&](GoProcess& go) { go.connections.on_event(event); });
        }
        void operator()(const holter_go_grpc_server_close& event) const {
            state.to_target(event, [&](GoProcess& go) { go.connections.on_event(event); });
        }
        void operator()(const holter_request& event) const { state.request(event); }
        void operator()(const holter_long_request& event) const { state.request(event); }
        void operator()(const holter_traced_request& event) const {
            state.request(event, exemplar_of({event.trace, event.trace_length},
                                             {event.id, event.id_length}, event.facts.duration_ns,
                                             event.ended_ns + state.unix_minus_monotonic_ns));
        }
    };
    std::uint32_t type = HOLTER_EVENT_NONE;
    if (!decode(record, type, Visitor{state}))
        ++state.malformed[type < HOLTER_EVENT_TYPES ? type : 0];
}

void Aggregator::count_error(TargetId id, const ErrorSeen& error, std::uint64_t n) {
    if (id < state_->processes.size() && state_->processes[id])
        state_->processes[id]->errors.count(error, n);
}

void Aggregator::count_panic_end(TargetId id, std::string_view type, PanicOutcome outcome) {
    if (id < state_->processes.size() && state_->processes[id])
        state_->processes[id]->errors.count_panic_end(type, outcome);
}

void Aggregator::on_go_memory(TargetId id, const GoMemory& memory, std::uint64_t now_ns) {
    State& state = *state_;
    if (id >= state.go.size() || !state.go[id])
        return;
    GoProcess& go = *state.go[id];
    go.memory.on_reading(memory);
    go.audit.on_reading(memory, go.gc.account(), now_ns);
}

void Aggregator::on_tcp(TargetId id, const holter_tcp_counts& counts,
                        const holter_tcp_tally& sockets) {
    State& state = *state_;
    if (id >= state.processes.size() || !state.processes[id])
        return;
    if (!state.tcp[id]) {
        const Service& service = state.processes[id]->target->service;
        state.tcp[id] =
            std::make_unique<TcpProcess>(state.tables.tcp, state.services.at(service).service);
    }
    state.tcp[id]->on_reading(counts, sockets);
}

void Aggregator::on_tcp_after_end(TargetId id, const holter_tcp_counts& counts) {
    if (const auto ended = state_->ended_tcp.find(id); ended != state_->ended_tcp.end())
        ended->second->on_end(counts);
}

void Aggregator::close_tcp(TargetId id) {
    state_->ended_tcp.erase(id);
}

void Aggregator::set_tcp_corrections(std::string_view reason, std::uint64_t total) {
    state_->tcp_corrections[std::string(reason)] = total;
}

void Aggregator::on_go_connections(TargetId id, const GoConnectionReading& reading,
                                   std::uint64_t now_ns) {
    State& state = *state_;
    if (id < state.go.size() && state.go[id])
        state.go[id]->connections.on_reading(reading, now_ns);
}

void Aggregator::set_lost(std::string_view type, std::string_view cause, std::uint64_t total) {
    state_->lost[{std::string(type), std::string(cause)}] = total;
}

void Aggregator::set_probe_hits(std::string_view probe, std::uint64_t total) {
    state_->probe_hits[std::string(probe)] = total;
}

void Aggregator::set_probe_hit_cost(std::string_view site, std::string_view program,
                                    double seconds) {
    state_->probe_hit_cost[{std::string(site), std::string(program)}] = seconds;
}

void Aggregator::set_overhead(TargetId id, double ratio) {
    if (id < state_->processes.size() && state_->processes[id])
        state_->processes[id]->overhead.set(ratio);
}

void Aggregator::set_unix_time(std::uint64_t unix_minus_monotonic_ns) {
    state_->unix_minus_monotonic_ns = unix_minus_monotonic_ns;
}

void Aggregator::set_sampling(TargetId id, std::uint32_t window, double weight) {
    if (id < state_->go.size() && state_->go[id])
        state_->go[id]->sampling.set(window, weight);
}

void Aggregator::expire(std::uint64_t now_ns) {
    State& state = *state_;
    for (auto at = state.services.begin(); at != state.services.end();) {
        ServiceUse& use = (at++)->second;
        if (use.targets > 0)
            continue;
        if (!use.idle_since_ns)
            use.idle_since_ns = now_ns;
        else if (now_ns - *use.idle_since_ns >= state.limits.service_retention_ns)
            state.forget(Service(*use.service));
    }
}

} // namespace holter::aggregator
