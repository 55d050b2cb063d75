// SPDX-License-Identifier: Apache-2.0
//
// The web side of the agent. Whatever is served comes from the callbacks: the
// server has no state of its own, and its few threads only ever read snapshots.
#pragma once

#include "aggregator/snapshot.h"
#include "exporter/process_stats.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace holter::exporter {

struct WebOptions {
    /// `:9466` (all addresses, IPv6 and IPv4), `127.0.0.1:9466`, `[::1]:9466`; port 0 takes any.
    std::string listen_address = ":9466";
    /// Where the metrics are.
    std::string telemetry_path = "/metrics";
};

/// Throws WrongOption for what can never work.
void check_options(const WebOptions& options);

/// Where the pages come from. All are called by several threads at a time.
struct Sources {
    std::function<std::shared_ptr<const aggregator::Snapshot>()> snapshot;
    std::function<ProcessStats()> process;
    /// Whether the first look at all processes is done.
    std::function<bool()> ready;
    BuildInfo build;
};

class HttpServer {
  public:
    /// Binds. Throws WrongOption, or std::runtime_error when it does not work now, with one line
    /// that names the address and what to do.
    HttpServer(WebOptions options, Sources sources);
    /// Stops.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Serves from a thread of its own until stop().
    void start();
    /// Closes the socket and waits for the answers under way. May be called twice.
    void stop();

    std::uint16_t port() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace holter::exporter
