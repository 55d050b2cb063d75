// SPDX-License-Identifier: Apache-2.0
#include "loader/process/executable_cache.h"

#include "catch.h"

#include <string>

namespace holter::process {
namespace {

FileIdentity file(std::uint64_t inode) {
    return {1, inode, 2, 3};
}

TEST_CASE("executable cache: forgets the least recently used") {
    ExecutableCache<std::string> cache(2);
    cache.put(file(1), "one");
    cache.put(file(2), "two");
    REQUIRE(cache.find(file(1)) != nullptr); // used: now 2 is the oldest
    cache.put(file(3), "three");
    CHECK(cache.size() == 2);
    CHECK(cache.find(file(2)) == nullptr);
    CHECK(*cache.find(file(1)) == "one");
    CHECK(*cache.find(file(3)) == "three");
}

TEST_CASE("executable cache: another content is another file") {
    ExecutableCache<int> cache(8);
    cache.put({1, 2, 3, 4}, 5);
    CHECK(cache.find({9, 2, 3, 4}) == nullptr);
    CHECK(cache.find({1, 9, 3, 4}) == nullptr);
    CHECK(cache.find({1, 2, 9, 4}) == nullptr);
    CHECK(cache.find({1, 2, 3, 9}) == nullptr);
    CHECK(*cache.find({1, 2, 3, 4}) == 5);
}

TEST_CASE("executable cache: replaces and erases") {
    ExecutableCache<int> cache(1);
    cache.put(file(1), 1);
    CHECK(cache.put(file(1), 2) == 2);
    CHECK(cache.size() == 1);
    CHECK(*cache.find(file(1)) == 2);
    cache.erase(file(1));
    cache.erase(file(1));
    CHECK(cache.find(file(1)) == nullptr);
    CHECK(cache.size() == 0);
}

} // namespace
} // namespace holter::process
