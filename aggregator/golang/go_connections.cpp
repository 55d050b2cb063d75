// SPDX-License-Identifier: Apache-2.0
#include "aggregator/golang/go_connections.h"

#include "aggregator/golang/connection_reasons.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace holter::aggregator {

namespace {

using Values = std::map<std::vector<std::string>, double>;

constexpr std::array<const char*, HOLTER_GO_DIAL_RESULTS> dial_results = {"ok", "failed", "unused"};
constexpr std::array<const char*, HOLTER_GO_GRPC_STATES> grpc_states = {
    "idle", "connecting", "ready", "transient_failure", "shutdown"};
const std::string other = "other";

/// OpenTelemetry's advice for db.client.connection.wait_time, and two finer ones: in ns.
const Bounds& wait_bounds() {
    static const Bounds bounds =
        std::make_shared<const std::vector<std::uint64_t>>(std::vector<std::uint64_t>{
            100'000, 500'000, 1'000'000, 5'000'000, 10'000'000, 50'000'000, 100'000'000,
            500'000'000, 1'000'000'000, 5'000'000'000, 10'000'000'000});
    return bounds;
}

std::string_view text_of(const holter_go_text& text) {
    return {text.bytes, std::min<std::size_t>(text.length, sizeof(text.bytes))};
}

/// The host of `host:port`, `[address]:port`, `host` or an address.
std::string_view host_of(std::string_view address) {
    const auto colon = address.rfind(':');
    if (address.starts_with('['))
        return address.substr(1, address.find(']') - 1);
    const bool has_port = colon != address.npos && address.find(':') == colon;
    return has_port ? address.substr(0, colon) : address;
}

template <typename Number> double number(const Number& value) {
    return static_cast<double>(value);
}

} // namespace

GoConnectionTables::GoConnectionTables(std::size_t limit)
    : http_server(Family::http_server_connections, Combine::sum, limit),
      http_client(Family::http_client_connections, Combine::sum, limit),
      dials(Family::http_client_dials, limit), rejected(Family::http_client_rejected, limit),
      closed(Family::http_client_closed, limit),
      grpc_client(Family::grpc_client_connections, Combine::sum, limit),
      transitions(Family::grpc_client_transitions, limit),
      connects(Family::grpc_client_connects, limit), goaways(Family::grpc_client_goaways, limit),
      grpc_server(Family::grpc_server_connections, Combine::sum, limit),
      grpc_server_closed(Family::grpc_server_closed, limit),
      sql(Family::db_connections, Combine::sum, limit),
      sql_limit(Family::db_connections_max, Combine::sum, limit),
      sql_waits(Family::db_connection_wait, limit),
      sql_closed(Family::db_connections_closed, limit),
      partial(Family::connections_partial, Combine::maximum, limit),
      corrections(Family::connection_corrections, limit) {}

GoConnections::GoConnections(GoConnectionTables& tables, ConnectionAuditCounts& audits,
                             const std::shared_ptr<const Service>& service)
    : tables_(tables), service_(service), http_server_(tables.http_server, service),
      http_client_(tables.http_client, service), dials_(tables.dials, service),
      rejected_(tables.rejected, service), closed_(tables.closed, service),
      grpc_client_(tables.grpc_client, service), transitions_(tables.transitions, service),
      connects_(tables.connects, service), goaways_(tables.goaways, service),
      grpc_server_(tables.grpc_server, service, {}),
      grpc_server_closed_(tables.grpc_server_closed, service), sql_(tables.sql, service),
      sql_limit_(tables.sql_limit, service, {}), sql_waits_(wait_bounds()),
      sql_closed_(tables.sql_closed, service), partial_(tables.partial, service),
      corrections_(tables.corrections, service), audit_(audits) {}

GoConnections::~GoConnections() {
    if (!sql_waits_series_)
        return;
    sql_waits_series_->left.merge(sql_waits_);
    tables_.sql_waits.close(*sql_waits_series_);
}

const std::string& GoConnections::host(std::string_view address) {
    const std::string clean = clean_label(host_of(address));
    const auto known = hosts_.find(clean);
    if (known != hosts_.end())
        return *known;
    return hosts_.size() < max_hosts ? *hosts_.insert(clean).first : other;
}

void GoConnections::open_sql() {
    if (!sql_waits_series_)
        sql_waits_series_ = &tables_.sql_waits.open(service_, {});
}

void GoConnections::on_event(const holter_go_http_dial& event) {
    const std::string& address = host(text_of(event.address));
    for (const char* result : {"ok", "failed"})
        dials_.add({result, address}, 0);
    dials_.add({dial_results[event.result], address}, 1);
    // The first rejection must not be the first that is seen of the series.
    rejected_.add({"per_host_limit", address}, 0);
}

void GoConnections::on_event(const holter_go_http_close& event) {
    const CloseReason reason = http_close_reason(text_of(event.error));
    closed_.add({std::string(reason.name)}, 1);
    if (reason.rejected)
        rejected_.add({std::string(reason.name), host(text_of(event.address))}, 1);
}

void GoConnections::on_event(const holter_go_sql_wait& event) {
    open_sql();
    sql_waits_.observe(event.duration_ns);
}

void GoConnections::on_event(const holter_go_grpc_transition& event) {
    for (const char* state : grpc_states)
        transitions_.add({state}, 0);
    transitions_.add({grpc_states[event.to]}, 1);
}

void GoConnections::on_event(const holter_go_grpc_connect&) {
    connects_.add({}, 1);
}

void GoConnections::on_event(const holter_go_grpc_goaway& event) {
    goaways_.add({std::string(http2_error_name(event.code))}, 1);
}

void GoConnections::on_event(const holter_go_grpc_server_close& event) {
    grpc_server_closed_.add({std::string(grpc_close_reason(text_of(event.error)))}, 1);
}

void GoConnections::on_reading(const GoConnectionReading& reading, std::uint64_t now_ns) {
    audit_.on_reading(reading, sql_waits_.count(), now_ns);
    Values server, client, channels, pools, partial;
    if (const auto& now = reading.http_server)
        server = {{{"new"}, number(now->fresh)},
                  {{"active"}, number(now->active)},
                  {{"idle"}, number(now->idle)},
                  {{"hijacked"}, number(now->hijacked)}};
    for (const auto& now : reading.http_client) {
        const std::string& address = host(now.address);
        client[{"active", address}] += number(now.active);
        client[{"idle", address}] += number(now.idle);
    }
    if (const auto& now = reading.grpc_client)
        for (std::size_t state = 0; state < now->size(); ++state)
            channels[{grpc_states[state]}] = number((*now)[state]);
    if (const auto& now = reading.sql) {
        open_sql();
        pools = {{{"idle"}, number(now->idle)}, {{"used"}, number(now->used)}};
        sql_closed_.raise_to({"max_idle"}, now->closed_max_idle);
        sql_closed_.raise_to({"max_idle_time"}, now->closed_max_idle_time);
        sql_closed_.raise_to({"max_lifetime"}, now->closed_max_lifetime);
    }
    for (const auto& kind : reading.kinds) {
        partial[{kind.name}] = kind.partial ? 1 : 0;
        corrections_.raise_to({kind.name}, kind.corrections);
    }
    http_server_.set(server);
    http_client_.set(client);
    grpc_client_.set(channels);
    grpc_server_.set(reading.grpc_server ? std::optional(number(*reading.grpc_server))
                                         : std::nullopt);
    sql_.set(pools);
    sql_limit_.set(reading.sql && reading.sql->limit ? std::optional(number(*reading.sql->limit))
                                                     : std::nullopt);
    partial_.set(partial);
}

void GoConnections::add_to(std::vector<HistogramSeries>& histograms,
                           std::vector<NumberSeries>& numbers) const {
    for (const GaugeSet* gauges : {&http_server_, &http_client_, &grpc_client_, &sql_, &partial_})
        gauges->add_to(numbers);
    for (const Gauge* gauge : {&grpc_server_, &sql_limit_})
        gauge->add_to(numbers);
    for (const CounterSet* counters :
         {&dials_, &rejected_, &closed_, &transitions_, &connects_, &goaways_, &grpc_server_closed_,
          &sql_closed_, &corrections_})
        counters->add_to(numbers);
    if (sql_waits_series_)
        histograms[sql_waits_series_->position].value.merge(sql_waits_);
}

} // namespace holter::aggregator
