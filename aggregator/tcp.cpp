// SPDX-License-Identifier: Apache-2.0
#include "aggregator/tcp.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace holter::aggregator {

namespace {

constexpr std::array<const char*, HOLTER_TCP_DIRECTIONS> directions = {"inbound", "outbound"};

/// By enum holter_tcp_state; null: not a state of anything.
constexpr std::array<const char*, HOLTER_TCP_STATES> states = {
    nullptr,     "established", "syn_sent",   "syn_recv", "fin_wait_1", "fin_wait_2",
    "time_wait", nullptr,       "close_wait", "last_ack", "listen",     "closing",
    nullptr,     nullptr,       "unaccepted", nullptr,
};

constexpr std::array<const char*, HOLTER_TCP_RESULTS> results = {
    "ok", "refused", "timeout", "reset", "unreachable", "no_local_port", "aborted", "other",
};
/// So many of them are there from the start.
constexpr std::size_t usual_results = HOLTER_TCP_ABORTED;

constexpr std::array<const char*, HOLTER_TCP_RESETS> resets = {"sent", "received"};

const Bounds& duration_bounds() {
#define HOLTER_BOUND(bound) bound,
    static const Bounds bounds = std::make_shared<const std::vector<std::uint64_t>>(
        std::vector<std::uint64_t>{HOLTER_TCP_DURATION_BOUNDS(HOLTER_BOUND)});
#undef HOLTER_BOUND
    return bounds;
}

} // namespace

TcpProcess::TcpProcess(TcpTables& tables, std::shared_ptr<const Service> service)
    : tables_(tables), service_(std::move(service)) {
    for (std::size_t direction = 0; direction < durations_.size(); ++direction)
        durations_[direction].series = &tables_.durations.open(service_, {directions[direction]});
}

template <typename Visitor> void TcpProcess::each_counter(Visitor&& visit) const {
    for (const Counter& counter : connects_)
        visit(counter, tables_.connects);
    visit(accepts_, tables_.accepts);
    visit(retransmits_, tables_.retransmits);
    for (const Counter& counter : resets_)
        visit(counter, tables_.resets);
}

TcpProcess::~TcpProcess() {
    each_counter([](const Counter& counter, SeriesTable<std::uint64_t>& table) {
        if (!counter.series)
            return;
        counter.series->left += counter.value;
        table.close(*counter.series);
    });
    for (const Durations& durations : durations_) {
        durations.series->left.merge(durations.value);
        tables_.durations.close(*durations.series);
    }
}

void TcpProcess::set(Counter& counter, std::uint64_t value, SeriesTable<std::uint64_t>& table,
                     const char* label) {
    counter.value = std::max(counter.value, value);
    if (!counter.series)
        counter.series = &table.open(service_, label ? std::vector<std::string>{label}
                                                     : std::vector<std::string>{});
}

void TcpProcess::set_connections(const holter_tcp_tally& sockets) {
    for (std::size_t direction = 0; direction < connections_.size(); ++direction)
        for (std::size_t state = 0; state < states.size(); ++state) {
            const std::uint32_t count = sockets.sockets[direction][state];
            std::unique_ptr<Gauge>& gauge = connections_[direction][state];
            if (!states[state] || (!gauge && count == 0 && state != HOLTER_TCP_ESTABLISHED))
                continue;
            if (!gauge)
                gauge = std::make_unique<Gauge>(
                    tables_.connections, service_,
                    std::vector<std::string>{states[state], directions[direction]});
            gauge->set(count);
        }
}

void TcpProcess::on_reading(const holter_tcp_counts& counts, const holter_tcp_tally& sockets) {
    set_connections(sockets);
    set_counts(counts);
}

void TcpProcess::drop_connections() {
    for (auto& of_direction : connections_)
        for (auto& gauge : of_direction)
            gauge.reset();
}

void TcpProcess::set_counts(const holter_tcp_counts& counts) {
    // After its end, the place in the kernel's array may have been cleared for another one.
    if (tgid_ != 0 && counts.tgid != tgid_)
        return;
    tgid_ = counts.tgid;
    for (std::size_t result = 0; result < connects_.size(); ++result)
        if (result < usual_results || counts.connects[result] > 0 || connects_[result].series)
            set(connects_[result], counts.connects[result], tables_.connects, results[result]);
    set(accepts_, counts.accepts, tables_.accepts, nullptr);
    set(retransmits_, counts.retransmits, tables_.retransmits, nullptr);
    for (std::size_t direction = 0; direction < resets_.size(); ++direction)
        set(resets_[direction], counts.resets[direction], tables_.resets, resets[direction]);
    for (std::size_t direction = 0; direction < durations_.size(); ++direction)
        durations_[direction].value = Histogram(duration_bounds(), counts.durations[direction],
                                                counts.duration_ns[direction]);
}

void TcpProcess::add_to(std::vector<HistogramSeries>& histograms,
                        std::vector<NumberSeries>& numbers) const {
    for (const auto& of_direction : connections_)
        for (const auto& gauge : of_direction)
            if (gauge)
                gauge->add_to(numbers);
    each_counter([&](const Counter& counter, const SeriesTable<std::uint64_t>&) {
        if (counter.series)
            numbers[counter.series->position].value += static_cast<double>(counter.value);
    });
    for (const Durations& durations : durations_)
        histograms[durations.series->position].value.merge(durations.value);
}

} // namespace holter::aggregator
