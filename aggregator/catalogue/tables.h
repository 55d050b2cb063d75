// SPDX-License-Identifier: Apache-2.0
//
// The series that catalogue probes feed: those of families that every runtime has,
// and those of families that catalogue files declare.
#pragma once

#include "aggregator/catalogue/definition.h"
#include "aggregator/golang/go_gc.h"
#include "aggregator/golang/go_memory.h"
#include "aggregator/series/gauge.h"
#include "aggregator/series/series.h"

#include <cstdint>
#include <map>
#include <memory>
#include <variant>

namespace holter::aggregator {

class CatalogueTables {
  public:
    /// Both must outlive it.
    CatalogueTables(GoGcTables& gc, GoMemoryTables& memory, std::size_t limit)
        : gc_(gc), memory_(memory), limit_(limit) {}

    /// Declares a family, again if need be. The definition of a family never changes.
    void declare(DeclaredFamily definition);

    using Table = std::variant<std::monostate, SeriesTable<PauseHistogram>*,
                               SeriesTable<Histogram>*, SeriesTable<std::uint64_t>*, GaugeTable*>;
    /// Where a family's series are; nothing if no probe can feed it.
    Table table(Family family);
    /// Bounds of a declared histogram.
    const Bounds& bounds(Family family) const { return declared_.at(family).definition->bounds; }

    /// In the order of their numbers: `visit(definition, table)`, with each kind of table.
    template <typename Visitor> void each_declared(Visitor&& visit) {
        for (auto& [family, declared] : declared_) {
            if (declared.histograms)
                visit(declared.definition, *declared.histograms);
            if (declared.counters)
                visit(declared.definition, *declared.counters);
            if (declared.gauges)
                visit(declared.definition, *declared.gauges);
        }
    }

  private:
    struct Declared {
        std::shared_ptr<const DeclaredFamily> definition;
        // One of them.
        std::unique_ptr<SeriesTable<Histogram>> histograms;
        std::unique_ptr<SeriesTable<std::uint64_t>> counters;
        std::unique_ptr<GaugeTable> gauges;
    };

    GoGcTables& gc_;
    GoMemoryTables& memory_;
    std::size_t limit_;
    std::map<Family, Declared> declared_;
};

} // namespace holter::aggregator
