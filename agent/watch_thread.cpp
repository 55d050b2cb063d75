// SPDX-License-Identifier: Apache-2.0
#include "agent/watch_thread.h"

#include <chrono>

#include <spdlog/spdlog.h>

namespace holter::agent {

namespace {

// How long the announcement of a process may wait.
constexpr std::chrono::milliseconds interval{200};

} // namespace

WatchThread::WatchThread(process::Watcher& watcher, tracer::Tracer& tracer)
    : watcher_(watcher), tracer_(tracer), thread_([this] { loop(); }) {}

WatchThread::~WatchThread() {
    stopping_ = true;
    watcher_.wake();
    thread_.join();
}

void WatchThread::loop() {
    while (!stopping_) {
        watcher_.poll(interval);
        if (!first_look_done_) {
            spdlog::info("first look done: {} processes traced", tracer_.targets());
            first_look_done_ = true;
        }
    }
}

} // namespace holter::agent
