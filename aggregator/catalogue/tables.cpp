// SPDX-License-Identifier: Apache-2.0
#include "aggregator/catalogue/tables.h"

#include <utility>

namespace holter::aggregator {

void CatalogueTables::declare(DeclaredFamily definition) {
    const Family family = definition.family;
    if (declared_.count(family))
        return;
    Declared& declared = declared_[family];
    // The labels may be texts of the traced process.
    constexpr Overflow overflow = Overflow::drop_labels;
    switch (definition.type) {
    case DeclaredFamily::Type::histogram:
        declared.histograms = std::make_unique<SeriesTable<Histogram>>(family, limit_, overflow);
        break;
    case DeclaredFamily::Type::counter:
        declared.counters = std::make_unique<SeriesTable<std::uint64_t>>(family, limit_, overflow);
        break;
    case DeclaredFamily::Type::gauge:
        declared.gauges = std::make_unique<GaugeTable>(family, Combine::sum, limit_, overflow);
        break;
    }
    declared.definition = std::make_shared<const DeclaredFamily>(std::move(definition));
}

CatalogueTables::Table CatalogueTables::table(Family family) {
    switch (family) {
    case Family::gc_pause:
        return &gc_.pauses;
    case Family::gc_cycles:
        return &gc_.cycles;
    case Family::gc_heap_live:
        return &memory_.heap_live;
    case Family::gc_heap_goal:
        return &memory_.heap_goal;
    default:
        break;
    }
    const auto found = declared_.find(family);
    if (found == declared_.end())
        return {};
    if (found->second.histograms)
        return found->second.histograms.get();
    if (found->second.counters)
        return found->second.counters.get();
    return found->second.gauges.get();
}

} // namespace holter::aggregator
