// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/listen_address.h"

#include "exporter/http/wrong_option.h"

#include <charconv>
#include <stdexcept>

namespace holter::exporter {

ListenAddress parse_listen_address(std::string_view text) {
    const auto wrong = [&](const char* what) {
        return WrongOption("listen address \"" + std::string(text) + "\": " + what +
                           "; write :9466, 127.0.0.1:9466 or [::1]:9466");
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos)
        throw wrong("there is no port");

    ListenAddress address;
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (port.empty() || error != std::errc() || end != port.data() + port.size())
        throw wrong("the port is not a number from 0 to 65535");

    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']') && host.size() > 2)
        host = host.substr(1, host.size() - 2);
    else if (host.find_first_of("[]:") != std::string_view::npos)
        throw wrong("an IPv6 address stands in brackets");
    address.host = host;
    return address;
}

} // namespace holter::exporter
