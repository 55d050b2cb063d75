// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/link_bin.h"

namespace holter::attach {

namespace {

constexpr std::size_t most_workers = 32;

} // namespace

LinkBin::~LinkBin() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (auto& worker : workers_)
        worker.join();
}

void LinkBin::drop(Link link) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(link));
    if (waiting_.size() > idle_ && workers_.size() < most_workers)
        workers_.emplace_back([this] { work(); });
    changed_.notify_one();
}

void LinkBin::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
        --idle_;
        if (waiting_.empty())
            return;
        {
            const Link link = std::move(waiting_.back());
            waiting_.pop_back();
            lock.unlock();
        } // closed here
        lock.lock();
    }
}

} // namespace holter::attach
