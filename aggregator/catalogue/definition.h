// SPDX-License-Identifier: Apache-2.0
//
// What becomes of the events of a catalogue probe: which family they feed, and
// which of the numbers and texts that they carry makes which label. The agent
// makes these out of catalogue files; here they are plain data.
#pragma once

#include "aggregator/errors/classes.h"
#include "aggregator/family.h"
#include "aggregator/series/histogram.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holter::aggregator {

/// A family that a catalogue file declares. Its number is Family::declared or above.
struct DeclaredFamily {
    enum class Type { counter, gauge, histogram };

    Family family = Family::declared;
    std::string name; ///< as in the text format: counters end in `_total`
    std::string help;
    Type type = Type::counter;
    std::vector<std::string> labels; ///< its own
    Bounds bounds;                   ///< of a histogram, in the units of the values
    double per_unit = 1;             ///< units of the values in one exported unit
};

enum class Measure {
    duration,     ///< how long a span took, in ns, into a histogram
    count,        ///< hits, into a counter
    sum,          ///< a number that every hit adds to a counter
    level,        ///< the number of the last hit, as a gauge
    distribution, ///< a number of each hit, into a histogram
    state,        ///< how many objects are in which state, as a gauge
    error,        ///< hits, into the families of errors; the one label is the type
};

/// Where a label's value comes from.
struct LabelSource {
    enum class From { constant, number, text };

    From from = From::constant;
    std::string constant;
    std::size_t index = 0;                     ///< of the number or text
    std::map<std::int64_t, std::string> names; ///< of numbers
    std::string otherwise;                     ///< for numbers without a name; empty: the number
    /// What makes a text of the number, or another one of the text; 0: nothing.
    std::uint32_t resolver = 0;
    /// Patterns: if there are any, hits with other values are not counted …
    std::vector<std::string> only;
    /// … nor are those with one of these.
    std::vector<std::string> except;
};

struct ProbeDefinition {
    std::string runtime; ///< first label of the families that have it
    Family family = Family::declared;
    Measure measure = Measure::count;
    std::vector<LabelSource> labels;             ///< of the family, in its order, without `runtime`
    std::size_t value = 0;                       ///< which number is added up, shown or distributed
    std::size_t object = 0;                      ///< which number is the object, of a state
    std::vector<std::string> gone;               ///< states at which an object is forgotten
    ErrorSource source = ErrorSource::exception; ///< of an error
};

/// Makes a text of a number or text that a process has, with that process's help. Empty: it could
/// not be had, and the hit counts as lost.
using Resolver = std::function<std::string(std::uint32_t target, std::uint32_t resolver,
                                           std::uint64_t number, std::string_view text)>;

/// Whether a family's first label is the runtime.
constexpr bool begins_with_runtime(Family family) {
    return family == Family::gc_pause || family == Family::gc_cycles ||
           family == Family::gc_heap_live || family == Family::gc_heap_goal;
}

} // namespace holter::aggregator
