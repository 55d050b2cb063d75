// SPDX-License-Identifier: Apache-2.0
//
// The thread that attaches and detaches. It joins the watcher (which processes
// come and go) with the tracer (what is traced of them), and passes what the
// tracer finds on to the ring thread.
#pragma once

#include "agent/watch_requests.h"
#include "loader/process/watcher.h"
#include "loader/tracer/tracer.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

namespace holter::agent {

class WatchThread {
  public:
    /// Starts the thread. `watcher` and `tracer` are its own from now on, until it has ended, and
    /// `requests` outlives it.
    /// `each_round` is called some times a second, after what has happened was announced; `lost` is
    /// told the total of process events that were lost, when it grows.
    WatchThread(process::Watcher& watcher, tracer::Tracer& tracer, WatchRequests& requests,
                std::function<void()> each_round, std::function<void(std::uint64_t)> lost);
    /// Ends it.
    ~WatchThread();
    WatchThread(const WatchThread&) = delete;
    WatchThread& operator=(const WatchThread&) = delete;

    /// Whether all processes that ran at the start have been considered.
    bool first_look_done() const { return first_look_done_; }

  private:
    void loop();
    void take_requests();

    process::Watcher& watcher_;
    tracer::Tracer& tracer_;
    WatchRequests& requests_;
    std::function<void()> each_round_;
    std::function<void(std::uint64_t)> lost_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> first_look_done_ = false;
    std::thread thread_;
};

} // namespace holter::agent
