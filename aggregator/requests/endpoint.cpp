// SPDX-License-Identifier: Apache-2.0
#include "aggregator/requests/endpoint.h"

#include "aggregator/series/labels.h"

#include <algorithm>
#include <array>

namespace holter::aggregator {

namespace {

constexpr std::size_t longest_segment = 40;
constexpr std::size_t shortest_hash = 8;
constexpr std::size_t longest_word_with_digits = 15;
constexpr std::size_t most_segments = 4;

constexpr std::array<std::string_view, http_methods> methods = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", other_label};

constexpr std::array<std::string_view, 17> codes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

/// The codes that OpenTelemetry takes for the server's fault.
bool is_server_error(std::uint16_t code) {
    constexpr std::array<std::string_view, 6> faults = {
        "UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"};
    const std::string_view name = grpc_code_name(code);
    return std::find(faults.begin(), faults.end(), name) != faults.end();
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_printable(char c) {
    return c > ' ' && c < 0x7f;
}

bool looks_like_identifier(std::string_view segment) {
    if (segment.size() > longest_segment)
        return true;
    const auto digits =
        static_cast<std::size_t>(std::count_if(segment.begin(), segment.end(), is_digit));
    const bool odd = std::any_of(segment.begin(), segment.end(), [](char c) {
        return !is_letter(c) && !is_digit(c) && c != '-' && c != '_' && c != '.' && c != '~';
    });
    if (odd || (digits > 0 && digits == segment.size()))
        return true;
    if (digits == 0)
        return false;
    const bool hex =
        std::all_of(segment.begin(), segment.end(), [](char c) { return is_hex(c) || c == '-'; });
    return (hex && segment.size() >= shortest_hash) || segment.size() > longest_word_with_digits ||
           digits * 2 > segment.size();
}

} // namespace

std::string rpc_method_label(std::string_view text) {
    if (text.size() < 2 || text[0] != '/' || text.size() > longest_label ||
        !std::all_of(text.begin(), text.end(), is_printable) ||
        text.find('/', 1) == std::string_view::npos)
        return std::string(other_label);
    return std::string(text.substr(1));
}

std::string route_of_pattern(std::string_view pattern) {
    if (const auto space = pattern.find_last_of(" \t");
        space != std::string_view::npos && pattern.find('/') > space)
        pattern.remove_prefix(space + 1);
    if (const auto slash = pattern.find('/'); slash != std::string_view::npos)
        pattern.remove_prefix(slash);
    return clean_label(pattern);
}

std::string route_of_pieces(std::string_view joined) {
    constexpr std::string_view inner = "/*/"; // where a router lies inside another
    std::string route(joined);
    for (auto at = route.find(inner); at != route.npos; at = route.find(inner, at))
        route.erase(at, inner.size() - 1);
    for (int slashes = 0; slashes < 2 && route.size() > 1 && route.back() == '/'; ++slashes)
        route.pop_back();
    return clean_label(route);
}

std::string route_of_path(std::string_view path) {
    if (path.empty() || path[0] != '/')
        return std::string(other_label);
    std::string route;
    std::size_t segments = 0;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        route += '/';
        if (segments++ == most_segments) {
            route += '*';
            break;
        }
        const std::string_view segment = path.substr(0, end);
        route += looks_like_identifier(segment) ? std::string_view("{id}") : segment;
        path.remove_prefix(end);
    }
    return route;
}

std::string host_label(std::string_view host) {
    if (const auto colon = host.rfind(':');
        colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
        host = host.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    const bool plausible =
        !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), is_printable);
    return std::string(plausible ? host : other_label);
}

std::size_t method_index(const char (&method)[HOLTER_REQUEST_METHOD]) {
    std::string_view name(method, HOLTER_REQUEST_METHOD);
    name = name.substr(0, name.find('\0'));
    if (name.empty())
        return 0;
    const auto found = std::find(methods.begin(), methods.end() - 1, name);
    return static_cast<std::size_t>(found - methods.begin());
}

std::string_view method_name(std::size_t index) {
    return methods.at(index);
}

std::string_view grpc_code_name(std::uint16_t code) {
    return code < codes.size() ? codes[code] : other_label;
}

std::string error_type(const holter_request_facts& facts) {
    switch (facts.kind) {
    case HOLTER_GRPC_SERVER:
        return is_server_error(facts.status) ? std::string(grpc_code_name(facts.status)) : "";
    case HOLTER_GRPC_CLIENT:
        return facts.status != 0 ? std::string(grpc_code_name(facts.status)) : "";
    default:
        break;
    }
    if (facts.flags & HOLTER_REQUEST_PANICKED)
        return "panic";
    if (facts.flags & HOLTER_REQUEST_FAILED)
        return std::string(other_label);
    const std::uint16_t first_error = facts.kind == HOLTER_HTTP_SERVER ? 500 : 400;
    return facts.status >= first_error ? std::to_string(facts.status) : "";
}

} // namespace holter::aggregator
