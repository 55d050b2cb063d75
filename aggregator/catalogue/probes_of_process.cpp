// SPDX-License-Identifier: Apache-2.0
#include "aggregator/catalogue/probes_of_process.h"

#include "aggregator/series/labels.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace holter::aggregator {

namespace {

/// Ways that are remembered before all are forgotten and learned anew.
constexpr std::size_t most_known = 8192;
/// Series that are opened before anything was seen.
constexpr std::size_t most_expected = 64;

constexpr const char* overflow_label = "other";

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const auto& pattern) { return glob_matches(pattern, text); });
}

bool is_wanted(const LabelSource& source, std::string_view value) {
    return (source.only.empty() || matches_any(source.only, value)) &&
           !matches_any(source.except, value);
}

std::string named(const LabelSource& source, std::int64_t number) {
    const auto found = source.names.find(number);
    if (found != source.names.end())
        return found->second;
    return source.otherwise.empty() ? std::to_string(number) : source.otherwise;
}

/// All values that a label can have, if they are few and known.
std::optional<std::vector<std::string>> foreseen(const LabelSource& source) {
    if (source.from == LabelSource::From::constant)
        return std::vector{source.constant};
    if (source.from == LabelSource::From::text || source.resolver || source.names.empty())
        return std::nullopt;
    std::vector<std::string> values;
    for (const auto& [number, name] : source.names)
        if (is_wanted(source, name) &&
            std::find(values.begin(), values.end(), name) == values.end())
            values.push_back(name);
    return values;
}

void add(Gauge& gauge, double change) {
    gauge.set(gauge.value().value_or(0) + change);
}

/// What only adds up cannot take numbers below zero.
bool would_fall(const ProbeDefinition& definition, const ProbeHit& hit) {
    return (definition.measure == Measure::sum || definition.measure == Measure::distribution) &&
           static_cast<std::int64_t>(hit.numbers[definition.value]) < 0;
}

void append_bytes(std::string& out, const void* data, std::size_t size) {
    out.append(static_cast<const char*>(data), size);
}

} // namespace

ProbesOfProcess::~ProbesOfProcess() {
    struct HandOver {
        void operator()(Use<PauseHistogram>& use) const {
            use.series->left.merge(use.value);
            use.table->close(*use.series);
        }
        void operator()(Use<Histogram>& use) const {
            use.series->left.merge(use.value);
            use.table->close(*use.series);
        }
        void operator()(Use<std::uint64_t>& use) const {
            use.series->left += use.value;
            use.table->close(*use.series);
        }
        void operator()(Level& level) const { level.gauge.reset(); }
    };
    for (auto& [labels, series] : series_)
        std::visit(HandOver{}, series);
}

void ProbesOfProcess::withdraw(std::uint32_t probe) {
    forget(probe);
    withdrawn_.insert(probe);
}

void ProbesOfProcess::forget(std::uint32_t probe) {
    withdrawn_.erase(probe);
    std::erase_if(known_, [&](const auto& known) {
        return std::memcmp(known.first.data(), &probe, sizeof(probe)) == 0;
    });
    std::erase_if(objects_, [&](const auto& object) {
        if (object.second.probe != probe)
            return false;
        add(*object.second.state, -1);
        return true;
    });
    for (auto series = series_.begin(); series != series_.end();) {
        auto* level = std::get_if<Level>(&series->second);
        if (level && level->probes.erase(probe) && level->probes.empty()) {
            --label_sets_[series->first.first];
            series = series_.erase(series);
        } else {
            ++series;
        }
    }
}

void ProbesOfProcess::expect(std::uint32_t probe, const ProbeDefinition& definition) {
    withdrawn_.erase(probe);
    if (definition.measure != Measure::duration && definition.measure != Measure::count &&
        definition.measure != Measure::sum && definition.measure != Measure::distribution)
        return;
    std::vector<Labels> sets = {{}};
    for (const LabelSource& source : definition.labels) {
        const auto values = foreseen(source);
        if (!values || sets.size() * values->size() > most_expected)
            return;
        std::vector<Labels> longer;
        for (const Labels& set : sets)
            for (const std::string& value : *values) {
                longer.push_back(set);
                longer.back().push_back(value);
            }
        sets = std::move(longer);
    }
    for (Labels& set : sets)
        open(probe, definition, std::move(set));
}

std::optional<ProbesOfProcess::Labels> ProbesOfProcess::labels_of(const ProbeDefinition& definition,
                                                                  const ProbeHit& hit,
                                                                  const Resolver& resolver,
                                                                  HitOutcome& outcome) const {
    Labels labels;
    for (const LabelSource& source : definition.labels) {
        std::string value;
        if (source.from == LabelSource::From::constant) {
            value = source.constant;
        } else {
            const bool is_text = source.from == LabelSource::From::text;
            const std::uint64_t number = is_text ? 0 : hit.numbers[source.index];
            const std::string_view text = is_text ? hit.texts[source.index] : std::string_view();
            if (source.resolver) {
                value = resolver ? resolver(hit.target, source.resolver, number, text) : "";
                if (value.empty()) {
                    outcome = HitOutcome::unresolved;
                    return std::nullopt;
                }
            } else {
                value =
                    is_text ? std::string(text) : named(source, static_cast<std::int64_t>(number));
            }
        }
        value = clean_label(value);
        if (!is_wanted(source, value)) {
            outcome = HitOutcome::unwanted;
            return std::nullopt;
        }
        labels.push_back(std::move(value));
    }
    return labels;
}

ProbesOfProcess::Series* ProbesOfProcess::open(std::uint32_t probe,
                                               const ProbeDefinition& definition, Labels labels) {
    Series* series = series_with(definition, std::move(labels));
    if (auto* level = std::get_if<Level>(series))
        level->probes.insert(probe);
    return series;
}

ProbesOfProcess::Series* ProbesOfProcess::series_with(const ProbeDefinition& definition,
                                                      Labels labels) {
    const Family family = definition.family;
    const CatalogueTables::Table table = tables_.table(family);
    if (begins_with_runtime(family))
        labels.insert(labels.begin(), definition.runtime);
    if (const auto found = series_.find({family, labels}); found != series_.end())
        return &found->second;
    std::size_t& sets = label_sets_[family];
    if (sets >= max_label_sets) {
        const std::size_t first = begins_with_runtime(family) ? 1 : 0;
        for (std::size_t i = first; i < labels.size(); ++i)
            if (definition.labels[i - first].from != LabelSource::From::constant)
                labels[i] = overflow_label;
        std::visit(
            [](auto of) {
                if constexpr (std::is_same_v<decltype(of), GaugeTable*>)
                    of->series.count_limited();
                else if constexpr (!std::is_same_v<decltype(of), std::monostate>)
                    of->count_limited();
            },
            table);
        if (const auto found = series_.find({family, labels}); found != series_.end())
            return &found->second;
    }
    ++sets;
    const auto opened = [&](auto of) -> Series {
        using Of = decltype(of);
        if constexpr (std::is_same_v<Of, GaugeTable*>)
            return Level{std::make_unique<Gauge>(*of, service_, labels), {}};
        else if constexpr (std::is_same_v<Of, SeriesTable<Histogram>*>)
            return Use<Histogram>{of, &of->open(service_, labels),
                                  Histogram(tables_.bounds(family))};
        else if constexpr (std::is_same_v<Of, SeriesTable<PauseHistogram>*>)
            return Use<PauseHistogram>{of, &of->open(service_, labels), {}};
        else if constexpr (std::is_same_v<Of, SeriesTable<std::uint64_t>*>)
            return Use<std::uint64_t>{of, &of->open(service_, labels), 0};
        else
            throw std::logic_error("a probe feeds a family that has no series");
    };
    return &series_.emplace(std::pair(family, labels), std::visit(opened, table)).first->second;
}

HitOutcome ProbesOfProcess::count(const ProbeDefinition& definition, const ProbeHit& hit,
                                  const Known& known) {
    if (!known.wanted)
        return HitOutcome::unwanted;
    if (definition.measure == Measure::error) {
        errors_.count({definition.source, known.error_type, std::nullopt, {}});
        return HitOutcome::counted;
    }
    const std::uint64_t value = definition.measure == Measure::duration ? hit.duration_ns
                                : definition.measure == Measure::count
                                    ? 1
                                    : hit.numbers[definition.value];
    if (would_fall(definition, hit))
        return HitOutcome::negative;
    if (auto* pauses = std::get_if<Use<PauseHistogram>>(known.series))
        pauses->value.observe(value);
    else if (auto* histogram = std::get_if<Use<Histogram>>(known.series))
        histogram->value.observe(value);
    else if (auto* counter = std::get_if<Use<std::uint64_t>>(known.series))
        counter->value += value;
    else
        std::get<Level>(*known.series)
            .gauge->set(static_cast<double>(static_cast<std::int64_t>(value)));
    return HitOutcome::counted;
}

HitOutcome ProbesOfProcess::change_state(const ProbeDefinition& definition, const ProbeHit& hit,
                                         const Resolver& resolver) {
    HitOutcome outcome = HitOutcome::counted;
    auto labels = labels_of(definition, hit, resolver, outcome);
    if (!labels)
        return outcome;
    const std::pair object(definition.family, std::uint64_t{hit.numbers[definition.object]});
    const auto known = objects_.find(object);
    if (known != objects_.end())
        add(*known->second.state, -1);
    const bool gone = !labels->empty() && std::find(definition.gone.begin(), definition.gone.end(),
                                                    labels->back()) != definition.gone.end();
    if (gone) {
        if (known != objects_.end())
            objects_.erase(known);
        return HitOutcome::counted;
    }
    if (known == objects_.end() && objects_.size() >= max_objects)
        return HitOutcome::map_full;
    Series* series = open(hit.probe, definition, std::move(*labels));
    Gauge& gauge = *std::get<Level>(*series).gauge;
    add(gauge, 1);
    objects_[object] = {&gauge, hit.probe};
    return HitOutcome::counted;
}

HitOutcome ProbesOfProcess::on_hit(const ProbeDefinition& definition, const ProbeHit& hit,
                                   const Resolver& resolver) {
    if (withdrawn_.count(hit.probe))
        return HitOutcome::withdrawn;
    if (definition.measure == Measure::state)
        return change_state(definition, hit, resolver);
    key_.clear();
    append_bytes(key_, &hit.probe, sizeof(hit.probe));
    for (const LabelSource& source : definition.labels) {
        if (source.from == LabelSource::From::number)
            append_bytes(key_, &hit.numbers[source.index], sizeof(__u64));
        if (source.from == LabelSource::From::text) {
            const std::size_t length = hit.texts[source.index].size();
            append_bytes(key_, &length, sizeof(length));
            key_ += hit.texts[source.index];
        }
    }
    if (const auto found = known_.find(key_); found != known_.end())
        return count(definition, hit, found->second);
    HitOutcome outcome = HitOutcome::counted;
    auto labels = labels_of(definition, hit, resolver, outcome);
    if (outcome == HitOutcome::unresolved)
        return outcome;
    if (labels && would_fall(definition, hit))
        return HitOutcome::negative; // nothing to open a series for
    if (known_.size() >= most_known)
        known_.clear();
    Known known;
    known.wanted = labels.has_value();
    if (labels && definition.measure == Measure::error)
        known.error_type = labels->front().empty() ? "unknown" : labels->front();
    else if (labels)
        known.series = open(hit.probe, definition, std::move(*labels));
    return count(definition, hit, known_.emplace(key_, std::move(known)).first->second);
}

void ProbesOfProcess::add_to(std::vector<HistogramSeries>& histograms,
                             std::vector<NumberSeries>& numbers) const {
    for (const auto& [labels, series] : series_) {
        if (const auto* pauses = std::get_if<Use<PauseHistogram>>(&series))
            histograms[pauses->series->position].value.merge(pauses->value);
        else if (const auto* histogram = std::get_if<Use<Histogram>>(&series))
            histograms[histogram->series->position].value.merge(histogram->value);
        else if (const auto* counter = std::get_if<Use<std::uint64_t>>(&series))
            numbers[counter->series->position].value += static_cast<double>(counter->value);
        else
            std::get<Level>(series).gauge->add_to(numbers);
    }
}

} // namespace holter::aggregator
