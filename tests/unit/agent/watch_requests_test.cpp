// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the watch thread by others.
#include "agent/watch_requests.h"

#include "catch.h"

#include <thread>

using namespace holter;

TEST_CASE("what is asked of the watch thread is taken once, and nothing of it gets lost") {
    agent::WatchRequests requests;
    CHECK(requests.take().to_look_at.empty());
    requests.set_definitions({});
    std::thread other([&] {
        for (tracer::Slot slot = 0; slot < 1000; ++slot)
            requests.look_again(slot);
    });
    std::set<tracer::Slot> taken;
    std::size_t definitions = 0;
    while (taken.size() < 1000) {
        const auto some = requests.take();
        definitions += some.definitions.has_value();
        taken.insert(some.to_look_at.begin(), some.to_look_at.end());
    }
    other.join();
    CHECK(definitions == 1);
    CHECK(requests.take().to_look_at.empty());
}
