// SPDX-License-Identifier: Apache-2.0
#include "aggregator/errors/errors.h"

#include "aggregator/series/labels.h"

#include <array>
#include <utility>

namespace holter::aggregator {

namespace {

constexpr const char* overflow_type = "other";

constexpr std::array<const char*, 2> outcome_names = {"recovered", "fatal"};

} // namespace

void Errors::Counts::add(const std::shared_ptr<const Service>& service,
                         std::vector<std::string> own, const Count& count) {
    const auto [found, is_new] = counted_.try_emplace(std::move(own));
    if (is_new)
        found->second.series = &table_.open(service, found->first);
    found->second.count.add(count);
}

void Errors::Counts::add_to(std::vector<NumberSeries>& numbers) const {
    for (const auto& [own, counted] : counted_) {
        NumberSeries& series = numbers[counted.series->position];
        series.value += static_cast<double>(counted.count.value);
        keep_better(series.exemplar, counted.count.exemplar);
    }
}

void Errors::Counts::hand_over() {
    for (const auto& [own, counted] : counted_) {
        counted.series->left.add(counted.count);
        table_.close(*counted.series);
    }
}

Errors::Errors(ErrorTables& tables, const ErrorClasses& classes,
               std::shared_ptr<const Service> service)
    : tables_(tables), classes_(classes), service_(std::move(service)), errors_(tables.errors),
      root_causes_(tables.root_causes), panics_(tables.panics) {}

Errors::~Errors() {
    errors_.hand_over();
    root_causes_.hand_over();
    panics_.hand_over();
}

std::string Errors::bounded(std::string_view type, SeriesTable<Count>& table) {
    std::string clean = clean_label(type);
    if (types_.find(clean) != types_.end())
        return clean;
    if (types_.size() >= max_types) {
        table.count_limited();
        return overflow_type;
    }
    return *types_.insert(std::move(clean)).first;
}

void Errors::count(const ErrorSeen& error, std::uint64_t n, const ExemplarPtr& exemplar) {
    const Classification classification = classes_.classify(error);
    const std::string source = error_source_names[static_cast<std::size_t>(error.source)];
    const std::string type = bounded(error.type, tables_.errors);
    errors_.add(service_,
                {source, error_class_names[static_cast<std::size_t>(classification.error_class)],
                 type, classification.retryable ? "true" : "false"},
                {n, exemplar});
    if (!error.root_type.empty())
        root_causes_.add(service_, {source, type, bounded(error.root_type, tables_.root_causes)},
                         {n, exemplar});
}

void Errors::count_panic_end(std::string_view type, PanicOutcome outcome) {
    panics_.add(service_,
                {bounded(type, tables_.panics), outcome_names[static_cast<std::size_t>(outcome)]},
                {1, nullptr});
}

void Errors::add_to(std::vector<NumberSeries>& numbers) const {
    errors_.add_to(numbers);
    root_causes_.add_to(numbers);
    panics_.add_to(numbers);
}

} // namespace holter::aggregator
