// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/socket_table.h"

#include "catch.h"

namespace holter::process {
namespace {

constexpr const char* tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
                            "retrnsmt   uid  timeout inode\n"
                            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 "
                            "00000000     0        0 100 1 "
                            "000000007f367c00 100 0 0 10 0\n"
                            "   1: 0100007F:1F90 0100007F:DB3D 01 00000000:00000000 00:00000000 "
                            "00000000     0        0 101 1 "
                            "00000000d445959a 20 4 30 10 -1\n"
                            "   2: 0100007F:DB3D 0100007F:1F90 01 00000000:00000000 00:00000000 "
                            "00000000     0        0 102 1 "
                            "00000000d445959a 20 4 30 10 -1\n"
                            "   3: 0100007F:1F90 0100007F:DB3F 06 00000000:00000000 03:00000F4A "
                            "00000000     0        0 0 3 "
                            "0000000041d47c8f\n";

bool is(const PeerWay& way, bool inbound, bool outbound) {
    return way.inbound == inbound && way.outbound == outbound;
}

TEST_CASE("socket table: who came to whom") {
    SocketTable sockets;
    sockets.add_tcp(tcp);
    CHECK(is(sockets.way_of(100), false, false)); // listens
    CHECK(is(sockets.way_of(101), true, false));
    CHECK(is(sockets.way_of(102), false, true));
    CHECK(is(sockets.way_of(0), true, true)); // of nobody: not remembered
    CHECK(is(sockets.way_of(103), true, true));
}

TEST_CASE("socket table: other protocols") {
    SocketTable sockets;
    sockets.add_udp("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt  "
                    " uid  timeout inode "
                    "ref pointer drops\n"
                    "  417: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000  "
                    "   0        0 200 2 "
                    "000000002a3b5a5e 0\n");
    sockets.add_unix("Num       RefCount Protocol Flags    Type St Inode Path\n"
                     "000000007d4a4e37: 00000003 00000000 00000000 0001 03  300\n"
                     "000000007d4a4e38: 00000002 00000000 00010000 0001 01  301 /run/a.sock\n"
                     "000000007d4a4e39: 00000002 00000000 00000000 0002 01  302 @x\n"
                     "000000007d4a4e3a: 00000003 00000000 00000000 0005 03  303 /run/a.sock\n");
    CHECK(is(sockets.way_of(200), false, false));
    CHECK(is(sockets.way_of(300), true, true));
    CHECK(is(sockets.way_of(301), false, false));
    CHECK(is(sockets.way_of(302), false, false));
    sockets.add_netlink(
        "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
        "0000000000000000 0   4194304    00000550 0        0        0     2        0        400    "
        " \n"
        "broken\n");
    CHECK(is(sockets.way_of(400), false, false));
    CHECK(is(sockets.way_of(0), true, true));
    CHECK(is(sockets.way_of(303), true, true));
}

TEST_CASE("socket table: what is no table says nothing") {
    for (const char* text : {"", "\n", ":", "a b c d e f g h i j", "0: :: x 0A 0 0 0 0 0 1",
                             "   0: 0100007F:1F90 00000000:0000 0A"}) {
        SocketTable sockets;
        sockets.add_tcp(text);
        sockets.add_udp(text);
        sockets.add_unix(text);
        CHECK(is(sockets.way_of(1), true, true));
    }
}

} // namespace
} // namespace holter::process
