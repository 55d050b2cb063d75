// SPDX-License-Identifier: Apache-2.0
#include "agent/probe_definitions.h"

#include "exporter/catalog.h"

#include <algorithm>
#include <cmath>

namespace holter::agent {

using aggregator::DeclaredFamily;
using aggregator::Family;
using aggregator::LabelSource;
using aggregator::Measure;
using catalogue::Shape;

namespace {

DeclaredFamily declared(Family family, const catalogue::DeclaredMetric& metric) {
    DeclaredFamily out;
    out.family = family;
    out.name = metric.name;
    out.help = metric.help;
    out.type = metric.type == "counter" ? DeclaredFamily::Type::counter
               : metric.type == "gauge" ? DeclaredFamily::Type::gauge
                                        : DeclaredFamily::Type::histogram;
    out.labels = metric.labels;
    out.per_unit = metric.per_unit;
    if (!metric.buckets.empty()) {
        std::vector<std::uint64_t> bounds;
        for (const double bucket : metric.buckets)
            bounds.push_back(static_cast<std::uint64_t>(std::llround(bucket * metric.per_unit)));
        out.bounds = std::make_shared<const std::vector<std::uint64_t>>(std::move(bounds));
    }
    return out;
}

Family shared_family(const std::string& name) {
    for (const auto& metric : exporter::catalog())
        if (metric.name == name)
            if (const Family* family = std::get_if<Family>(&metric.source))
                return *family;
    return Family::declared; // not reached: the catalogue's reader knows the names
}

std::size_t place_of(const std::vector<std::string>& names, const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

/// What becomes of a field on the way to a label; all places that read it agree.
catalogue::Field::As conversion_of(const catalogue::DeclaredProbe& probe, const std::string& name) {
    for (const auto& place : probe.places)
        for (const auto& field : place.fields)
            if (field.name == name && !field.constant)
                return field.as;
    return catalogue::Field::As::number;
}

LabelSource source_of(const catalogue::DeclaredProbe& probe, const catalogue::LabelRule& rule) {
    LabelSource source;
    source.only = rule.only;
    source.except = rule.except;
    if (rule.constant) {
        source.constant = *rule.constant;
        return source;
    }
    const bool is_text =
        std::find(probe.texts.begin(), probe.texts.end(), rule.field) != probe.texts.end();
    source.from = is_text ? LabelSource::From::text : LabelSource::From::number;
    source.index = place_of(is_text ? probe.texts : probe.numbers, rule.field);
    source.names = rule.names;
    source.otherwise = rule.otherwise;
    const auto as = conversion_of(probe, rule.field);
    if (as == catalogue::Field::As::cpp_type || as == catalogue::Field::As::hotspot_class)
        source.resolver = static_cast<std::uint32_t>(as);
    return source;
}

Measure measure_of(const catalogue::DeclaredProbe& probe, const std::string& type) {
    switch (probe.shape) {
    case Shape::span:
        return type == "counter" ? Measure::count : Measure::duration;
    case Shape::count:
        return Measure::count;
    case Shape::state:
        return Measure::state;
    case Shape::error:
        return Measure::error;
    case Shape::value:
        break;
    }
    return type == "counter" ? Measure::sum
           : type == "gauge" ? Measure::level
                             : Measure::distribution;
}

} // namespace

std::vector<DeclaredFamily>
ProbeDefinitions::declare(const std::vector<catalogue::Definition>& definitions) {
    const std::lock_guard lock(mutex_);
    std::vector<DeclaredFamily> added;
    auto families = families_; // a mistake leaves them as they are
    for (const auto& definition : definitions)
        for (const auto& metric : definition.metrics) {
            for (const auto& own : exporter::catalog())
                if (own.name == metric.name)
                    throw catalogue::YamlError(metric.source + ": metric `" + metric.name +
                                               "` is one of Holter's own");
            const auto next =
                static_cast<Family>(static_cast<std::size_t>(Family::declared) + families.size());
            const auto [known, is_new] = families.emplace(metric.name, Known{next, metric});
            if (is_new)
                added.push_back(declared(next, metric));
            else if (!(known->second.metric == metric))
                throw catalogue::YamlError(
                    metric.source + ": metric `" + metric.name +
                    "` had another meaning when Holter started, which cannot change while it runs");
        }
    families_ = std::move(families);
    return added;
}

aggregator::ProbeDefinition ProbeDefinitions::of(const catalogue::Definition& definition,
                                                 const catalogue::DeclaredProbe& probe) const {
    const std::lock_guard lock(mutex_);
    aggregator::ProbeDefinition out;
    out.runtime = definition.name;
    std::string type;
    if (probe.shape == Shape::error) {
        out.family = Family::errors;
        const auto& names = aggregator::error_source_names;
        const auto found = std::find(names.begin(), names.end(), probe.error_source);
        out.source = static_cast<aggregator::ErrorSource>(found - names.begin());
    } else if (const auto found = families_.find(probe.metric); found != families_.end()) {
        out.family = found->second.family;
        type = found->second.metric.type;
    } else {
        out.family = shared_family(probe.metric);
        type = exporter::to_string(exporter::metric_of(out.family).type);
    }
    out.measure = measure_of(probe, type);
    for (const auto& rule : probe.labels)
        out.labels.push_back(source_of(probe, rule));
    if (!probe.value.empty())
        out.value = place_of(probe.numbers, probe.value);
    if (!probe.object.empty())
        out.object = place_of(probe.numbers, probe.object);
    out.gone = probe.gone;
    return out;
}

} // namespace holter::agent
