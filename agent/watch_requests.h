// SPDX-License-Identifier: Apache-2.0
//
// What other threads ask of the watch thread. It is there before that thread and
// after it, so nobody has to know whether it still runs: what is asked of one that
// has ended is never done.
#pragma once

#include "loader/catalogue/definition.h"
#include "loader/tracer/target.h"

#include <mutex>
#include <optional>
#include <set>
#include <vector>

namespace holter::agent {

class WatchRequests {
  public:
    struct Taken {
        std::set<tracer::Slot> to_look_at;
        std::optional<std::vector<catalogue::Definition>> definitions;
    };

    /// The target may have mapped or unmapped files. Any thread.
    void look_again(tracer::Slot slot);
    /// Replaces the catalogue. Any thread.
    void set_definitions(std::vector<catalogue::Definition> definitions);

    /// All that was asked since it was called last.
    Taken take();

  private:
    std::mutex mutex_; ///< guards waiting_
    Taken waiting_;
};

} // namespace holter::agent
