// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/memory/go_map.h"

#include "catch.h"
#include "golang/connections/connection_memory.h"

#include <set>

using namespace holter;
using namespace holter::golang;
using test::ConnectionMemory;

namespace {

std::vector<std::uint64_t> numbers(std::size_t count) {
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(0xc000100000 + i * 64);
    return all;
}

std::multiset<std::uint64_t> keys_of(const TargetMemory& memory, MapFormat format,
                                     std::uint64_t map, std::size_t value) {
    std::multiset<std::uint64_t> keys;
    WalkBudget budget;
    for_each_entry(memory, format, map, {8, value}, budget,
                   [&](std::span<const std::byte> key, std::span<const std::byte> of) {
                       CHECK(of.size() == value);
                       keys.insert(elf::load<std::uint64_t>(key, 0));
                   });
    return keys;
}

} // namespace

TEST_CASE("maps changed their format with Go 1.24") {
    CHECK(map_format({23, 12}, "go1.23.12") == MapFormat::buckets);
    CHECK(map_format({24, 0}, "go1.24") == MapFormat::groups);
    CHECK(map_format({25, 3}, "go1.25.3 X:greenteagc") == MapFormat::groups);
    CHECK(map_format({24, 9}, "go1.24.9 X:noswissmap") == MapFormat::buckets);
    CHECK(map_format({25, 3}, "go1.25.3 X:greenteagc,noswissmap") == MapFormat::buckets);
}

TEST_CASE("every entry of a map is visited once") {
    for (const auto format : {MapFormat::buckets, MapFormat::groups})
        for (const std::size_t value : {0u, 8u})
            for (const std::size_t count : {0u, 1u, 8u, 9u, 40u}) {
                ConnectionMemory target;
                const auto keys = numbers(count);
                const auto map = target.make_map(format, keys, value);
                INFO(count << " entries with values of " << value << " bytes");
                CHECK(keys_of(target.access(), format, map, value) ==
                      std::multiset<std::uint64_t>(keys.begin(), keys.end()));
                CHECK(map_length(target.access(), map) == count);
            }
}

TEST_CASE("while a map of buckets grows, its old array holds what has not moved") {
    ConnectionMemory target;
    const auto map = target.make_map(MapFormat::buckets, {1, 2});
    const std::uint64_t old_array = target.allocate(80);
    target.put(old_array, std::uint8_t{0x90});  // still there
    target.put(old_array + 1, std::uint8_t{2}); // moved
    target.put(old_array + 8, std::uint64_t{3});
    target.put(old_array + 16, std::uint64_t{4});
    target.put(map + 24, old_array);
    CHECK(keys_of(target.access(), MapFormat::buckets, map, 0) ==
          std::multiset<std::uint64_t>{1, 2, 3});
}

TEST_CASE("what is no map is not walked") {
    ConnectionMemory target;
    WalkBudget budget;
    const auto ignore = [](std::span<const std::byte>, std::span<const std::byte>) {};
    for (const auto format : {MapFormat::buckets, MapFormat::groups}) {
        CHECK(for_each_entry(target.access(), format, 0, {8, 0}, budget, ignore) == 0);
        CHECK_FALSE(for_each_entry(target.access(), format, 0x1234, {8, 0}, budget, ignore));
        const std::uint64_t nonsense = target.allocate(48);
        for (std::uint64_t at = 0; at < 48; at += 8)
            target.put(nonsense + at, ~std::uint64_t{0});
        CHECK_FALSE(for_each_entry(target.access(), format, nonsense, {8, 0}, budget, ignore));
    }
    CHECK(map_length(target.access(), 0) == 0);
    CHECK_FALSE(map_length(target.access(), 0x1234));
}

TEST_CASE("a chain of buckets that bites its tail ends") {
    ConnectionMemory target;
    const auto map = target.make_map(MapFormat::buckets, {1});
    const auto array = target.access().value<std::uint64_t>(map + 16);
    REQUIRE(array);
    target.put(*array + 72, *array);
    CHECK(keys_of(target.access(), MapFormat::buckets, map, 0).size() < 100);
}
