// SPDX-License-Identifier: Apache-2.0
//
// A catalogue file, as data: how a runtime or library is recognised, which places of
// it are probed, what is read there, and which metric that feeds. The form of the
// files is described in docs/catalogue.md. (Go has a form of its own, catalogue.h:
// its probes need more than a calling convention.)
#pragma once

#include "loader/catalogue/strict_yaml.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holter::catalogue {

/// An ELF file that a process has mapped is of this kind if all that is said holds.
struct Recognition {
    std::string file;   ///< glob over the file's name; empty: any
    std::string symbol; ///< that it defines; empty: none needed
    std::string usdt;   ///< provider of USDT probes that it has; empty: none needed
};

/// What a number is, or what the last step of a path reads.
struct NumberType {
    std::uint8_t size = 8; ///< bytes
    bool is_signed = false;
};

/// Something that is read at a place.
struct Field {
    /// What becomes of it on the way to a label.
    enum class As {
        number,
        text,          ///< as it is
        cpp_type,      ///< a mangled C++ type, demangled
        hotspot_class, ///< a number: HotSpot's class of an object, by the class's narrow pointer
    };

    std::string name;
    As as = As::number;
    std::optional<std::int64_t> constant; ///< nothing is read
    bool result = false;                  ///< the function's result, not an argument
    unsigned argument = 0;                ///< from 0
    std::optional<NumberType> type;       ///< nothing: what the USDT probe says; else 8 bytes
    std::vector<std::int32_t> path;       ///< value = *(value + offset), one after the other
    std::optional<unsigned> length;       ///< of a text: the argument that holds its length

    bool is_text() const { return as == As::text || as == As::cpp_type; }
};

/// Where a probe is attached.
struct Place {
    enum class Kind { usdt, function, return_of };
    enum class Role { instant, begin, during, end };

    Kind kind = Kind::usdt;
    Role role = Role::instant;
    std::string provider; ///< of a USDT probe
    std::string name;     ///< of the USDT probe or function; functions: mangled, or as C++ and Rust
                          ///< write them; `*` at the end matches any rest
    std::vector<Field> fields;
    /// The hit counts only if this field has one of these values.
    std::optional<Field> condition;
    std::vector<std::int64_t> condition_values;

    std::string text() const; ///< `usdt python:gc__start`
};

enum class Shape { span, count, value, state, error };

struct LabelRule {
    std::string label;
    std::optional<std::string> constant;
    std::string field;                         ///< if not constant
    std::map<std::int64_t, std::string> names; ///< of numbers
    std::string otherwise;                     ///< for numbers without a name
    std::vector<std::string> only, except;     ///< globs
    std::string source;                        ///< `file:line:column`
};

struct DeclaredProbe {
    std::string name; ///< the `probe` label. Probes of one name are alternatives: the first one
                      ///< that a file has everything for is taken
    std::string help;
    std::vector<std::string> needs, lacks; ///< symbols that the file must have, or not have
    Shape shape = Shape::count;
    std::vector<Place> places; ///< one, or those of a span
    std::string key;           ///< field that joins the places of a span; empty: the thread
    std::string outside; ///< probe inside whose spans this one does not count, on the same thread
    std::string metric;
    std::string value;             ///< field
    std::string object;            ///< field, of a state
    std::vector<std::string> gone; ///< states after which the object is no more
    std::string error_source;      ///< of an error
    std::vector<LabelRule> labels; ///< an error has one: the type
    bool looks_again = false; ///< after a hit, the files that the process has mapped may be others
    std::vector<std::string> numbers, texts; ///< names of fields, by their place in an event
    std::string source;                      ///< `file:line:column`
};

/// A metric that no other part of Holter has.
struct DeclaredMetric {
    std::string name;
    std::string help;
    std::string type; ///< `counter`, `gauge`, `histogram`
    std::vector<std::string> labels;
    std::vector<double> buckets; ///< of a histogram, in the metric's unit
    double per_unit = 1;         ///< how much of what is read is one unit of the metric
    std::string source;          ///< `file:line:column`

    bool operator==(const DeclaredMetric& other) const {
        return name == other.name && type == other.type && labels == other.labels &&
               buckets == other.buckets && per_unit == other.per_unit && help == other.help;
    }
};

struct DeclaredGroup {
    std::string name;
    std::vector<DeclaredProbe> probes;
};

struct Definition {
    std::string name;        ///< the `runtime` label
    bool is_library = false; ///< it says nothing about what a process is
    std::string source;      ///< file name, or `probes/NAME.yaml` for those that are built in
    std::string content;     ///< as written
    std::vector<Recognition> recognise;
    std::vector<DeclaredMetric> metrics;
    std::vector<DeclaredGroup> groups;

    /// All of its probes only say when to look again: no reason to trace a process.
    bool is_companion() const;
};

/// The most that a file may ask for.
inline constexpr std::size_t max_probes_of_file = 512;

/// Parses one catalogue file that is not Go's. Throws YamlError.
Definition parse_definition(const std::string& content, const std::string& file);

/// Whether `text` is `pattern`, in which `*` stands for any text and `?` for any character.
bool glob_matches(std::string_view pattern, std::string_view text);

std::string_view to_string(Shape shape);

} // namespace holter::catalogue
