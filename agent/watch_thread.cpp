// SPDX-License-Identifier: Apache-2.0
#include "agent/watch_thread.h"

#include <chrono>
#include <numeric>
#include <utility>

#include <spdlog/spdlog.h>

namespace holter::agent {

namespace {

// How long the announcement of a process may wait.
constexpr std::chrono::milliseconds interval{200};

} // namespace

WatchThread::WatchThread(process::Watcher& watcher, tracer::Tracer& tracer, WatchRequests& requests,
                         std::function<void()> each_round, std::function<void(std::uint64_t)> lost)
    : watcher_(watcher), tracer_(tracer), requests_(requests), each_round_(std::move(each_round)),
      lost_(std::move(lost)), thread_([this] { loop(); }) {}

WatchThread::~WatchThread() {
    stopping_ = true;
    watcher_.wake();
    thread_.join();
}

void WatchThread::take_requests() {
    WatchRequests::Taken requests = requests_.take();
    for (const auto slot : requests.to_look_at)
        tracer_.look_again(slot);
    if (requests.definitions) {
        tracer_.set_definitions(std::move(*requests.definitions));
        spdlog::info("the catalogue was read again");
    }
}

void WatchThread::loop() {
    std::uint64_t lost_before = 0;
    while (!stopping_) {
        watcher_.poll(interval);
        take_requests();
        tracer_.look_again(tracer::Tracer::Clock::now());
        tracer_.keep_windows(tracer::Window::Clock::now());
        tracer_.keep_budget(tracer::Sampling::Clock::now());
        each_round_();
        const auto by_cause = watcher_.counts().lost;
        const auto lost = std::accumulate(by_cause.begin(), by_cause.end(), std::uint64_t{0});
        if (lost != lost_before)
            lost_(lost);
        lost_before = lost;
        if (!first_look_done_) {
            spdlog::info("first look done; processes traced: {}", tracer_.targets());
            first_look_done_ = true;
        }
    }
}

} // namespace holter::agent
