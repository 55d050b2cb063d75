// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/kernel_facts.h"

#include "bpf/events.h"
#include "loader/golang/request_facts.h"

#include <cstring>

namespace holter::golang {

namespace {

template <typename Element> KernelFact fact(const char* map, const Element& element) {
    KernelFact fact{map, std::vector<std::byte>(sizeof(element))};
    std::memcpy(fact.element.data(), &element, sizeof(element));
    return fact;
}

KernelFact gc_account(const Binary& binary, const RuntimeVariables& variables) {
    const auto in_memstats = [&](const char* field) -> std::uint64_t {
        const auto offset = binary.offsets.field(field);
        return variables.memstats && offset ? *variables.memstats + *offset : 0;
    };
    holter_go_gc_target target{};
    target.numgc_address = in_memstats("runtime.mstats.numgc");
    target.pause_total_address = in_memstats("runtime.mstats.pause_total_ns");
    if (const auto offset = binary.offsets.field("runtime.m.preemptoff"))
        target.preemptoff_offset = static_cast<std::uint32_t>(*offset);
    return fact("go_gc_targets", target);
}

KernelFact wrapping_types(const Binary& binary, std::uint64_t load_bias) {
    holter_go_error_target target{};
    if (binary.functions && binary.functions->module_data) {
        const std::uint64_t types = binary.functions->module_data->types;
        target.types = types + load_bias;
        for (const ErrorLink& link : binary.error_links)
            target.links[target.count++] = {static_cast<std::uint32_t>(link.type - types),
                                            static_cast<std::uint16_t>(link.offset),
                                            link.slice ? std::uint16_t{HOLTER_GO_LINK_ERRORS}
                                                       : std::uint16_t{HOLTER_GO_LINK_ERROR}};
    }
    return fact("go_error_targets", target);
}

/// An offset as the kernel side wants it.
std::uint16_t small(std::optional<std::uint64_t> offset) {
    return offset && *offset < HOLTER_GO_NO_FIELD ? static_cast<std::uint16_t>(*offset)
                                                  : std::uint16_t{HOLTER_GO_NO_FIELD};
}

KernelFact connection_fields(const Binary& binary) {
    const Offsets& go = binary.offsets;
    const Offsets& grpc = binary.module_offsets("google.golang.org/grpc");
    holter_go_connection_target target{};
    target.conn_server = small(go.field("net/http.conn.server"));
    target.conn_net_conn = small(go.field("net/http.conn.rwc"));
    target.http2_server_net_conn = small(
        go.field({"net/http.http2serverConn.conn", "net/http/internal/http2.serverConn.conn"}));
    target.http2_client_net_conn = small(
        go.field({"net/http.http2ClientConn.tconn", "net/http/internal/http2.ClientConn.tconn"}));
    target.persist_transport = small(go.field("net/http.persistConn.t"));
    target.persist_address = small(go.field("net/http.persistConn.cacheKey.addr"));
    target.persist_alternative = small(go.field("net/http.persistConn.alt"));
    target.persist_closed = small(go.field("net/http.persistConn.closed"));
    target.want_address = small(go.field("net/http.wantConn.key.addr"));
    target.want_done = small(go.field("net/http.wantConn.done"));
    target.want_connection = small(go.field("net/http.wantConn.pc"));
    target.want_error = small(go.field("net/http.wantConn.err"));
    target.read_loop_conn = small(go.field(
        {"net/http.http2clientConnReadLoop.cc", "net/http/internal/http2.clientConnReadLoop.cc"}));
    target.channel_manager = small(grpc.field("google.golang.org/grpc.ClientConn.csMgr"));
    target.manager_state =
        small(grpc.field("google.golang.org/grpc.connectivityStateManager.state"));
    target.server_state =
        small(grpc.field("google.golang.org/grpc/internal/transport.http2Server.state"));
    return fact("go_connection_targets", target);
}

} // namespace

std::vector<KernelFact> kernel_facts(const Binary& binary, const RuntimeVariables& variables,
                                     std::uint64_t load_bias) {
    return {gc_account(binary, variables), wrapping_types(binary, load_bias),
            connection_fields(binary), fact("http_targets", http_facts(binary)),
            fact("grpc_targets", grpc_facts(binary, load_bias))};
}

} // namespace holter::golang
