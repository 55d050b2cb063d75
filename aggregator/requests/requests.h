// SPDX-License-Identifier: Apache-2.0
//
// The requests of one process: how many, how long, with which outcome, and how much of
// their time was a stop of the collector. A process has a bounded number of endpoints of each
// kind; those that come later share `_OTHER`. Paths that nothing but "not found" answers have a
// smaller bound of their own, so that a scanner cannot take the room of real ones.
#pragma once

#include "aggregator/series/histogram.h"
#include "aggregator/series/series.h"
#include "aggregator/snapshot.h"
#include "bpf/events.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holter::aggregator {

struct RequestTables {
    explicit RequestTables(std::size_t limit)
        : rpc_server(Family::rpc_server, limit, Overflow::drop_labels),
          rpc_client(Family::rpc_client, limit, Overflow::drop_labels),
          http_server(Family::http_server, limit, Overflow::drop_labels),
          http_client(Family::http_client, limit, Overflow::drop_labels),
          gc_pause(Family::request_gc_pause, limit, Overflow::drop_labels),
          paused(Family::requests_paused, limit, Overflow::drop_labels) {}

    SeriesTable<Histogram> rpc_server, rpc_client, http_server, http_client;
    SeriesTable<std::uint64_t> gc_pause, paused;

    SeriesTable<Histogram>& of_kind(std::size_t kind) {
        SeriesTable<Histogram>* const tables[] = {&rpc_server, &rpc_client, &http_server,
                                                  &http_client};
        return *tables[kind];
    }
};

class Requests {
  public:
    static constexpr std::size_t most_endpoints = 1000; ///< of a kind
    static constexpr std::size_t most_paths = 200;      ///< of these, without a router's pattern
    static constexpr std::size_t most_unknown_paths = 50;

    Requests(RequestTables& tables, std::shared_ptr<const Service> service);
    /// Hands the counts over to the service.
    ~Requests();
    Requests(const Requests&) = delete;
    Requests& operator=(const Requests&) = delete;

    /// One that ended, and stands for so many; `text` names its endpoint.
    void on_request(const holter_request_facts& facts, std::string_view text,
                    const ExemplarPtr& exemplar = nullptr, std::uint64_t times = 1);

    /// Adds this process's counts to a snapshot that has all series of the tables, each at its
    /// `position`.
    void add_to(std::vector<HistogramSeries>& histograms, std::vector<NumberSeries>& numbers) const;

  private:
    /// Requests of one endpoint with the same outcome.
    struct Outcome {
        std::uint32_t key = 0; ///< method, status and flags
        SeriesTable<Histogram>::Series* series = nullptr;
        Histogram durations;
    };
    struct Counter {
        SeriesTable<std::uint64_t>::Series* series = nullptr;
        std::uint64_t value = 0;
    };
    struct Endpoint {
        std::string label;
        std::deque<Outcome> outcomes;
        Counter gc_pause, paused;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    struct Kind {
        std::unordered_map<std::string, Endpoint, Hash, std::equal_to<>> endpoints;
        std::size_t paths = 0, unknown_paths = 0;
    };

    Endpoint& endpoint_of(const holter_request_facts& facts, std::string_view text);
    Outcome& outcome_of(Endpoint& endpoint, const holter_request_facts& facts);
    Counter& opened(Counter& counter, SeriesTable<std::uint64_t>& table, std::uint8_t kind,
                    const Endpoint& endpoint);

    RequestTables& tables_;
    std::shared_ptr<const Service> service_;
    std::array<Kind, HOLTER_REQUEST_KINDS> kinds_;
};

} // namespace holter::aggregator
