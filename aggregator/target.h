// SPDX-License-Identifier: Apache-2.0
//
// What the aggregator is told about a traced process. Everything here is plain
// data: the loader finds it out, the agent carries it over.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holter::aggregator {

/// Slot of a target: what events carry. Reused only after `Aggregator::remove_target`.
using TargetId = std::uint32_t;

/// The labels that every target family has. Processes with equal ones share series.
struct Service {
    std::string service_name;
    std::string namespace_;
    std::string pod;
    std::string container;
    auto operator<=>(const Service&) const = default;
};

/// One module that a binary was built from.
struct Dependency {
    std::string module;
    std::string version;
};

struct Target {
    TargetId id = 0;
    std::int32_t pid = 0;
    std::uint64_t start_time = 0; ///< clock ticks since boot, field 22 of /proc/PID/stat
    Service service;
    std::string runtime;         ///< `go`, …: the `runtime` label
    std::string runtime_version; ///< `go1.22.12`
    std::string executable;      ///< path as the process sees it
    std::string container_id;    ///< 64 hex digits, empty outside a container
    std::vector<Dependency> dependencies;
};

/// How one probe of one target fares; a row of holter_probes.
struct Probe {
    std::string probe;  ///< name in the catalogue
    std::string state;  ///< `attached`, `paused`, `failed`
    std::string site;   ///< `emulated`, `stepped`; empty when not attached
    std::string reason; ///< why it failed; empty otherwise
    bool operator==(const Probe&) const = default;
};

/// What a Go runtime keeps in its own memory, read at scrape time. A field that this
/// version of Go does not have, or that could not be located, is empty.
struct GoMemory {
    std::optional<std::int64_t> gc_percent;         ///< GOGC now; -1: collector off
    std::optional<std::int64_t> memory_limit_bytes; ///< math.MaxInt64: no limit
    std::optional<std::uint64_t> heap_live_bytes;   ///< marked by the last cycle
    std::optional<std::uint64_t> heap_goal_bytes;
    std::optional<std::uint64_t> goroutines;
    std::optional<std::uint32_t> numgc;          ///< completed cycles since the process started
    std::optional<std::uint32_t> numforcedgc;    ///< of these, forced by the program
    std::optional<std::uint64_t> pause_total_ns; ///< since the process started
    /// CPU time of the collector since the process started, in ns.
    std::optional<std::uint64_t> cpu_assist_ns;
    std::optional<std::uint64_t> cpu_dedicated_ns;
    std::optional<std::uint64_t> cpu_idle_ns;
    std::optional<std::uint64_t> cpu_pause_ns;
    /// CPU time available to the program since it started (GOMAXPROCS × time), in ns.
    std::optional<std::uint64_t> cpu_total_ns;
};

/// How the connections of a Go process are, read at scrape time. A part is empty when nothing is
/// known of it.
struct GoConnectionReading {
    struct HttpServer {
        std::uint64_t fresh = 0; ///< state `new`
        std::uint64_t active = 0;
        std::uint64_t idle = 0;
        std::uint64_t hijacked = 0;
    };
    struct HttpClient {
        std::string address; ///< host and port, or only a host
        std::uint64_t active = 0;
        std::uint64_t idle = 0;
    };
    struct Sql {
        std::uint64_t idle = 0;
        std::uint64_t used = 0;
        std::optional<std::uint64_t> limit;
        /// Connections closed since tracing began, by the limit that was exceeded.
        std::uint64_t closed_max_idle = 0;
        std::uint64_t closed_max_idle_time = 0;
        std::uint64_t closed_max_lifetime = 0;
        /// The pools' own count of waits that have ended, since each was made or known.
        std::uint64_t waits = 0;
        /// When it changes, `waits` begins anew against what we have counted.
        std::uint64_t estranged = 0;
    };
    /// Of each kind of connections that the program can have.
    struct Kind {
        std::string name;
        bool partial = false;          ///< something from before tracing began may be missing
        std::uint64_t corrections = 0; ///< since tracing began
        /// Connections held against the kernel's list of sockets, and those that had none. Since
        /// tracing began.
        std::uint64_t socket_checks = 0;
        std::uint64_t socket_mismatches = 0;
    };
    std::optional<HttpServer> http_server;
    std::vector<HttpClient> http_client;
    std::optional<std::array<std::uint64_t, 5>> grpc_client; ///< channels, by connectivity.State
    std::optional<std::uint64_t> grpc_server;
    std::optional<Sql> sql;
    std::vector<Kind> kinds;
};

} // namespace holter::aggregator
