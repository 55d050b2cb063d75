// SPDX-License-Identifier: Apache-2.0
#include "agent/account_readers.h"
#include "catch.h"

#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <vector>

using holter::agent::AccountReaders;
using holter::golang::MemoryReading;

namespace {

// Never waited for to its end.
constexpr std::chrono::minutes long_enough{10};

AccountReaders::Account with_goroutines(std::uint64_t number) {
    return AccountReaders::account([number] {
        MemoryReading reading;
        reading.goroutines = number;
        return reading;
    });
}

/// An account whose reading hangs until it is let go.
struct Hanging {
    std::promise<void> go;
    AccountReaders::Account account = AccountReaders::account([wait = go.get_future().share()] {
        wait.wait();
        MemoryReading reading;
        reading.goroutines = 1;
        return reading;
    });
};

} // namespace

TEST_CASE("accounts are read in their order", "[accounts]") {
    AccountReaders readers;
    std::vector<AccountReaders::Account> accounts;
    for (std::uint64_t i = 0; i < 500; ++i)
        accounts.push_back(with_goroutines(i));
    for (int turn = 0; turn < 2; ++turn) {
        const auto readings = readers.read(accounts, long_enough);
        REQUIRE(readings.size() == accounts.size());
        for (std::uint64_t i = 0; i < readings.size(); ++i) {
            REQUIRE(readings[i]);
            CHECK(readings[i]->goroutines == i);
        }
    }
    CHECK(readers.read({}, long_enough).empty());
}

TEST_CASE("accounts that hang are late, and the others are read", "[accounts]") {
    Hanging hanging[3];
    AccountReaders readers;
    const std::vector<AccountReaders::Account> accounts = {hanging[0].account, with_goroutines(7),
                                                           hanging[1].account, hanging[2].account,
                                                           with_goroutines(8)};
    const auto readings = readers.read(accounts, std::chrono::seconds(2));
    CHECK_FALSE(readings[0]);
    CHECK_FALSE(readings[2]);
    CHECK_FALSE(readings[3]);
    REQUIRE(readings[1]);
    CHECK(readings[1]->goroutines == 7U);
    REQUIRE(readings[4]);
    CHECK(readings[4]->goroutines == 8U);

    // They are not waited for again: this would take ten minutes.
    CHECK_FALSE(readers.read({hanging[0].account}, long_enough)[0]);
    CHECK(readers.read(accounts, long_enough)[4]);

    for (auto& one : hanging)
        one.go.set_value();
    for (auto& one : hanging) {
        std::optional<MemoryReading> reading;
        for (int attempt = 0; attempt < 10'000 && !reading; ++attempt) {
            reading = readers.read({one.account}, long_enough)[0];
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        REQUIRE(reading);
        CHECK(reading->goroutines == 1U);
    }
}

TEST_CASE("an end does not wait for what hangs", "[accounts]") {
    Hanging hanging;
    {
        AccountReaders readers;
        CHECK_FALSE(readers.read({hanging.account}, std::chrono::milliseconds(1))[0]);
    }
    hanging.go.set_value();
}
