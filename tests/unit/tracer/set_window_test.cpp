// SPDX-License-Identifier: Apache-2.0
//
// What the kernel side may see of a target's window while it is written.
#include "loader/tracer/targets_in_kernel.h"

#include "catch.h"

#include <atomic>
#include <thread>

using namespace holter;

TEST_CASE("who sees a window's end sees the window") {
    constexpr std::uint32_t windows = 300'000;
    holter_target target{};
    std::atomic<bool> reading = false;
    std::uint64_t seen = 0, mixed = 0;
    // Reads like start() in bpf/requests.h.
    std::thread reader([&] {
        std::uint64_t until = 0;
        while (until < windows) {
            until = std::atomic_ref(target.until_ns).load(std::memory_order_acquire);
            reading = true;
            const auto from = std::atomic_ref(target.from_ns).load(std::memory_order_relaxed);
            const auto window = std::atomic_ref(target.window).load(std::memory_order_relaxed);
            ++seen;
            mixed += from < until || window < until; // of an earlier one
        }
    });
    while (!reading) {
    }
    for (std::uint32_t i = 1; i <= windows; ++i)
        tracer::set_window(target, i, i, i);
    reader.join();
    CAPTURE(seen);
    CHECK(mixed == 0);
}
