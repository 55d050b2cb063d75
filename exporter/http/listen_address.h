// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holter::exporter {

struct ListenAddress {
    std::string host; ///< without brackets; empty: all addresses
    std::uint16_t port = 0;
};

/// Reads `:9466`, `127.0.0.1:9466`, `localhost:9466` or `[::1]:9466`. Throws WrongOption
/// with one line that says what is wrong.
ListenAddress parse_listen_address(std::string_view text);

} // namespace holter::exporter
