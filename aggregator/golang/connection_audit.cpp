// SPDX-License-Identifier: Apache-2.0
#include "aggregator/golang/connection_audit.h"

#include <cstdlib>

namespace holter::aggregator {

namespace {

constexpr std::uint64_t settling_ns = 1'000'000'000;

} // namespace

void ConnectionAudit::on_reading(const GoConnectionReading& reading, std::uint64_t waits,
                                 std::uint64_t now_ns) {
    for (const auto& kind : reading.kinds)
        on_sockets(kind);
    if (reading.sql)
        on_waits({waits, reading.sql->waits, reading.sql->estranged, now_ns});
}

void ConnectionAudit::on_sockets(const GoConnectionReading::Kind& kind) {
    const std::array<std::pair<std::string_view, AuditCount*>, 3> signals = {{
        {"http_server", &counts_.http_server_sockets},
        {"http_client", &counts_.http_client_sockets},
        {"grpc_server", &counts_.grpc_server_sockets},
    }};
    for (std::size_t i = 0; i < signals.size(); ++i) {
        const auto& [name, count] = signals[i];
        AuditCount& last = sockets_[i];
        if (kind.name != name || kind.socket_checks < last.checks ||
            kind.socket_mismatches < last.mismatches)
            continue;
        count->checks += kind.socket_checks - last.checks;
        count->mismatches += kind.socket_mismatches - last.mismatches;
        last = {kind.socket_checks, kind.socket_mismatches};
    }
}

void ConnectionAudit::on_waits(const Waits& now) {
    const bool same = waits_ && waits_->ours == now.ours && waits_->theirs == now.theirs &&
                      waits_->estranged == now.estranged;
    if (!same) {
        waits_ = now;
        return;
    }
    if (now.since_ns - waits_->since_ns < settling_ns)
        return;
    waits_->since_ns = now.since_ns;
    const auto difference = static_cast<std::int64_t>(now.theirs - now.ours);
    if (estranged_ == now.estranged) {
        ++counts_.sql_waits.checks;
        counts_.sql_waits.mismatches +=
            static_cast<std::uint64_t>(std::abs(difference - accepted_));
    }
    estranged_ = now.estranged;
    accepted_ = difference;
}

} // namespace holter::aggregator
