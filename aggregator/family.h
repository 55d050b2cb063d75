// SPDX-License-Identifier: Apache-2.0
//
// Which families of series exist. The aggregator counts and caps by these; their
// names, help texts and label names are the exporter's business (exporter/catalog.h).
#pragma once

#include <cstdint>

namespace holter::aggregator {

enum class Family : std::uint16_t {
    // With the labels of a service.
    gc_pause,
    gc_cycles,
    gc_heap_live,
    gc_heap_goal,
    gc_cpu,
    go_gc_percent,
    go_memory_limit,
    go_stop_the_world,
    go_goroutines,
    tcp_connections,
    tcp_connects,
    tcp_accepts,
    tcp_retransmits,
    tcp_resets,
    tcp_connection_duration,
    errors,
    error_root_causes,
    go_panics,
    http_server_connections,
    http_client_connections,
    http_client_dials,
    http_client_rejected,
    http_client_closed,
    grpc_client_connections,
    grpc_client_transitions,
    grpc_client_connects,
    grpc_client_goaways,
    grpc_server_connections,
    grpc_server_closed,
    db_connections,
    db_connections_max,
    db_connection_wait,
    db_connections_closed,
    connections_partial,
    connection_corrections,
    rpc_server,
    rpc_client,
    http_server,
    http_client,
    request_gc_pause,
    requests_paused,
    target_info,
    dependency_info,
    overhead,
    sampling,
    // About Holter as a whole.
    targets,
    probes,
    probe_hits,
    probe_hit_cost,
    events,
    events_lost,
    audit_checks,
    audit_mismatches,
    tcp_corrections,
    series_limited, ///< in Snapshot::limited
    // This and all above: what catalogue files declare (catalogue/definition.h).
    declared,
};

} // namespace holter::aggregator
