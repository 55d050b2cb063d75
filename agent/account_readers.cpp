// SPDX-License-Identifier: Apache-2.0
#include "agent/account_readers.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace holter::agent {

namespace {

using Clock = std::chrono::steady_clock;

// One thread reads hundreds of accounts in a few ms. Another one is started when nothing was
// finished for so long, and that many may hang at last.
constexpr std::chrono::milliseconds standstill{50};
constexpr std::size_t most_workers = 16;
// For what does not hang, at the end.
constexpr std::chrono::milliseconds farewell{100};

} // namespace

struct AccountReaders::Entry {
    explicit Entry(Read function) : read(std::move(function)) {}

    Read read;
    // Guarded by State::mutex.
    bool busy = false; ///< in the queue or being read
    golang::MemoryReading reading;
};

struct AccountReaders::State {
    std::mutex mutex; ///< guards what follows
    std::condition_variable queued, finished;
    std::deque<Account> queue;
    std::size_t workers = 0;
    std::size_t idle = 0;
    std::uint64_t readings = 0; ///< finished
    bool ending = false;

    static void work(const std::shared_ptr<State>& state);
    static void start_worker(const std::shared_ptr<State>& state);
};

void AccountReaders::State::work(const std::shared_ptr<State>& state) {
    std::unique_lock lock(state->mutex);
    for (;;) {
        ++state->idle;
        state->queued.wait(lock, [&] { return state->ending || !state->queue.empty(); });
        --state->idle;
        if (state->ending)
            break;
        Account account = std::move(state->queue.front());
        state->queue.pop_front();
        lock.unlock();
        golang::MemoryReading reading = account->read();
        lock.lock();
        account->reading = std::move(reading);
        account->busy = false;
        ++state->readings;
        state->finished.notify_all();
        lock.unlock();
        account.reset(); // the last one to know it, if the target ended meanwhile
        lock.lock();
    }
    --state->workers;
    state->finished.notify_all();
}

/// With the mutex held.
void AccountReaders::State::start_worker(const std::shared_ptr<State>& state) {
    ++state->workers;
    std::thread([state] { work(state); }).detach();
}

AccountReaders::AccountReaders() : state_(std::make_shared<State>()) {}

AccountReaders::~AccountReaders() {
    std::unique_lock lock(state_->mutex);
    state_->ending = true;
    state_->queued.notify_all();
    state_->finished.wait_for(lock, farewell, [this] { return state_->workers == 0; });
}

AccountReaders::Account AccountReaders::account(Read read) {
    return std::make_shared<Entry>(std::move(read));
}

std::vector<std::optional<golang::MemoryReading>>
AccountReaders::read(const std::vector<Account>& accounts, std::chrono::milliseconds patience) {
    std::vector<std::optional<golang::MemoryReading>> readings(accounts.size());
    std::vector<std::size_t> asked;
    std::unique_lock lock(state_->mutex);
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        if (accounts[i]->busy)
            continue;
        accounts[i]->busy = true;
        state_->queue.push_back(accounts[i]);
        asked.push_back(i);
    }
    if (asked.empty())
        return readings;
    if (state_->workers == 0)
        State::start_worker(state_);
    state_->queued.notify_one();

    const auto all_read = [&] {
        return std::none_of(asked.begin(), asked.end(),
                            [&](std::size_t i) { return accounts[i]->busy; });
    };
    const auto deadline = Clock::now() + patience;
    while (!all_read() && Clock::now() < deadline) {
        const std::uint64_t before = state_->readings;
        state_->finished.wait_until(lock, std::min(deadline, Clock::now() + standstill), all_read);
        const bool stuck = state_->readings == before && state_->idle == 0;
        if (stuck && !state_->queue.empty() && state_->workers < most_workers)
            State::start_worker(state_);
    }
    // Whose turn did not come is not being read: the next scrape may ask again.
    for (const auto& waiting : state_->queue)
        waiting->busy = false;
    std::vector<Account> not_begun(state_->queue.begin(), state_->queue.end());
    state_->queue.clear();
    for (const std::size_t i : asked) {
        const bool begun =
            std::find(not_begun.begin(), not_begun.end(), accounts[i]) == not_begun.end();
        if (begun && !accounts[i]->busy)
            readings[i] = std::move(accounts[i]->reading);
    }
    return readings;
}

} // namespace holter::agent
