// SPDX-License-Identifier: Apache-2.0
#include "agent/watch_requests.h"

#include <utility>

namespace holter::agent {

void WatchRequests::look_again(tracer::Slot slot) {
    const std::lock_guard lock(mutex_);
    waiting_.to_look_at.insert(slot);
}

void WatchRequests::set_definitions(std::vector<catalogue::Definition> definitions) {
    const std::lock_guard lock(mutex_);
    waiting_.definitions = std::move(definitions);
}

WatchRequests::Taken WatchRequests::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
}

} // namespace holter::agent
