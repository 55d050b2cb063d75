// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/layout/offset_table.h"

#include "embedded/probes.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <tuple>
#include <utility>

namespace holter::golang {

namespace {

constexpr std::string_view embedded_name = "go_offsets.tsv";

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
        return std::nullopt;
    }
    return number;
}

/// Takes a number off the front of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text) {
    const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_number(text.substr(0, length));
    if (number) {
        text.remove_prefix(length);
    }
    return number;
}

struct Spelling {
    Release release;
    /// Nothing but a release: no candidate, experiment, vendor's build or pseudo-version.
    bool plain = false;
};

std::optional<Spelling> parse_release(std::string_view text) {
    Spelling spelling;
    const bool development = text.starts_with("devel ");
    if (development) {
        text.remove_prefix(6);
    }
    if (text.starts_with("go")) {
        text.remove_prefix(2);
    } else if (text.starts_with("v")) {
        text.remove_prefix(1);
    }
    std::uint32_t* const parts[] = {&spelling.release.major, &spelling.release.minor,
                                    &spelling.release.patch};
    std::size_t count = 0;
    for (std::uint32_t* part : parts) {
        const auto number = take_number(text);
        if (!number) {
            return std::nullopt;
        }
        *part = *number;
        ++count;
        if (count == std::size(parts) || text.size() < 2 || text[0] != '.') {
            break;
        }
        text.remove_prefix(1);
    }
    if (count < 2) {
        return std::nullopt;
    }
    spelling.plain = text.empty() && !development;
    return spelling;
}

bool same_minor(const Release& a, const Release& b) {
    return a.major == b.major && a.minor == b.minor;
}

/// Reads one line at a time into the modules of a table.
class Parser {
  public:
    explicit Parser(std::map<std::string, ModuleLayouts, std::less<>>& modules)
        : modules_(modules) {}

    /// What is wrong with the line, or nullopt.
    std::optional<std::string> line(std::string_view text) {
        const auto words = split(text, '\t');
        if (words.size() < 3 || words[1].empty() || words[2].empty()) {
            return "expected at least kind, module and one value, separated by tabs";
        }
        ModuleLayouts& module = modules_[std::string(words[1])];
        if (words[0] == "measured") {
            return measured(module, words);
        }
        if (words[0] == "variable") {
            if (words.size() != 4 || words[3].empty()) {
                return "expected: variable, module, struct, variable";
            }
            module.variables[std::string(words[2])] = words[3];
            return std::nullopt;
        }
        if (words[0] == "size") {
            return figure(module, Figure::Kind::size, words);
        }
        if (words[0] == "offset") {
            return figure(module, Figure::Kind::offset, words);
        }
        return "unknown kind '" + std::string(words[0]) + "'";
    }

  private:
    static std::optional<std::string> measured(ModuleLayouts& module,
                                               const std::vector<std::string_view>& words) {
        if (words.size() != 3) {
            return "expected: measured, module, releases";
        }
        for (const std::string_view word : split(words[2], ' ')) {
            const auto spelling = parse_release(word);
            if (!spelling || !spelling->plain) {
                return "'" + std::string(word) + "' is not a release";
            }
            module.measured.emplace_back(spelling->release, word);
        }
        return std::nullopt;
    }

    static std::optional<std::string> figure(ModuleLayouts& module, Figure::Kind kind,
                                             const std::vector<std::string_view>& words) {
        if (words.size() != 7) {
            return "expected: kind, module, name, arch, first, last, bytes";
        }
        Figure::Range range;
        if (words[3] == "amd64") {
            range.machine = elf::Machine::x86_64;
        } else if (words[3] == "arm64") {
            range.machine = elf::Machine::arm64;
        } else if (words[3] != "any") {
            return "'" + std::string(words[3]) + "' is not any, amd64 or arm64";
        }
        const auto first = parse_release(words[4]);
        const auto last = parse_release(words[5]);
        if (!first || !first->plain || !last || !last->plain || last->release < first->release) {
            return "'" + std::string(words[4]) + "' to '" + std::string(words[5]) +
                   "' is not a range of releases";
        }
        const auto bytes = parse_number(words[6]);
        if (!bytes) {
            return "'" + std::string(words[6]) + "' is not a number of bytes";
        }
        range.first = first->release;
        range.last = last->release;
        range.bytes = *bytes;
        if (module.figures.empty() || module.figures.back().kind != kind ||
            module.figures.back().name != words[2]) {
            module.figures.push_back({kind, std::string(words[2]), {}});
        }
        module.figures.back().ranges.push_back(range);
        return std::nullopt;
    }

    std::map<std::string, ModuleLayouts, std::less<>>& modules_;
};

std::vector<std::optional<std::uint32_t>> figures_at(const ModuleLayouts& module,
                                                     const Release& release, elf::Machine machine) {
    std::vector<std::optional<std::uint32_t>> found;
    found.reserve(module.figures.size());
    for (const Figure& figure : module.figures) {
        found.push_back(figure.at(release, machine));
    }
    return found;
}

} // namespace

std::optional<std::uint32_t> Figure::at(const Release& release, elf::Machine machine) const {
    for (const Range& range : ranges) {
        if (range.first <= release && release <= range.last &&
            range.machine.value_or(machine) == machine) {
            return range.bytes;
        }
    }
    return std::nullopt;
}

Result<OffsetTable> OffsetTable::parse(std::string_view text, std::string_view name) {
    OffsetTable table;
    Parser parser(table.modules_);
    std::size_t number = 0;
    for (const std::string_view line : split(text, '\n')) {
        ++number;
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        if (auto problem = parser.line(line)) {
            return Error{"malformed_table",
                         std::string(name) + ":" + std::to_string(number) + ": " + *problem};
        }
    }
    for (auto& [module, layouts] : table.modules_) {
        if (layouts.measured.empty()) {
            return Error{"malformed_table",
                         std::string(name) + ": no `measured` line for module " + module};
        }
        std::sort(layouts.measured.begin(), layouts.measured.end());
        const auto key = [](const Figure& figure) { return std::tie(figure.kind, figure.name); };
        std::sort(layouts.figures.begin(), layouts.figures.end(),
                  [&](const Figure& a, const Figure& b) { return key(a) < key(b); });
        const auto twice =
            std::adjacent_find(layouts.figures.begin(), layouts.figures.end(),
                               [&](const Figure& a, const Figure& b) { return key(a) == key(b); });
        if (twice != layouts.figures.end()) {
            return Error{"malformed_table",
                         std::string(name) + ": lines of " + twice->name + " are not together"};
        }
    }
    return table;
}

const OffsetTable& OffsetTable::embedded() {
    static const Result<OffsetTable> table = [] {
        std::string_view text;
        for (const auto& [name, content] : embedded_probes()) {
            if (name == embedded_name) {
                text = content;
            }
        }
        return parse(text, embedded_name);
    }();
    return table.value();
}

const ModuleLayouts* OffsetTable::module(std::string_view name) const {
    const auto found = modules_.find(name);
    return found == modules_.end() ? nullptr : &found->second;
}

ReleaseLayout OffsetTable::look_up(std::string_view module_name, std::string_view version,
                                   elf::Machine machine) const {
    const ModuleLayouts* layouts = module(module_name);
    if (layouts == nullptr) {
        return {{}, false, "no table for " + std::string(module_name)};
    }
    const auto spelling = parse_release(version);
    const Release wanted = spelling ? spelling->release : layouts->measured.back().first;
    const auto& measured = layouts->measured;
    auto upper = std::find_if(measured.begin(), measured.end(),
                              [&](const auto& entry) { return entry.first >= wanted; });

    ReleaseLayout out;
    if (upper != measured.end() && upper->first == wanted) {
        out.figures = figures_at(*layouts, wanted, machine);
        out.source = "table " + upper->second;
        out.exact = spelling && spelling->plain;
        if (!out.exact) {
            out.source += " (nearest to " + std::string(version) + ")";
        }
        return out;
    }
    const bool has_upper = upper != measured.end() && same_minor(upper->first, wanted);
    const bool has_lower = upper != measured.begin() && same_minor(std::prev(upper)->first, wanted);
    const auto nearest =
        upper == measured.begin() || (has_upper && !has_lower) ? upper : std::prev(upper);
    out.figures = figures_at(*layouts, nearest->first, machine);
    const bool between = spelling && spelling->plain && has_upper && has_lower;
    if (between && figures_at(*layouts, upper->first, machine) == out.figures) {
        out.exact = true;
        out.source = "table " + nearest->second + " and " + upper->second + ", which agree";
        return out;
    }
    out.source = "table " + nearest->second + " (nearest to " + std::string(version) + ")";
    return out;
}

} // namespace holter::golang
