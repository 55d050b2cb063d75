// SPDX-License-Identifier: Apache-2.0
//
// What one process's catalogue probes have seen. The labels of a hit are worked out
// once: what a hit carries leads straight to its series the next time, since a
// probe may be hit a million times a second and has few different labels.
#pragma once

#include "aggregator/catalogue/definition.h"
#include "aggregator/catalogue/tables.h"
#include "aggregator/errors/errors.h"
#include "aggregator/snapshot.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace holter::aggregator {

/// One event of a catalogue probe.
struct ProbeHit {
    std::uint32_t target = 0;
    std::uint32_t probe = 0;
    std::uint64_t duration_ns = 0;
    std::span<const __u64> numbers;
    std::array<std::string_view, 2> texts;
};

enum class HitOutcome {
    counted,
    unwanted,   ///< its definition leaves it out
    unresolved, ///< what a number or text stands for could not be had
    map_full,   ///< the process has too many objects whose states are told
    negative,   ///< a number below zero, where only what adds up is counted
    withdrawn,  ///< the probe is no longer attached to the process
};

class ProbesOfProcess {
  public:
    /// Label sets that one process may have in one family before further ones are `other`.
    static constexpr std::size_t max_label_sets = 256;
    /// Objects whose states are known, of one process.
    static constexpr std::size_t max_objects = 65536;

    ProbesOfProcess(CatalogueTables& tables, Errors& errors, std::shared_ptr<const Service> service)
        : tables_(tables), errors_(errors), service_(std::move(service)) {}
    /// Hands the counts over to the service.
    ~ProbesOfProcess();
    ProbesOfProcess(const ProbesOfProcess&) = delete;
    ProbesOfProcess& operator=(const ProbesOfProcess&) = delete;

    /// The probe is attached: series whose labels can be foreseen exist from now on.
    void expect(std::uint32_t probe, const ProbeDefinition& definition);
    /// It is no longer attached: what only it said of the present ends, what it has counted stays.
    void withdraw(std::uint32_t probe);
    /// The same, and its number may get another meaning.
    void forget(std::uint32_t probe);
    HitOutcome on_hit(const ProbeDefinition& definition, const ProbeHit& hit,
                      const Resolver& resolver);

    void add_to(std::vector<HistogramSeries>& histograms, std::vector<NumberSeries>& numbers) const;

  private:
    using Labels = std::vector<std::string>;
    template <typename Value> struct Use {
        SeriesTable<Value>* table;
        typename SeriesTable<Value>::Series* series;
        Value value;
    };
    struct Level {
        std::unique_ptr<Gauge> gauge;
        std::set<std::uint32_t> probes; ///< that feed it
    };
    using Series = std::variant<Use<PauseHistogram>, Use<Histogram>, Use<std::uint64_t>, Level>;

    /// A known way from what a hit carries to what it means.
    struct Known {
        bool wanted = true;
        Series* series = nullptr; ///< null for an error
        std::string error_type;   ///< of an error
    };

    std::optional<Labels> labels_of(const ProbeDefinition& definition, const ProbeHit& hit,
                                    const Resolver& resolver, HitOutcome& outcome) const;
    Series* open(std::uint32_t probe, const ProbeDefinition& definition, Labels labels);
    Series* series_with(const ProbeDefinition& definition, Labels labels);
    HitOutcome count(const ProbeDefinition& definition, const ProbeHit& hit, const Known& known);
    HitOutcome change_state(const ProbeDefinition& definition, const ProbeHit& hit,
                            const Resolver& resolver);

    CatalogueTables& tables_;
    Errors& errors_;
    std::shared_ptr<const Service> service_;
    std::map<std::pair<Family, Labels>, Series> series_;
    std::map<Family, std::size_t> label_sets_;
    std::unordered_map<std::string, Known> known_; ///< by what a hit carries
    std::string key_;                              ///< of the hit at hand
    struct Object {
        Gauge* state;
        std::uint32_t probe; ///< that has told of it last
    };
    /// By family and object: several probes may tell of one object.
    std::map<std::pair<Family, std::uint64_t>, Object> objects_;
    std::set<std::uint32_t> withdrawn_;
};

} // namespace holter::aggregator
