// SPDX-License-Identifier: Apache-2.0
//
// Where links go to be closed. The kernel waits for a grace period at the end of
// each, some 50 ms, whatever its size: one after the other, a hundred targets
// would keep a shutdown waiting for seconds, and the watch thread from its work.
// Closed side by side they share the wait.
#pragma once

#include "loader/attach/link.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace holter::attach {

class LinkBin {
  public:
    LinkBin() = default;
    /// Waits until everything that was dropped is closed.
    ~LinkBin();
    LinkBin(const LinkBin&) = delete;
    LinkBin& operator=(const LinkBin&) = delete;

    /// Closes the link soon, on another thread.
    void drop(Link link);

  private:
    void work();

    std::mutex mutex_; ///< guards what follows
    std::condition_variable changed_;
    std::vector<Link> waiting_;
    std::size_t idle_ = 0;
    bool ending_ = false;
    std::vector<std::thread> workers_; ///< started as they are needed
};

} // namespace holter::attach
