// SPDX-License-Identifier: Apache-2.0
//
// Looking for requests in a map of the kernel as full as it gets. Needs the right to make one;
// without it, this says so and checks nothing.
#include "loader/tracer/open_requests.h"

#include "catch.h"

#include "bpf/events.h"
#include "loader/process/procfs/descriptor.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <ctime>
#include <vector>

using namespace holter;
using tracer::OpenRequests;

namespace {

constexpr std::uint32_t busy = 2, small = 1;

struct Value {
    std::uint64_t began_ns;
    std::uint64_t rest[20]; // about as long as the real one
};

class Map {
  public:
    Map() {
        LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
        fd_ = process::Descriptor(bpf_map_create(BPF_MAP_TYPE_HASH, "test_requests",
                                                 sizeof(holter_request_key), sizeof(Value),
                                                 HOLTER_MAX_OPEN_REQUESTS, &options));
    }
    explicit operator bool() const { return static_cast<bool>(fd_); }
    int get() const { return fd_.get(); }

    void put(std::uint32_t slot, std::uint32_t count, std::uint64_t began_ns) {
        std::vector<holter_request_key> keys(count);
        std::vector<Value> values(count);
        for (auto& key : keys)
            key = {0xc000000000 + 512 * ++owner_, slot, HOLTER_HTTP_SERVER};
        for (auto& value : values)
            value.began_ns = began_ns;
        REQUIRE(bpf_map_update_batch(get(), keys.data(), values.data(), &count, nullptr) == 0);
    }
    std::uint32_t count(std::uint32_t slot) const {
        std::uint32_t found = 0;
        holter_request_key key{}, next{};
        for (bool first = true; bpf_map_get_next_key(get(), first ? nullptr : &key, &next) == 0;
             first = false, key = next)
            found += next.target == slot ? 1 : 0;
        return found;
    }

  private:
    process::Descriptor fd_;
    std::uint64_t owner_ = 0;
};

/// Of this thread: others may keep it waiting.
double cpu_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// How many rounds something took, and the CPU time of the longest.
struct Rounds {
    int count = 0;
    double longest_ms = 0;
};

template <typename More> Rounds rounds(OpenRequests& requests, More&& more) {
    Rounds done;
    for (bool goes_on = true; goes_on;) {
        const double begin = cpu_ms();
        requests.begin_round();
        goes_on = more();
        requests.end_round();
        ++done.count;
        done.longest_ms = std::max(done.longest_ms, cpu_ms() - begin);
    }
    return done;
}

} // namespace

TEST_CASE("requests in progress are looked for in slices") {
    Map map;
    if (!map) {
        WARN("SKIPPED: this process may not make BPF maps");
        return;
    }
    constexpr std::uint32_t many = 100'000;
    constexpr int least_rounds =
        many / OpenRequests::elements_per_batch / OpenRequests::batches_per_round;
    map.put(busy, many, 7);
    map.put(small, 100, 0); // they have ended
    OpenRequests requests(map.get());

    const auto none = rounds(requests, [&] { return requests.any(small); });
    CHECK(none.count > least_rounds);
    requests.begin_round();
    CHECK(requests.any(busy));

    // What is found holds the walk up, and only that.
    map.put(small, 1, 9);
    int held_up = 0;
    for (int i = 0; i < 2 * none.count; ++i) {
        requests.begin_round();
        held_up += requests.any(small) ? 1 : 0;
    }
    CHECK(held_up == 2 * none.count);
    std::uint64_t forgotten = 0;
    const auto given_up = rounds(requests, [&] { return requests.forget(small, forgotten); });
    CHECK(forgotten == 1);
    CHECK(map.count(small) == 100);
    CHECK(map.count(busy) == many);
    rounds(requests, [&] { return requests.any(small); });

    // A target that is gone is cleared away in what the rounds have left.
    requests.remove(busy);
    const auto removed = rounds(requests, [&] { return map.count(busy) > 0; });
    CHECK(removed.count > least_rounds);
    CHECK(map.count(small) == 100);
    // Or before its slot is taken.
    requests.remove(small);
    requests.finish(small);
    CHECK(map.count(small) == 0);

    WARN(many << " requests open: none of another target found after " << none.count
              << " rounds, the longest " << none.longest_ms << " ms of CPU time; given up after "
              << given_up.count << ", " << given_up.longest_ms << " ms");
}

TEST_CASE("without a map no request is open") {
    OpenRequests requests(-1);
    std::uint64_t forgotten = 0;
    requests.begin_round();
    CHECK_FALSE(requests.any(1));
    CHECK_FALSE(requests.forget(1, forgotten));
    requests.remove(1);
    requests.end_round();
    CHECK(forgotten == 0);
}
