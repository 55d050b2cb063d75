// SPDX-License-Identifier: Apache-2.0
//
// From the text of an error of Go's libraries to one of a few words. The texts are constants of
// the libraries that have not changed since Go 1.17; what they do not say is `other`, so that no
// text of a target ever becomes a label.
#pragma once

#include <cstdint>
#include <string_view>

namespace holter::aggregator {

/// Why net/http's client closed a connection.
struct CloseReason {
    std::string_view name;
    bool rejected = false; ///< it was healthy, and the pool did not take it
};

CloseReason http_close_reason(std::string_view error);

/// Why grpc-go's server closed a connection; `unknown` without a text.
std::string_view grpc_close_reason(std::string_view error);

/// Name of an HTTP/2 error code as RFC 9113 has it, in lower case.
std::string_view http2_error_name(std::uint32_t code);

} // namespace holter::aggregator
