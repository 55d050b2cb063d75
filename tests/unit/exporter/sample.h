// SPDX-License-Identifier: Apache-2.0
//
// A page with something of everything: two services, one of them with two
// processes and labels that need escaping, a failed probe, losses, a mismatch.
#pragma once

#include "aggregator/fixture.h"
#include "exporter/collector.h"

namespace holter::exporter::test {

/// Families as catalogue files declare them: one of each type.
inline void add_declared(aggregator::Aggregator& aggregator) {
    using namespace aggregator;
    using namespace aggregator::test;
    const auto family = [](std::size_t index) {
        return static_cast<Family>(static_cast<std::size_t>(Family::declared) + index);
    };
    aggregator.declare_family({family(0),
                               "shop_orders_total",
                               "Orders.",
                               DeclaredFamily::Type::counter,
                               {"kind", "text"},
                               nullptr,
                               1});
    aggregator.declare_family({family(1),
                               "shop_queue_bytes",
                               "Bytes that wait.",
                               DeclaredFamily::Type::gauge,
                               {},
                               nullptr,
                               8});
    aggregator.declare_family(
        {family(2),
         "shop_order_seconds",
         "How long orders take.",
         DeclaredFamily::Type::histogram,
         {"kind"},
         std::make_shared<const std::vector<std::uint64_t>>(
             std::vector<std::uint64_t>{1'000'000, 250'000'000, 1'000'000'000}),
         1e9});
    LabelSource kind;
    kind.from = LabelSource::From::number;
    kind.names = {{0, "retail"}, {1, "wholesale"}};
    LabelSource text;
    text.from = LabelSource::From::text;
    ProbeDefinition definition;
    definition.runtime = "shop";
    definition.family = family(0);
    definition.labels = {kind, text};
    aggregator.define_probe(1, definition);
    definition.family = family(1);
    definition.labels = {};
    definition.measure = Measure::level;
    aggregator.define_probe(2, definition);
    definition.family = family(2);
    definition.labels = {kind};
    definition.measure = Measure::duration;
    aggregator.define_probe(3, definition);
    aggregator.expect_probe(0, 3);

    holter_probe_text_hit order{};
    order.event = {HOLTER_EVENT_PROBE_TEXT_HIT, 0};
    order.probe = 1;
    order.number[0] = 1;
    const std::string foreign = "\"\\\n\xFF";
    order.length[0] = static_cast<__u16>(foreign.size());
    foreign.copy(order.text[0], foreign.size());
    aggregator.on_record(bytes_of(order));
    holter_probe_hit hit{};
    hit.event = {HOLTER_EVENT_PROBE_HIT, 0};
    hit.probe = 2;
    hit.number[0] = 4096 * 8;
    aggregator.on_record(bytes_of(hit));
    hit.probe = 3;
    hit.number[0] = 0;
    for (const std::uint64_t ns : {1'000'000ULL, 1'000'001ULL, 2'000'000'000ULL}) {
        hit.duration_ns = ns;
        aggregator.on_record(bytes_of(hit));
    }
}

/// Connections and requests of a Go process, one of each sort.
inline void add_traffic(aggregator::Aggregator& aggregator) {
    using namespace aggregator;
    using namespace aggregator::test;
    GoConnectionReading reading;
    reading.http_server = GoConnectionReading::HttpServer{1, 2, 3, 4};
    reading.http_client = {{"db.example:443", 5, 6}};
    reading.grpc_client = {1, 0, 2, 0, 0};
    reading.grpc_server = 7;
    reading.sql = GoConnectionReading::Sql{1, 3, 4, 10, 11, 12};
    reading.kinds = {{"http_server", true, 0}, {"sql", false, 2}};
    aggregator.on_go_connections(0, reading, second);

    holter_go_http_dial dial{};
    dial.event = {HOLTER_EVENT_GO_HTTP_DIAL, 0};
    const std::string address = "db.example:443";
    dial.address.length = static_cast<__u32>(address.size());
    address.copy(dial.address.bytes, address.size());
    aggregator.on_record(bytes_of(dial));
    holter_go_http_close close{};
    close.event = {HOLTER_EVENT_GO_HTTP_CLOSE, 0};
    close.address = dial.address;
    const std::string full = "http: putIdleConn: too many idle connections for host";
    close.error.length = static_cast<__u32>(full.size());
    full.copy(close.error.bytes, full.size());
    aggregator.on_record(bytes_of(close));
    aggregator.on_record(bytes_of(holter_go_sql_wait{{HOLTER_EVENT_GO_SQL_WAIT, 0}, 12'500'000}));
    aggregator.on_record(bytes_of(holter_go_grpc_transition{
        {HOLTER_EVENT_GO_GRPC_TRANSITION, 0}, 1, HOLTER_GO_GRPC_CONNECTING, HOLTER_GO_GRPC_READY}));
    aggregator.on_record(bytes_of(holter_go_grpc_connect{{HOLTER_EVENT_GO_GRPC_CONNECT, 0}}));
    aggregator.on_record(bytes_of(holter_go_grpc_goaway{{HOLTER_EVENT_GO_GRPC_GOAWAY, 0}, 0, 0}));
    holter_go_grpc_server_close server_close{};
    server_close.event = {HOLTER_EVENT_GO_GRPC_SERVER_CLOSE, 0};
    aggregator.on_record(bytes_of(server_close));

    for (std::uint8_t kind = 0; kind < HOLTER_REQUEST_KINDS; ++kind) {
        holter_request request{};
        request.event = {HOLTER_EVENT_REQUEST, 0};
        request.facts.kind = kind;
        request.facts.duration_ns = 30'000'000;
        request.facts.gc_pause_ns = 250'000;
        request.facts.gc_pauses = 1;
        const bool http = kind == HOLTER_HTTP_SERVER || kind == HOLTER_HTTP_CLIENT;
        request.facts.status = http ? 503 : 5;
        const std::string text = kind == HOLTER_HTTP_SERVER   ? "GET /items/{id}"
                                 : kind == HOLTER_HTTP_CLIENT ? "db.example:443"
                                                              : "/shop.v1.Cart/Add";
        if (http)
            std::string("GET").copy(request.facts.method, 3);
        if (kind == HOLTER_HTTP_SERVER)
            request.facts.flags = HOLTER_REQUEST_ROUTE;
        request.facts.text_length = static_cast<__u16>(text.size());
        text.copy(request.text, text.size());
        aggregator.on_record(bytes_of(request));
    }
}

/// Requests that were asked for their trace: one has one, one only has an identifier.
inline void add_traced(aggregator::Aggregator& aggregator) {
    using namespace aggregator::test;
    holter_traced_request request{};
    request.event = {HOLTER_EVENT_TRACED_REQUEST, 0};
    request.facts.kind = HOLTER_GRPC_SERVER;
    request.facts.duration_ns = 1'234'567'890;
    request.facts.status = 13;
    request.ended_ns = 3 * second + 7'000'000;
    const std::string text = "/shop.v1.Cart/Add";
    request.facts.text_length = static_cast<__u16>(text.size());
    text.copy(request.text, text.size());
    const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.trace_length = static_cast<__u8>(trace.size());
    trace.copy(request.trace, trace.size());
    aggregator.on_record(bytes_of(request));
    request.facts.duration_ns = 4'000'000;
    request.trace_length = 0;
    const std::string id = "żółw \"7\" \\";
    request.id_length = static_cast<__u8>(id.size());
    id.copy(request.id, id.size());
    aggregator.on_record(bytes_of(request));
}

inline std::shared_ptr<const aggregator::Snapshot> sample_snapshot() {
    using namespace aggregator;
    using namespace aggregator::test;
    Aggregator aggregator;
    Target shop = target(0);
    shop.container_id = std::string(64, 'c');
    shop.dependencies = {{"google.golang.org/grpc", "v1.60.0"}, {"golang.org/x/net", "v0.20.0"}};
    aggregator.add_target(shop, 0);
    aggregator.add_target(target(1, "shop", "go1.21.13"), 0);
    Target odd = target(2, "a \"quoted\" \\ name\nof two lines");
    odd.service.namespace_ = odd.service.pod = odd.service.container = "";
    odd.executable = "/opt/\xFF\xFE/żółw";
    aggregator.add_target(odd, 0);

    std::uint32_t numgc = 0;
    for (const std::uint64_t ns : {9'000ULL, 31'415ULL, 271'828ULL, 1'000'000'000ULL}) {
        ++numgc;
        aggregator.on_record(bytes_of(pause(0, HOLTER_GO_SWEEP_TERMINATION, ns / 3, numgc - 1)));
        aggregator.on_record(
            bytes_of(pause(0, HOLTER_GO_MARK_TERMINATION, ns, numgc,
                           numgc % 2 ? HOLTER_GO_TRIGGER_HEAP : HOLTER_GO_TRIGGER_FORCED)));
    }
    aggregator.on_record(bytes_of(pause(1, HOLTER_GO_MARK_RESTART, 77)));
    aggregator.on_record(bytes_of(stop(1, HOLTER_GO_STOP_GOMAXPROCS, 123'456'789)));
    aggregator.on_record(bytes_of(pause(9, HOLTER_GO_MARK_TERMINATION, 1)));

    GoMemory memory;
    memory.gc_percent = 100;
    memory.memory_limit_bytes = std::numeric_limits<std::int64_t>::max();
    memory.heap_live_bytes = 4'194'304;
    memory.heap_goal_bytes = 8'388'608;
    memory.goroutines = 12;
    memory.numgc = numgc;
    memory.cpu_assist_ns = memory.cpu_dedicated_ns = memory.cpu_idle_ns = memory.cpu_pause_ns = 0;
    memory.cpu_total_ns = 0;
    aggregator.set_probes(0, {{"gc_pause", "attached", "emulated", ""}});
    aggregator.on_go_memory(0, memory, 0);
    memory.cpu_dedicated_ns = 250'000'001;
    memory.cpu_pause_ns = 333'333'333;
    memory.cpu_total_ns = 10 * second;
    memory.numgc = numgc + 3; // cycles without events
    aggregator.on_go_memory(0, memory, 2 * second);
    aggregator.on_go_memory(0, memory, 4 * second);
    memory.gc_percent = -1;
    aggregator.on_go_memory(1, memory, 4 * second);
    aggregator.set_probes(
        1, {{"gc_pause", "attached", "emulated", ""}, {"cycle_start", "failed", "", "inlined"}});

    aggregator.count_error(0, {ErrorSource::grpc_server, "*fmt.wrapError", 5, "*main.Missing"}, 3);
    aggregator.count_error(1, {ErrorSource::signal, "SIGSEGV", {}, {}});
    aggregator.count_panic_end(1, "runtime.boundsError", PanicOutcome::recovered);

    add_declared(aggregator);
    add_traffic(aggregator);
    aggregator.set_unix_time(1'700'000'000 * second);
    add_traced(aggregator);
    aggregator.set_lost("go_gc_pause", "ring_full", 0);
    aggregator.set_probe_hits("gc_pause", 9);
    aggregator.set_probe_hit_cost("emulated", "empty", 7.1e-7);
    aggregator.set_probe_hit_cost("emulated", "go_http", 1.45e-6);
    aggregator.set_probe_hit_cost("stepped", "empty", 5.25e-6);
    aggregator.set_overhead(0, 0.00012);
    aggregator.set_sampling(0, 1, 40);

    holter_tcp_counts tcp{};
    tcp.connects[HOLTER_TCP_OK] = 12;
    tcp.connects[HOLTER_TCP_ABORTED] = 1;
    tcp.accepts = 345;
    tcp.retransmits = 6;
    tcp.resets[HOLTER_TCP_RESET_RECEIVED] = 2;
    tcp.durations[HOLTER_TCP_INBOUND][3] = 300;
    tcp.duration_ns[HOLTER_TCP_INBOUND] = 7'654'321'000;
    holter_tcp_tally sockets{};
    sockets.sockets[HOLTER_TCP_INBOUND][HOLTER_TCP_ESTABLISHED] = 45;
    sockets.sockets[HOLTER_TCP_INBOUND][HOLTER_TCP_LISTEN] = 1;
    sockets.sockets[HOLTER_TCP_OUTBOUND][HOLTER_TCP_TIME_WAIT] = 11;
    aggregator.on_tcp(0, tcp, sockets);
    aggregator.set_tcp_corrections("moved", 3);
    return aggregator.snapshot(10 * second);
}

inline Collector sample_collector() {
    ProcessStats process;
    process.cpu_seconds = 1.5;
    process.resident_bytes = 20'971'520;
    process.virtual_bytes = 104'857'600;
    process.open_fds = 17;
    process.max_fds = 1024;
    process.threads = 7;
    process.start_time_seconds = 1'700'000'000.25;
    return {sample_snapshot(), process, {"0.1.0", "0123456789ab"}};
}

} // namespace holter::exporter::test
