// SPDX-License-Identifier: Apache-2.0
//
// Reading a target's memory can take as long as the target likes: a page of it may
// lie in a file system that a user's program answers for, or on a server that is gone.
// A scrape must not hang on that, nor may one such target hide the others. So the
// accounts are read by threads of their own, a scrape takes what is there in time, and
// an account that is still being read is left alone until that ends.
#pragma once

#include "loader/golang/account/memory.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace holter::agent {

class AccountReaders {
  public:
    /// Whatever it refers to must live as long as it does: it may outlive AccountReaders.
    using Read = std::function<golang::MemoryReading()>;
    struct Entry;
    using Account = std::shared_ptr<Entry>;

    AccountReaders();
    /// Does not wait for what hangs.
    ~AccountReaders();
    AccountReaders(const AccountReaders&) = delete;
    AccountReaders& operator=(const AccountReaders&) = delete;

    static Account account(Read read);

    /// Reads them all, each one not by two threads at once, and waits no longer than `patience`.
    /// In the same order; empty: late. What was late the last time and still hangs is not waited
    /// for.
    std::vector<std::optional<golang::MemoryReading>> read(const std::vector<Account>& accounts,
                                                           std::chrono::milliseconds patience);

  private:
    struct State;
    std::shared_ptr<State> state_; ///< shared with the threads
};

} // namespace holter::agent
