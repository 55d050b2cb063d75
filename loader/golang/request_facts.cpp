// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/request_facts.h"

#include "loader/golang/connections/memory/go_map.h"

#include <initializer_list>

namespace holter::golang {

namespace {

std::uint16_t as_field(std::optional<std::uint64_t> offset) {
    return offset && *offset < HOLTER_NO_FIELD ? static_cast<std::uint16_t>(*offset)
                                               : std::uint16_t{HOLTER_NO_FIELD};
}

std::uint16_t field(const Offsets& offsets, std::initializer_list<std::string_view> names) {
    return as_field(offsets.field(names));
}

std::uint16_t map_format_of(const Binary& binary) {
    return map_format(binary.version, binary.build_info.version) == MapFormat::buckets
               ? HOLTER_MAP_BUCKETS
               : HOLTER_MAP_GROUPS;
}

} // namespace

holter_http_target http_facts(const Binary& binary) {
    const Offsets& go = binary.offsets;
    const Offsets& module = binary.module_offsets("golang.org/x/net");
    holter_http_target target{};
    target.response_conn = field(go, {"net/http.response.conn"});
    target.response_status = field(go, {"net/http.response.status"});
    target.response_wrote_header = field(go, {"net/http.response.wroteHeader"});
    target.conn_hijacked = field(go, {"net/http.conn.hijackedv"});
    target.request_method = field(go, {"net/http.Request.Method"});
    target.request_url = field(go, {"net/http.Request.URL"});
    target.request_pattern = field(go, {"net/http.Request.Pattern"});
    target.request_pat = field(go, {"net/http.Request.pat"});
    target.pattern_text = field(go, {"net/http.pattern.str"});
    target.url_host = field(go, {"net/url.URL.Host"});
    target.url_path = field(go, {"net/url.URL.Path"});
    target.request_header = field(go, {"net/http.Request.Header"});
    target.request_context = field(go, {"net/http.Request.ctx"});
    target.context_cause = field(go, {"context.cancelCtx.cause"});
    target.reader_connection = field(go, {"net/http.connReader.conn"});
    target.conn_response = field(go, {"net/http.conn.curReq"});
    target.response_request = field(go, {"net/http.response.req"});
    target.stream_request_method = field(go, {"net/http/internal/http2.ServerRequest.Method"});
    target.stream_request_url = field(go, {"net/http/internal/http2.ServerRequest.URL"});
    target.stream_request_header = field(go, {"net/http/internal/http2.ServerRequest.Header"});
    target.map_format = map_format_of(binary);
    target.answer_status = field(go, {"net/http.Response.StatusCode"});
    target.stream_answer_status = field(go, {"net/http/internal/http2.ClientResponse.StatusCode"});
    target.stream_status = field(go, {"net/http/internal/http2.responseWriterState.status",
                                      "net/http.http2responseWriterState.status"});
    target.module_stream_status =
        field(module, {"golang.org/x/net/http2.responseWriterState.status"});
    const auto of_router = [&](const char* router, std::initializer_list<std::string_view> names) {
        return field(binary.module_offsets(router), names);
    };
    target.gin_pattern =
        of_router("github.com/gin-gonic/gin", {"github.com/gin-gonic/gin.Context.fullPath"});
    target.echo_pattern =
        of_router("github.com/labstack/echo/v4", {"github.com/labstack/echo/v4.context.path"});
    target.chi_patterns =
        of_router("github.com/go-chi/chi/v5", {"github.com/go-chi/chi/v5.Context.RoutePatterns"});
    target.gorilla_path =
        of_router("github.com/gorilla/mux", {"github.com/gorilla/mux.Route.routeConf.regexp.path"});
    target.gorilla_pattern =
        of_router("github.com/gorilla/mux", {"github.com/gorilla/mux.routeRegexp.template"});
    return target;
}

holter_grpc_target grpc_facts(const Binary& binary, std::uint64_t load_bias) {
    const Offsets& grpc = binary.module_offsets("google.golang.org/grpc");
    constexpr const char* pointed_to =
        "google.golang.org/grpc/internal/transport.ServerStream.Stream";
    holter_grpc_target target{};
    // Stream was all there was; then ServerStream pointed to one; now it has one inside.
    const auto embedded =
        grpc.field("google.golang.org/grpc/internal/transport.ServerStream.Stream.method");
    target.inner_stream =
        embedded ? std::uint16_t{HOLTER_NO_FIELD} : as_field(grpc.field(pointed_to));
    target.stream_method =
        embedded ? as_field(embedded)
                 : field(grpc, {"google.golang.org/grpc/internal/transport.Stream.method"});
    target.stream_context =
        field(grpc, {"google.golang.org/grpc/internal/transport.ServerStream.Stream.ctx",
                     "google.golang.org/grpc/internal/transport.Stream.ctx"});
    target.map_format = map_format_of(binary);
    target.status_message = field(grpc, {"google.golang.org/grpc/internal/status.Status.s"});
    target.message_code =
        field(grpc, {"google.golang.org/genproto/googleapis/rpc/status.Status.Code"});
    target.error_status = field(grpc, {"google.golang.org/grpc/internal/status.Error.s"});
    target.call_header = field(grpc, {"google.golang.org/grpc.clientStream.callHdr"});
    target.header_method =
        field(grpc, {"google.golang.org/grpc/internal/transport.CallHdr.Method"});
    target.attempt_stream = field(grpc, {"google.golang.org/grpc.csAttempt.cs"});
    if (binary.functions)
        if (const Function* served =
                binary.functions->find("google.golang.org/grpc.(*Server).handleStream")) {
            target.handle_stream = served->address + load_bias;
            target.handle_stream_end = target.handle_stream + served->size;
        }
    return target;
}

} // namespace holter::golang
