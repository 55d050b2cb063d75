// SPDX-License-Identifier: Apache-2.0
//
// Connections of one Go process: what happened to them comes as events, how they are as a
// reading of the process's memory. Hosts are labels, and a process chooses them: only so many
// have series of their own, the rest is `other`.
//
// A reading leaves out what nobody knows, and then there is no series: a gauge of a process that
// ran before us never starts at a zero that is wrong.
#pragma once

#include "aggregator/golang/connection_audit.h"
#include "aggregator/series/gauge.h"
#include "aggregator/series/histogram.h"
#include "aggregator/series/label_sets.h"
#include "aggregator/series/series.h"
#include "aggregator/target.h"
#include "bpf/events.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holter::aggregator {

struct GoConnectionTables {
    explicit GoConnectionTables(std::size_t limit);

    GaugeTable http_server, http_client;
    SeriesTable<std::uint64_t> dials, rejected, closed;
    GaugeTable grpc_client;
    SeriesTable<std::uint64_t> transitions, connects, goaways;
    GaugeTable grpc_server;
    SeriesTable<std::uint64_t> grpc_server_closed;
    GaugeTable sql, sql_limit;
    SeriesTable<Histogram> sql_waits;
    SeriesTable<std::uint64_t> sql_closed;
    GaugeTable partial;
    SeriesTable<std::uint64_t> corrections;

    template <typename Visitor> void each_counter(Visitor&& visit) {
        for (SeriesTable<std::uint64_t>* table :
             {&dials, &rejected, &closed, &transitions, &connects, &goaways, &grpc_server_closed,
              &sql_closed, &corrections})
            visit(*table);
    }
    template <typename Visitor> void each_gauge(Visitor&& visit) {
        for (GaugeTable* table :
             {&http_server, &http_client, &grpc_client, &grpc_server, &sql, &sql_limit, &partial})
            visit(table->series);
    }
};

class GoConnections {
  public:
    static constexpr std::size_t max_hosts = 64;

    GoConnections(GoConnectionTables& tables, ConnectionAuditCounts& audits,
                  const std::shared_ptr<const Service>& service);
    /// Hands the counts over to the service.
    ~GoConnections();
    GoConnections(const GoConnections&) = delete;
    GoConnections& operator=(const GoConnections&) = delete;

    void on_event(const holter_go_http_dial& event);
    void on_event(const holter_go_http_close& event);
    void on_event(const holter_go_sql_wait& event);
    void on_event(const holter_go_grpc_transition& event);
    void on_event(const holter_go_grpc_connect& event);
    void on_event(const holter_go_grpc_goaway& event);
    void on_event(const holter_go_grpc_server_close& event);

    /// Call it right after the ring was drained.
    void on_reading(const GoConnectionReading& reading, std::uint64_t now_ns);

    void add_to(std::vector<HistogramSeries>& histograms, std::vector<NumberSeries>& numbers) const;

  private:
    /// The label for an address.
    const std::string& host(std::string_view address);
    void open_sql();

    GoConnectionTables& tables_;
    std::shared_ptr<const Service> service_;
    std::set<std::string, std::less<>> hosts_;
    GaugeSet http_server_, http_client_;
    CounterSet dials_, rejected_, closed_;
    GaugeSet grpc_client_;
    CounterSet transitions_, connects_, goaways_;
    Gauge grpc_server_;
    CounterSet grpc_server_closed_;
    GaugeSet sql_;
    Gauge sql_limit_;
    Histogram sql_waits_;
    SeriesTable<Histogram>::Series* sql_waits_series_ = nullptr; ///< once there is a pool
    CounterSet sql_closed_;
    GaugeSet partial_;
    CounterSet corrections_;
    ConnectionAudit audit_;
};

} // namespace holter::aggregator
