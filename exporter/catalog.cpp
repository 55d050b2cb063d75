// SPDX-License-Identifier: Apache-2.0
#include "exporter/catalog.h"

#include <array>
#include <stdexcept>

namespace holter::exporter {

namespace {

using aggregator::Family;
using Names = std::string_view[];

constexpr Names runtime = {"runtime"};
constexpr Names runtime_kind = {"runtime", "kind"};
constexpr Names runtime_trigger = {"runtime", "trigger"};
constexpr Names reason = {"reason"};
constexpr Names state_direction = {"state", "direction"};
constexpr Names direction = {"direction"};
constexpr Names result = {"result"};
constexpr Names error = {"source", "error_class", "error_type", "retryable"};
constexpr Names root_cause = {"source", "error_type", "root_type"};
constexpr Names panic = {"error_type", "outcome"};
constexpr Names state = {"state"};
constexpr Names http_client_state = {"http_connection_state", "server_address"};
constexpr Names dial_result = {"result", "server_address"};
constexpr Names rejection = {"reason", "server_address"};
constexpr Names code = {"code"};
constexpr Names db_state = {"db_client_connection_state"};
constexpr Names kind = {"kind"};

constexpr Names rpc = {"rpc_system_name", "rpc_method", "rpc_response_status_code", "error_type"};
constexpr Names http_server = {"http_request_method", "http_route", "http_response_status_code",
                               "error_type"};
constexpr Names http_client = {"http_request_method", "server_address", "http_response_status_code",
                               "error_type"};
constexpr Names endpoint = {"rpc_method", "http_route"};
constexpr Names target = {"pid", "executable", "runtime", "runtime_version", "container_id"};
constexpr Names dependency = {"module", "version"};
constexpr Names build = {"version", "revision"};
constexpr Names probe = {"probe"};
constexpr Names probe_state = {"probe", "state", "site", "reason"};
constexpr Names site_and_program = {"site", "program"};
constexpr Names event_type = {"type"};
constexpr Names event_loss = {"type", "cause"};
constexpr Names signal = {"signal"};
constexpr Names family = {"family"};
constexpr std::span<const std::string_view> none;

constexpr double ns = 1e9;
constexpr std::string_view gc = "Garbage collection";
constexpr std::string_view connections = "Connection state";
constexpr std::string_view errors = "Errors";
constexpr std::string_view requests = "Requests";
constexpr std::string_view own = "Holter about itself";

constexpr Metric metrics[] = {
    {"holter_gc_pause_seconds", Type::histogram,
     "Stops of the application by the garbage collector, as long as the runtime itself says they "
     "were. Go: the count of kind mark_termination is the number of completed cycles; mark_restart "
     "appears when one was seen.",
     true, runtime_kind, Family::gc_pause, ns, gc},
    {"holter_gc_cycles_total", Type::counter,
     "Completed collection cycles by what started them; of HotSpot all that have begun. Go: "
     "unknown, when the cycle began before tracing did, appears when one was seen.",
     true, runtime_trigger, Family::gc_cycles, 1, gc},
    {"holter_gc_heap_live_bytes", Type::gauge,
     "Heap that the last collection found alive. Processes of a service add up.", true, runtime,
     Family::gc_heap_live, 1, gc},
    {"holter_gc_heap_goal_bytes", Type::gauge,
     "Heap size at which the current cycle is to end. Processes of a service add up.", true,
     runtime, Family::gc_heap_goal, 1, gc},
    {"holter_gc_cpu_seconds_total", Type::counter,
     "CPU time of the garbage collector by the runtime's own estimate, since tracing began; it "
     "grows when a cycle ends.",
     true, runtime_kind, Family::gc_cpu, ns, gc},
    {"holter_go_gc_percent", Type::gauge,
     "GOGC as in force now; -1: the collector is off. Of several processes of a service, the "
     "lowest.",
     true, none, Family::go_gc_percent, 1, gc},
    {"holter_go_memory_limit_bytes", Type::gauge,
     "GOMEMLIMIT as in force now; 9.223372036854775807e+18: no limit. Of several processes of a "
     "service, the lowest.",
     true, none, Family::go_memory_limit, 1, gc},
    {"holter_go_stop_the_world_seconds", Type::histogram,
     "Stops of the application for other reasons than garbage collection. A reason appears with "
     "its first stop.",
     true, reason, Family::go_stop_the_world, ns, gc},
    {"holter_go_goroutines", Type::gauge, "Goroutines that exist. Processes of a service add up.",
     true, none, Family::go_goroutines, 1, gc},

    {"holter_tcp_connections", Type::gauge,
     "TCP sockets by state and by who opened the connection, counted by the kernel at the scrape. "
     "unaccepted: established, but the program has not taken it from its listener's queue; "
     "time_wait: closed here, its port not free yet. A state appears when one was seen. Processes "
     "of a service add up.",
     true, state_direction, Family::tcp_connections, 1, connections},
    {"holter_tcp_connects_total", Type::counter,
     "Attempts to connect by how they ended. no_local_port: no port or pair of addresses was free, "
     "nothing was sent; aborted: given up by the program before there was an answer. aborted and "
     "other appear when one was seen. What has no route at all fails before there is an attempt.",
     true, result, Family::tcp_connects, 1, connections},
    {"holter_tcp_accepts_total", Type::counter,
     "Inbound connections that were established, whether or not the program has taken them from "
     "its listener's queue.",
     true, none, Family::tcp_accepts, 1, connections},
    {"holter_tcp_retransmits_total", Type::counter, "Segments that were sent again.", true, none,
     Family::tcp_retransmits, 1, connections},
    {"holter_tcp_resets_total", Type::counter, "RST segments that were sent or received.", true,
     direction, Family::tcp_resets, 1, connections},
    {"holter_tcp_connection_duration_seconds", Type::histogram,
     "From established to closed on both sides, or left to the kernel to wait for stray segments. "
     "Connections that were there before tracing began are not in it.",
     true, direction, Family::tcp_connection_duration, ns, connections},

    {"holter_errors_total", Type::counter,
     "Errors by where they were seen, by class (business, transient, system), by type as the "
     "program has it, and by whether trying again can help. A process has at most 128 types; "
     "further ones are of the type other. A series appears with its first error.",
     true, error, Family::errors, 1, errors},
    {"holter_error_root_causes_total", Type::counter,
     "The same errors by the type at the end of their chain of wrapped errors, where it was "
     "followed; what wraps nothing is its own root cause.",
     true, root_cause, Family::error_root_causes, 1, errors},
    {"holter_go_panics_total", Type::counter,
     "Panics of Go that have ended, by type and by how: recovered, or fatal to the process. Fatal "
     "errors of the runtime, which cannot be recovered, are among them.",
     true, panic, Family::go_panics, 1, errors},
    {"holter_http_server_connections", Type::gauge,
     "Connections of net/http servers: new (nothing received yet), active (a request is being "
     "answered; HTTP/2: a stream is open), idle, hijacked (taken over by a handler and not closed "
     "yet). Processes of a service add up.",
     true, state, Family::http_server_connections, 1, connections},
    {"http_client_open_connections", Type::gauge,
     "Connections of net/http clients to a host: active (in use) or idle (in the pool). Processes "
     "of a service add up.",
     true, http_client_state, Family::http_client_connections, 1, connections},
    {"holter_http_client_dials_total", Type::counter,
     "Dials of net/http clients that ended: ok, failed, unused (meanwhile the request had ended or "
     "had got another connection).",
     true, dial_result, Family::http_client_dials, 1, connections},
    {"holter_http_client_idle_rejected_total", Type::counter,
     "Healthy connections that were thrown away because the pool did not take them: per_host_limit "
     "(MaxIdleConnsPerHost, 2 by default), total_limit (MaxIdleConns), keep_alives_disabled, "
     "closed "
     "(CloseIdleConnections was called).",
     true, rejection, Family::http_client_rejected, 1, connections},
    {"holter_http_client_connections_closed_total", Type::counter,
     "Connections that net/http clients closed: the reasons of "
     "holter_http_client_idle_rejected_total, "
     "and server_closed, idle_timeout, not_reusable (the response forbade it, or its body was not "
     "read to the end), canceled, timeout, broken, close_idle_connections, upgraded, other.",
     true, reason, Family::http_client_closed, 1, connections},
    {"holter_grpc_client_connections", Type::gauge,
     "Channels (ClientConn) of grpc-go clients by their connectivity state. Processes of a service "
     "add up.",
     true, state, Family::grpc_client_connections, 1, connections},
    {"holter_grpc_client_connection_transitions_total", Type::counter,
     "Changes of a channel's connectivity state, by the new state.", true, state,
     Family::grpc_client_transitions, 1, connections},
    {"holter_grpc_client_connects_total", Type::counter,
     "Attempts of grpc-go clients to connect to an address.", true, none,
     Family::grpc_client_connects, 1, connections},
    {"holter_grpc_client_goaways_total", Type::counter,
     "GOAWAY frames that grpc-go clients received, by HTTP/2's error code.", true, code,
     Family::grpc_client_goaways, 1, connections},
    {"holter_grpc_server_connections", Type::gauge,
     "Connections of grpc-go servers. Processes of a service add up.", true, none,
     Family::grpc_server_connections, 1, connections},
    {"holter_grpc_server_connections_closed_total", Type::counter,
     "Connections that grpc-go servers closed: client_closed, server_stopped, keepalive_timeout, "
     "protocol_error, finished, broken, other; unknown before grpc-go 1.52.",
     true, reason, Family::grpc_server_closed, 1, connections},
    {"db_client_connection_count", Type::gauge,
     "Connections of database/sql pools. Processes of a service add up.", true, db_state,
     Family::db_connections, 1, connections},
    {"db_client_connection_max", Type::gauge,
     "Limit of open connections (SetMaxOpenConns) of the database/sql pools that have one. "
     "Processes of a service add up.",
     true, none, Family::db_connections_max, 1, connections},
    {"db_client_connection_wait_time_seconds", Type::histogram,
     "Time that callers of database/sql waited because all connections were in use, whether they "
     "got "
     "one or gave up.",
     true, none, Family::db_connection_wait, ns, connections},
    {"holter_db_client_connections_closed_total", Type::counter,
     "Connections that database/sql pools closed because of a limit: max_idle, max_idle_time, "
     "max_lifetime. By the pools' own account, since tracing began.",
     true, reason, Family::db_connections_closed, 1, connections},
    {"holter_connections_partial", Type::gauge,
     "1: of connections of this kind that were open before tracing began some may be missing. "
     "Kinds: "
     "http_server, http_client, grpc_client, grpc_server, sql. Of several processes of a service, "
     "the "
     "highest.",
     true, kind, Family::connections_partial, 1, connections},
    {"holter_connection_corrections_total", Type::counter,
     "Connections and pools that were counted and turned out not to exist any more: their end was "
     "not "
     "seen.",
     true, kind, Family::connection_corrections, 1, connections},

    {"rpc_server_call_duration_seconds", Type::histogram,
     "gRPC calls served, from their arrival to their status. What is no method of the server is "
     "_OTHER.",
     true, rpc, Family::rpc_server, ns, requests},
    {"rpc_client_call_duration_seconds", Type::histogram,
     "gRPC calls made, from the choice of a connection to their end, retries included.", true, rpc,
     Family::rpc_client, ns, requests},
    {"http_server_request_duration_seconds", Type::histogram,
     "HTTP requests served, as long as their handler took. Without a router's pattern the route is "
     "the path with {id} for what looks like one. A hijacked connection's request has no status.",
     true, http_server, Family::http_server, ns, requests},
    {"http_client_request_duration_seconds", Type::histogram,
     "HTTP requests made, until the header of the answer or the last attempt's error.", true,
     http_client, Family::http_client, ns, requests},
    {"holter_request_gc_pause_seconds_total", Type::counter,
     "Time inside requests served in which the garbage collector had stopped the process; divided "
     "by the sum of the durations it is the collector's share of the latency.",
     true, endpoint, Family::request_gc_pause, ns, requests},
    {"holter_requests_paused_total", Type::counter,
     "Requests served that met at least one stop by the garbage collector.", true, endpoint,
     Family::requests_paused, 1, requests},

    {"holter_build_info", Type::gauge, "Always 1; which Holter this is.", false, build,
     BuildSource{}, 1, own},
    {"holter_targets", Type::gauge, "Processes that are traced.", false, runtime, Family::targets,
     1, own},
    {"holter_target_info", Type::gauge,
     "Always 1, one for each traced process: what is known of it, to be joined.", true, target,
     Family::target_info, 1, own},
    {"holter_dependency_info", Type::gauge,
     "Always 1: a module that a running process was built from.", true, dependency,
     Family::dependency_info, 1, own},
    {"holter_probes", Type::gauge,
     "Probes of all targets by state (attached, paused, failed), by how the kernel runs the "
     "instruction they sit on (emulated, stepped), and by why they failed.",
     false, probe_state, Family::probes, 1, own},
    {"holter_probe_hits_total", Type::counter, "How often a probe was hit, in all targets.", false,
     probe, Family::probe_hits, 1, own},
    {"holter_probe_hit_cost_seconds", Type::gauge,
     "What one hit costs the target: the way to a program and back, measured on this machine at "
     "start, and the time that the program takes on average by the kernel's own account. Program "
     "`empty`: the way alone.",
     false, site_and_program, Family::probe_hit_cost, 1, own},
    {"holter_overhead_ratio", Type::gauge,
     "CPU time spent in probes divided by the CPU time of the process. Of several processes of a "
     "service, the highest.",
     true, none, Family::overhead, 1, own},
    {"holter_sampling_ratio", Type::gauge,
     "Which part of the events is looked at where all of them would cost the process more than "
     "the budget; counts and sums of that signal are scaled up by it. 1: every event is counted. "
     "Of "
     "several processes of a service, the lowest.",
     true, signal, Family::sampling, 1, own},
    {"holter_events_total", Type::counter, "Events received from the kernel side and counted.",
     false, event_type, Family::events, 1, own},
    {"holter_events_lost_total", Type::counter,
     "Events that happened and are not counted, by cause.", false, event_loss, Family::events_lost,
     1, own},
    {"holter_audit_checks_total", Type::counter,
     "Comparisons of our account with the one in the target's own memory, or with the kernel's: "
     "each connection whose socket was looked for (…_sockets).",
     false, signal, Family::audit_checks, 1, own},
    {"holter_audit_mismatches_total", Type::counter,
     "Differences found by them: missed or doubled cycles (gc_cycles) and waits (sql_waits), "
     "connections without a socket (…_sockets), comparisons that failed (the others).",
     false, signal, Family::audit_mismatches, 1, own},
    {"holter_tcp_corrections_total", Type::counter,
     "TCP sockets whose owner was put right by a look at the files of the targets: adopted (nobody "
     "was known to own it), moved (inherited or passed to another target), released (now held by a "
     "process that is not traced).",
     false, reason, Family::tcp_corrections, 1, own},
    {"holter_series_limited_total", Type::counter,
     "New series that came when their family was at its limit, and share series of the service "
     "named other; and errors of types beyond the limit of their process.",
     false, family, Family::series_limited, 1, own},
    {"process_cpu_seconds_total", Type::counter,
     "CPU time that Holter used in user and system mode.", false, none, &ProcessStats::cpu_seconds,
     1, own},
    {"process_resident_memory_bytes", Type::gauge, "Resident memory of Holter.", false, none,
     &ProcessStats::resident_bytes, 1, own},
    {"process_virtual_memory_bytes", Type::gauge, "Virtual memory of Holter.", false, none,
     &ProcessStats::virtual_bytes, 1, own},
    {"process_open_fds", Type::gauge, "File descriptors that Holter has open.", false, none,
     &ProcessStats::open_fds, 1, own},
    {"process_max_fds", Type::gauge, "File descriptors that Holter may have open.", false, none,
     &ProcessStats::max_fds, 1, own},
    {"process_threads", Type::gauge, "Threads of Holter.", false, none, &ProcessStats::threads, 1,
     own},
    {"process_start_time_seconds", Type::gauge, "When Holter started, since the Unix epoch.", false,
     none, &ProcessStats::start_time_seconds, 1, own},
};

constexpr std::string_view names_of_service[] = {"service_name", "namespace", "pod", "container"};

} // namespace

std::span<const Metric> catalog() {
    return metrics;
}

const Metric& metric_of(Family wanted) {
    for (const Metric& metric : metrics)
        if (const Family* has = std::get_if<Family>(&metric.source); has && *has == wanted)
            return metric;
    throw std::logic_error("a family without a metric");
}

std::span<const std::string_view> service_labels() {
    return names_of_service;
}

std::string_view unit_of(const Metric& metric) {
    std::string_view name = metric.name;
    constexpr std::string_view total = "_total";
    if (name.ends_with(total))
        name.remove_suffix(total.size());
    for (const std::string_view unit : {"seconds", "bytes", "ratio"})
        if (name.ends_with(unit))
            return unit;
    return {};
}

std::string_view to_string(Type type) {
    switch (type) {
    case Type::counter:
        return "counter";
    case Type::gauge:
        return "gauge";
    case Type::histogram:
        return "histogram";
    }
    return "untyped";
}

Type type_of(const aggregator::DeclaredFamily& family) {
    switch (family.type) {
    case aggregator::DeclaredFamily::Type::counter:
        return Type::counter;
    case aggregator::DeclaredFamily::Type::gauge:
        return Type::gauge;
    case aggregator::DeclaredFamily::Type::histogram:
        break;
    }
    return Type::histogram;
}

} // namespace holter::exporter
