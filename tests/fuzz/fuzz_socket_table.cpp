// SPDX-License-Identifier: Apache-2.0
//
// The kernel's tables of sockets. Paths of Unix sockets are whatever a program has chosen.
#include "loader/process/procfs/socket_table.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    holter::process::SocketTable sockets;
    sockets.add_tcp(text);
    const auto way = sockets.way_of(1);
    if (way.inbound && way.outbound && sockets.way_of(0).inbound != sockets.way_of(0).outbound)
        std::abort(); // 0 is no socket
    sockets.add_udp(text);
    sockets.add_unix(text);
    const auto also = sockets.way_of(1);
    if ((also.inbound && !way.inbound) || (also.outbound && !way.outbound))
        std::abort(); // what has no peer in one table has none
    return 0;
}
