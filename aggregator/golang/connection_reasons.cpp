// SPDX-License-Identifier: Apache-2.0
#include "aggregator/golang/connection_reasons.h"

#include <array>

namespace holter::aggregator {

namespace {

struct HttpText {
    std::string_view start;
    CloseReason reason;
};

// The first that the text begins with: longer ones before their beginnings.
constexpr HttpText http_texts[] = {
    {"http: putIdleConn: too many idle connections for host", {"per_host_limit", true}},
    {"http: putIdleConn: too many idle connections", {"total_limit", true}},
    {"http: putIdleConn: keep alives disabled", {"keep_alives_disabled", true}},
    {"http: putIdleConn: CloseIdleConnections was called", {"closed", true}},
    {"http: putIdleConn: connection is in bad state", {"broken", false}},
    {"http: CloseIdleConnections called", {"close_idle_connections", false}},
    {"http: idle connection timeout", {"idle_timeout", false}},
    {"http: server closed idle connection", {"server_closed", false}},
    {"http: persistConn.readLoop exiting", {"not_reusable", false}},
    {"net/http: response body closed early", {"not_reusable", false}},
    {"read loop ending; caller owns writable underlying conn", {"upgraded", false}},
    {"net/http: request canceled", {"canceled", false}},
    {"context canceled", {"canceled", false}},
    {"net/http: timeout awaiting response headers", {"timeout", false}},
    {"context deadline exceeded", {"timeout", false}},
    {"net/http: HTTP/1.x transport connection broken", {"broken", false}},
    {"readLoopPeekFailLocked", {"broken", false}},
    {"write error", {"broken", false}},
    {"unexpected EOF", {"broken", false}},
    {"EOF", {"server_closed", false}},
    {"read", {"broken", false}}, // *net.OpError
    {"write", {"broken", false}},
};

struct GrpcText {
    std::string_view start;
    std::string_view reason;
};

constexpr GrpcText grpc_texts[] = {
    {"EOF", "client_closed"},
    {"unexpected EOF", "client_closed"},
    {"Server.Stop called", "server_stopped"},
    {"Server.addConn called when server has already been stopped", "server_stopped"},
    {"keepalive ping not acked", "keepalive_timeout"},
    {"finished serving streams", "finished"},
    {"transport: http2Server.HandleStreams received bogus greeting", "protocol_error"},
    {"read", "broken"}, // *net.OpError
    {"write", "broken"},
};

constexpr std::array<std::string_view, 14> http2_errors = {
    "no_error",
    "protocol_error",
    "internal_error",
    "flow_control_error",
    "settings_timeout",
    "stream_closed",
    "frame_size_error",
    "refused_stream",
    "cancel",
    "compression_error",
    "connect_error",
    "enhance_your_calm",
    "inadequate_security",
    "http_1_1_required",
};

} // namespace

CloseReason http_close_reason(std::string_view error) {
    for (const HttpText& text : http_texts)
        if (error.starts_with(text.start))
            return text.reason;
    return {"other", false};
}

std::string_view grpc_close_reason(std::string_view error) {
    if (error.empty())
        return "unknown";
    for (const GrpcText& text : grpc_texts)
        if (error.starts_with(text.start))
            return text.reason;
    return "other";
}

std::string_view http2_error_name(std::uint32_t code) {
    return code < http2_errors.size() ? http2_errors[code] : "other";
}

} // namespace holter::aggregator
