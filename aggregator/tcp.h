// SPDX-License-Identifier: Apache-2.0
//
// TCP connections of one process. The kernel side does the counting; a reading
// brings running totals and the sockets of this moment. Results and states that
// nearly every process meets exist with zeroes from the first reading on, the others
// from when they were first seen until the process ends.
#pragma once

#include "aggregator/series/gauge.h"
#include "aggregator/series/histogram.h"
#include "aggregator/series/series.h"
#include "bpf/events.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace holter::aggregator {

struct TcpTables {
    explicit TcpTables(std::size_t limit)
        : connections(Family::tcp_connections, Combine::sum, limit),
          connects(Family::tcp_connects, limit), accepts(Family::tcp_accepts, limit),
          retransmits(Family::tcp_retransmits, limit), resets(Family::tcp_resets, limit),
          durations(Family::tcp_connection_duration, limit) {}

    GaugeTable connections;
    SeriesTable<std::uint64_t> connects, accepts, retransmits, resets;
    SeriesTable<Histogram> durations;
};

class TcpProcess {
  public:
    TcpProcess(TcpTables& tables, std::shared_ptr<const Service> service);
    /// Hands the counts over to the service.
    ~TcpProcess();
    TcpProcess(const TcpProcess&) = delete;
    TcpProcess& operator=(const TcpProcess&) = delete;

    void on_reading(const holter_tcp_counts& counts, const holter_tcp_tally& sockets);
    /// The process has ended: its gauges go, and what still happens to its connections counts.
    void drop_connections();
    void on_end(const holter_tcp_counts& counts) { set_counts(counts); }
    void add_to(std::vector<HistogramSeries>& histograms, std::vector<NumberSeries>& numbers) const;
    const Service& service() const { return *service_; }

  private:
    struct Counter {
        std::uint64_t value = 0;
        SeriesTable<std::uint64_t>::Series* series = nullptr; ///< null: not seen yet
    };
    struct Durations {
        Histogram value;
        SeriesTable<Histogram>::Series* series = nullptr;
    };

    void set(Counter& counter, std::uint64_t value, SeriesTable<std::uint64_t>& table,
             const char* label);
    void set_connections(const holter_tcp_tally& sockets);
    void set_counts(const holter_tcp_counts& counts);
    template <typename Visitor> void each_counter(Visitor&& visit) const;

    TcpTables& tables_;
    std::shared_ptr<const Service> service_;
    std::uint32_t tgid_ = 0; ///< whose counts these are; 0: not known yet
    /// By direction and state; null: not seen yet.
    std::array<std::array<std::unique_ptr<Gauge>, HOLTER_TCP_STATES>, HOLTER_TCP_DIRECTIONS>
        connections_;
    std::array<Counter, HOLTER_TCP_RESULTS> connects_;
    Counter accepts_, retransmits_;
    std::array<Counter, HOLTER_TCP_RESETS> resets_;
    std::array<Durations, HOLTER_TCP_DIRECTIONS> durations_;
};

} // namespace holter::aggregator
