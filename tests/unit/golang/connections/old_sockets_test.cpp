// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/sockets/old_sockets.h"

#include "catch.h"

#include <map>
#include <optional>

using namespace holter;
using golang::OldSockets;

TEST_CASE("old sockets: until each was seen or is closed, some may be missing") {
    std::map<std::uint64_t, std::uint64_t> open = {{3, 103}, {4, 104}, {5, 105}};
    const golang::SocketOf socket_of = [&](std::uint64_t number) -> std::optional<std::uint64_t> {
        const auto found = open.find(number);
        return found == open.end() ? std::nullopt : std::optional(found->second);
    };
    OldSockets old({{3, 103, {true, false}}, {4, 104, {false, true}}, {5, 105, {true, true}}});
    CHECK(old.any_inbound());
    CHECK(old.any_outbound());
    old.see(103);
    old.see(999);
    CHECK(old.any_inbound()); // nobody knows which way the third went
    old.forget_closed(socket_of);
    CHECK(old.any_inbound());
    open[5] = 205; // another socket has its number
    old.forget_closed(socket_of);
    CHECK_FALSE(old.any_inbound());
    CHECK(old.any_outbound());
    open.erase(4);
    old.forget_closed(socket_of);
    CHECK_FALSE(old.any_outbound());
}
