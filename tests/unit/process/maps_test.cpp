// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/maps.h"

#include "catch.h"

#include <string>
#include <vector>

namespace holter::process {
namespace {

TEST_CASE("maps: a file's mapping") {
    const auto mapping = parse_mapping(
        "55d0c0a02000-55d0c0a04000 r-xp 00002000 fe:01 1234                       /opt/my app");
    REQUIRE(mapping);
    CHECK(mapping->start == 0x55d0c0a02000);
    CHECK(mapping->end == 0x55d0c0a04000);
    CHECK(mapping->offset == 0x2000);
    CHECK(mapping->readable);
    CHECK_FALSE(mapping->writable);
    CHECK(mapping->executable);
    CHECK(mapping->inode == 1234);
    CHECK(mapping->path == "/opt/my app");
}

TEST_CASE("maps: anonymous memory") {
    const auto mapping = parse_mapping("c000000000-c000400000 rw-p 00000000 00:00 0 ");
    REQUIRE(mapping);
    CHECK(mapping->writable);
    CHECK(mapping->inode == 0);
    CHECK(mapping->path.empty());
}

TEST_CASE("maps: what the kernel does not write is refused") {
    for (const std::string line :
         {"", "-", "1000", "1000-2000", "1000-2000 ", "1000-2000 r-xp", "1000-2000 r-xp 0",
          "1000-2000 r-xp 0 fe:01", "1000-2000 r-xp 0 fe:01 ", "1000-2000 r-xp 0 fe01 5",
          "2000-1000 r-xp 0 fe:01 5", "1000-1000 r-xp 0 fe:01 5", "1000-2000 r-xpp0 fe:01 5",
          "10000000000000000-20000000000000000 r-xp 0 fe:01 5"}) {
        INFO(line);
        CHECK_FALSE(parse_mapping(line));
    }
}

TEST_CASE("maps: visits in order, skips nonsense and stops when told") {
    const std::string content =
        "1000-2000 r-xp 0 fe:01 5 /a\nnonsense\n3000-4000 r--p 0 fe:01 6 /b\n"
        "5000-6000 r--p 0 fe:01 7 /c";
    std::vector<std::string> paths;
    for_each_mapping(content, [&](const Mapping& mapping) {
        paths.emplace_back(mapping.path);
        return true;
    });
    CHECK(paths == std::vector<std::string>{"/a", "/b", "/c"});

    paths.clear();
    for_each_mapping(content, [&](const Mapping& mapping) {
        paths.emplace_back(mapping.path);
        return false;
    });
    CHECK(paths == std::vector<std::string>{"/a"});
}

} // namespace
} // namespace holter::process
