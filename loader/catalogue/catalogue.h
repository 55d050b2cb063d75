// SPDX-License-Identifier: Apache-2.0
//
// The catalogue: what can be attached to, as data. One file per runtime or
// library says how a process of it is recognised, which functions are probed in
// which versions, and which BPF program takes each. A file chooses a program; it
// never is one.
#pragma once

#include "loader/catalogue/definition.h"
#include "loader/catalogue/strict_yaml.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holter::catalogue {

/// A minor release of Go or of a module: 1.18, 0.51.
struct MinorRelease {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    auto operator<=>(const MinorRelease&) const = default;
};

/// Inclusive range of minor releases; the text form is `1.18`, `1.18 - 1.21`, `>=1.22` or `<=1.21`.
struct VersionRange {
    MinorRelease first;
    MinorRelease last = {UINT32_MAX, UINT32_MAX};
    bool contains(const MinorRelease& release) const { return first <= release && release <= last; }
    std::string text() const;
};

/// What to do where the compiler copied a probed function into another one.
struct InlinedRule {
    std::string into;          ///< host function; `*` at the end matches any rest
    std::string call;          ///< which calls in there to probe, where the probe has none itself
    std::uint8_t argument = 0; ///< of the program, for sites inside that host
};

struct Probe {
    std::string name; ///< the `probe` label
    std::string help;
    VersionRange versions; ///< of `module`; without one, of the runtime
    std::string module;    ///< path of the module that holds `function`; empty: part of the runtime
    VersionRange runtime_versions; ///< beside those of the module
    std::string function;          ///< `*` at the end matches any rest
    std::string call;    ///< probe the calls of this function inside `function`; empty: its entry
    bool result = false; ///< probe where the result of `call` is looked at, not the call
    /// How many such calls there must be: another number is another version. 0: at least one.
    std::uint32_t sites = 1;
    std::string linked;     ///< only where this function is in the binary
    std::string instead_of; ///< only where that probe of the group cannot be had
    std::string program;    ///< part of the group's BPF program that takes the hits
    std::uint8_t program_id = 0;
    std::uint8_t argument = 0;        ///< what the cookie tells that program
    std::vector<InlinedRule> inlined; ///< of a host, all that fit
    /// A copy of `function` inside another needs no report of its own: that probe handles it.
    std::string inlined_is_covered_by;
    std::string source; ///< `file:line`, for people
};

/// Probes that are attached and detached together.
struct Group {
    std::string name;
    std::string object; ///< BPF object that holds the programs
    /// Programs need not have what is probed: no function, nothing to see and nothing to report.
    bool optional = false;
    /// Attached for moments only, to learn of what was there before: its probes are hit per
    /// request.
    bool windows = false;
    /// Its probes are hit per request: on a target that is too busy, requests are sampled.
    bool per_request = false;
    std::vector<Probe> probes;
};

struct Runtime {
    std::string name;           ///< the `runtime` label
    std::string source;         ///< file name, or `built in: go.yaml`
    bool go_build_info = false; ///< recognised by Go's build information
    std::vector<Group> groups;
};

/// Parses one catalogue file. Throws YamlError.
Runtime parse_runtime(const std::string& content, const std::string& file);

/// All that can be attached.
struct Catalogue {
    std::vector<Runtime> runtimes; ///< Go: it alone has a form of its own
    std::vector<Definition> definitions;
};

/// All files that are compiled in, and those named *.yaml in `folder`, unless it is empty; of the
/// same file name, the one in `folder` counts. Throws YamlError.
Catalogue read_catalogue(const std::string& folder = "");

/// The one file in probes/ that is not about probes (agent/error_classes.h).
inline constexpr std::string_view error_classes_name = "error_classes.yaml";

/// Whether the file at `path` has keys of catalogue files, or some that are nearly theirs. Throws
/// YamlError.
bool is_catalogue_file(const std::string& path);
/// Reads one; nothing comes of one in the form of Go's, but its mistakes. Throws YamlError.
std::optional<Definition> read_definition(const std::string& path);

/// True if `name` is `pattern`, or starts with it up to a final `*`.
bool matches(std::string_view pattern, std::string_view name);

} // namespace holter::catalogue
