// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/stat.h"

#include "catch.h"

#include <string>

namespace holter::process {
namespace {

const std::string rest = " S 1 42 42 34816 -1 4194560 10 0 0 0 250 50 0 0 20 -5 3 0 987654 8192 7 "
                         "18446744073709551615 1 1 140720000000000 0 0 0";

TEST_CASE("stat: the fields that are kept") {
    const auto stat = parse_stat("42 (bash)" + rest);
    REQUIRE(stat);
    CHECK(stat->flags == 4194560);
    CHECK(stat->user_ticks == 250);
    CHECK(stat->system_ticks == 50);
    CHECK(stat->threads == 3);
    CHECK(stat->start_time == 987654);
    CHECK(stat->virtual_bytes == 8192);
    CHECK(stat->resident_pages == 7);
    CHECK(stat->image == 140720000000000);
}

TEST_CASE("stat: the name cannot forge fields") {
    for (const std::string name : {"a) (b", ") S 1 1 1 1 1 1 1 1", "", "a\nb", "((", "))"}) {
        const auto stat = parse_stat("42 (" + name + ")" + rest);
        REQUIRE(stat);
        CHECK(stat->start_time == 987654);
    }
}

TEST_CASE("stat: what the kernel does not write is refused") {
    for (const std::string line :
         {"", "42", "42 (x", "42 (x)", "42 (x) ", "42 (x) S", "42 (x) S 1 2 3", "42 (x)S 1 2"}) {
        CHECK_FALSE(parse_stat(line));
    }
    std::string bad = "42 (x)" + rest;
    bad.replace(bad.find("987654"), 6, "98x654");
    CHECK_FALSE(parse_stat(bad));
    bad.replace(bad.find("98x654"), 6, "99999999999999999999");
    CHECK_FALSE(parse_stat(bad));
}

TEST_CASE("stat: dead is when nothing is left but an exiting main thread") {
    constexpr std::uint32_t exiting = 4;
    Stat stat;
    stat.threads = 1;
    CHECK_FALSE(stat.dead());
    stat.flags = exiting;
    CHECK(stat.dead());
    stat.threads = 2; // the main thread ended first
    CHECK_FALSE(stat.dead());
}

TEST_CASE("stat: kernel threads are known by their flag") {
    Stat stat;
    CHECK_FALSE(stat.kernel_thread());
    stat.flags = 0x00208040;
    CHECK(stat.kernel_thread());
}

} // namespace
} // namespace holter::process
