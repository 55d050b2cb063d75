// SPDX-License-Identifier: Apache-2.0
//
// From what a request carried to the values of its labels. The texts come from clients of
// traced programs, so none of them may decide how many series there are: a path loses what
// looks like an identifier, and everything that is not what it should be becomes `_OTHER`,
// OpenTelemetry's word for that.
#pragma once

#include "bpf/events.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holter::aggregator {

inline constexpr std::string_view other_label = "_OTHER";

/// `pkg.Service/Method` of "/pkg.Service/Method"; `_OTHER` for what is no such name.
std::string rpc_method_label(std::string_view text);

/// `/items/{id}` of ServeMux's "GET example.com/items/{id}"; patterns of other routers as they are.
std::string route_of_pattern(std::string_view pattern);

/// `/users/{id}` of "/users/*" and "/{id}", the pieces of a pattern one after the other: what chi
/// makes of them.
std::string route_of_pieces(std::string_view joined);

/// A path with `{id}` for each segment that looks like an identifier (numbers, UUIDs, hashes,
/// long or odd ones) and `*` for all segments beyond the fourth: `/users/{id}/orders`.
std::string route_of_path(std::string_view path);

/// The host without its port; `_OTHER` for what cannot be a host.
std::string host_label(std::string_view host);

/// How many methods method_index() tells apart, `_OTHER` included.
inline constexpr std::size_t http_methods = 10;

/// Position of a method in a fixed list. An empty one is a client's GET.
std::size_t method_index(const char (&method)[HOLTER_REQUEST_METHOD]);
std::string_view method_name(std::size_t index);

/// `NOT_FOUND` of 5; `_OTHER` for what is no code.
std::string_view grpc_code_name(std::uint16_t code);

/// `error_type`, by OpenTelemetry's rules; empty when the request did not fail.
std::string error_type(const holter_request_facts& facts);

} // namespace holter::aggregator
