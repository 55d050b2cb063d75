// SPDX-License-Identifier: Apache-2.0
#include "aggregator/golang/go_memory.h"

#include <algorithm>
#include <utility>

namespace holter::aggregator {

namespace {

constexpr std::array<const char*, 4> cpu_kinds = {"assist", "dedicated", "idle", "pause"};

template <typename Integer> std::optional<double> number(const std::optional<Integer>& value) {
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

} // namespace

GoMemoryAccount::GoMemoryAccount(GoMemoryTables& tables, std::shared_ptr<const Service> service)
    : tables_(tables), service_(std::move(service)), heap_live_(tables.heap_live, service_, {"go"}),
      heap_goal_(tables.heap_goal, service_, {"go"}), gc_percent_(tables.gc_percent, service_, {}),
      memory_limit_(tables.memory_limit, service_, {}),
      goroutines_(tables.goroutines, service_, {}) {}

GoMemoryAccount::~GoMemoryAccount() {
    for (std::size_t i = 0; i < kinds; ++i) {
        if (!gc_cpu_series_[i])
            continue;
        gc_cpu_series_[i]->left += gc_cpu_[i].ns;
        tables_.gc_cpu.close(*gc_cpu_series_[i]);
    }
}

void GoMemoryAccount::Growth::on_reading(std::optional<std::uint64_t> total) {
    if (!total)
        return;
    if (!first)
        first = total;
    // A reading in mid-update may be lower than the last one: a counter never is.
    if (*total >= *first)
        ns = std::max(ns, *total - *first);
}

void GoMemoryAccount::on_reading(const GoMemory& memory) {
    heap_live_.set(number(memory.heap_live_bytes));
    heap_goal_.set(number(memory.heap_goal_bytes));
    gc_percent_.set(number(memory.gc_percent));
    memory_limit_.set(number(memory.memory_limit_bytes));
    goroutines_.set(number(memory.goroutines));
    const std::array totals = {memory.cpu_assist_ns, memory.cpu_dedicated_ns, memory.cpu_idle_ns,
                               memory.cpu_pause_ns};
    for (std::size_t i = 0; i < kinds; ++i) {
        gc_cpu_[i].on_reading(totals[i]);
        if (gc_cpu_[i].first && !gc_cpu_series_[i])
            gc_cpu_series_[i] = &tables_.gc_cpu.open(service_, {"go", cpu_kinds[i]});
    }
    cpu_total_.on_reading(memory.cpu_total_ns);
}

void GoMemoryAccount::add_to(std::vector<NumberSeries>& numbers) const {
    for (const Gauge* gauge :
         {&heap_live_, &heap_goal_, &gc_percent_, &memory_limit_, &goroutines_})
        gauge->add_to(numbers);
    for (std::size_t i = 0; i < kinds; ++i)
        if (gc_cpu_series_[i])
            numbers[gc_cpu_series_[i]->position].value += static_cast<double>(gc_cpu_[i].ns);
}

std::optional<double> GoMemoryAccount::gc_cpu_share() const {
    if (cpu_total_.ns == 0)
        return {};
    std::uint64_t gc_ns = 0;
    for (const Growth& kind : gc_cpu_)
        gc_ns += kind.ns;
    return std::min(1.0, static_cast<double>(gc_ns) / static_cast<double>(cpu_total_.ns));
}

} // namespace holter::aggregator
