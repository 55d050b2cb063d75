// SPDX-License-Identifier: Apache-2.0
#include "aggregator/requests/requests.h"

#include "aggregator/requests/endpoint.h"

#include <utility>

namespace holter::aggregator {

namespace {

constexpr std::uint64_t ms = 1'000'000;

/// OpenTelemetry's advice for durations of requests.
const Bounds& duration_bounds() {
    static const Bounds bounds =
        std::make_shared<const std::vector<std::uint64_t>>(std::vector<std::uint64_t>{
            5 * ms, 10 * ms, 25 * ms, 50 * ms, 75 * ms, 100 * ms, 250 * ms, 500 * ms, 750 * ms,
            1000 * ms, 2500 * ms, 5000 * ms, 7500 * ms, 10'000 * ms});
    return bounds;
}

constexpr std::uint16_t not_found = 404;
constexpr std::uint16_t method_not_allowed = 405;

std::string label_of(const holter_request_facts& facts, std::string_view text) {
    if (facts.flags & (HOLTER_REQUEST_CUT | HOLTER_REQUEST_UNKNOWN_METHOD))
        return std::string(other_label);
    switch (facts.kind) {
    case HOLTER_HTTP_SERVER:
        if (facts.flags & HOLTER_REQUEST_ROUTE)
            return facts.pieces != 0 ? route_of_pieces(text) : route_of_pattern(text);
        return route_of_path(text);
    case HOLTER_HTTP_CLIENT:
        return host_label(text);
    default:
        return rpc_method_label(text);
    }
}

bool is_path(const holter_request_facts& facts) {
    return facts.kind == HOLTER_HTTP_SERVER && !(facts.flags & HOLTER_REQUEST_ROUTE);
}

std::string status_label(const holter_request_facts& facts) {
    if (facts.kind == HOLTER_GRPC_SERVER || facts.kind == HOLTER_GRPC_CLIENT)
        return std::string(grpc_code_name(facts.status));
    const bool plausible = facts.status >= 100 && facts.status <= 999;
    return plausible ? std::to_string(facts.status) : "";
}

bool is_server(std::uint8_t kind) {
    return kind == HOLTER_GRPC_SERVER || kind == HOLTER_HTTP_SERVER;
}

} // namespace

Requests::Requests(RequestTables& tables, std::shared_ptr<const Service> service)
    : tables_(tables), service_(std::move(service)) {}

Requests::~Requests() {
    const auto give_back = [](auto& table, const Counter& counter) {
        if (!counter.series)
            return;
        counter.series->left += counter.value;
        table.close(*counter.series);
    };
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind)
        for (auto& [text, endpoint] : kinds_[kind].endpoints) {
            for (Outcome& outcome : endpoint.outcomes) {
                outcome.series->left.merge(outcome.durations);
                tables_.of_kind(kind).close(*outcome.series);
            }
            give_back(tables_.gc_pause, endpoint.gc_pause);
            give_back(tables_.paused, endpoint.paused);
        }
}

Requests::Endpoint& Requests::endpoint_of(const holter_request_facts& facts,
                                          std::string_view text) {
    Kind& kind = kinds_[facts.kind];
    // Paths are as many as requests; all other texts are few, and looked up as they came.
    const bool path = is_path(facts);
    if (!path && !(facts.flags & (HOLTER_REQUEST_CUT | HOLTER_REQUEST_UNKNOWN_METHOD)))
        if (const auto known = kind.endpoints.find(text); known != kind.endpoints.end())
            return known->second;
    std::string label = label_of(facts, text);
    std::string key = path || label == other_label ? label : std::string(text);
    if (const auto known = kind.endpoints.find(key); known != kind.endpoints.end())
        return known->second;
    bool room = kind.endpoints.size() < most_endpoints;
    if (path) {
        const bool unknown = facts.status == not_found || facts.status == method_not_allowed;
        std::size_t& count = unknown ? kind.unknown_paths : kind.paths;
        room = room && count < (unknown ? most_unknown_paths : most_paths);
        count += room;
    }
    if (!room)
        key = label = other_label;
    Endpoint& endpoint = kind.endpoints[std::move(key)];
    endpoint.label = std::move(label);
    return endpoint;
}

Requests::Outcome& Requests::outcome_of(Endpoint& endpoint, const holter_request_facts& facts) {
    constexpr std::uint8_t telling =
        HOLTER_REQUEST_PANICKED | HOLTER_REQUEST_HIJACKED | HOLTER_REQUEST_FAILED;
    const bool rpc = facts.kind == HOLTER_GRPC_SERVER || facts.kind == HOLTER_GRPC_CLIENT;
    const std::size_t method = rpc ? 0 : method_index(facts.method);
    const auto key = static_cast<std::uint32_t>(method << 24 | std::uint32_t{facts.status} << 8 |
                                                (facts.flags & telling));
    for (Outcome& outcome : endpoint.outcomes)
        if (outcome.key == key)
            return outcome;
    std::string first = rpc ? "grpc" : std::string(method_name(method));
    auto& series = tables_.of_kind(facts.kind)
                       .open(service_, {std::move(first), endpoint.label, status_label(facts),
                                        error_type(facts)});
    return endpoint.outcomes.emplace_back(Outcome{key, &series, Histogram(duration_bounds())});
}

Requests::Counter& Requests::opened(Counter& counter, SeriesTable<std::uint64_t>& table,
                                    std::uint8_t kind, const Endpoint& endpoint) {
    if (!counter.series) {
        std::vector<std::string> labels(2);
        labels[kind == HOLTER_GRPC_SERVER ? 0 : 1] = endpoint.label;
        counter.series = &table.open(service_, std::move(labels));
    }
    return counter;
}

void Requests::on_request(const holter_request_facts& facts, std::string_view text,
                          const ExemplarPtr& exemplar, std::uint64_t times) {
    Endpoint& endpoint = endpoint_of(facts, text);
    outcome_of(endpoint, facts).durations.observe(facts.duration_ns, exemplar, times);
    if (!is_server(facts.kind))
        return;
    opened(endpoint.gc_pause, tables_.gc_pause, facts.kind, endpoint).value +=
        times * facts.gc_pause_ns;
    opened(endpoint.paused, tables_.paused, facts.kind, endpoint).value +=
        facts.gc_pauses > 0 ? times : 0;
}

void Requests::add_to(std::vector<HistogramSeries>& histograms,
                      std::vector<NumberSeries>& numbers) const {
    const auto add = [&](const Counter& counter) {
        if (counter.series)
            numbers[counter.series->position].value += static_cast<double>(counter.value);
    };
    for (const Kind& kind : kinds_)
        for (const auto& [text, endpoint] : kind.endpoints) {
            for (const Outcome& outcome : endpoint.outcomes)
                histograms[outcome.series->position].value.merge(outcome.durations);
            add(endpoint.gc_pause);
            add(endpoint.paused);
        }
}

} // namespace holter::aggregator
