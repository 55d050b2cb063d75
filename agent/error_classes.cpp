// SPDX-License-Identifier: Apache-2.0
#include "agent/error_classes.h"

#include "agent/configuration.h"
#include "embedded/probes.h"
#include "loader/catalogue/catalogue.h"
#include "loader/catalogue/strict_yaml.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <regex>
#include <set>

namespace holter::agent {

namespace {

using aggregator::Classification;
using aggregator::ErrorClass;
using catalogue::YamlMap;
using catalogue::YamlValue;

constexpr std::uint32_t lowest_http_code = 100, highest_http_code = 999;
constexpr std::size_t longest_type = 256; // as labels are

struct CodeRange {
    std::uint32_t first, last;
};

CodeRange code_range(const YamlValue& value) {
    static const std::regex form(R"((\d{3})(?:\s*-\s*(\d{3}))?)");
    const std::string text = value.text();
    std::smatch match;
    if (!std::regex_match(text, match, form))
        value.fail("`" + text + "` is no status code of HTTP; write 404 or 500 - 599");
    CodeRange range{};
    range.first = static_cast<std::uint32_t>(std::stoul(match[1].str()));
    range.last =
        match[2].matched ? static_cast<std::uint32_t>(std::stoul(match[2].str())) : range.first;
    if (range.first < lowest_http_code || range.last > highest_http_code ||
        range.first > range.last)
        value.fail("`" + text + "` is no range of status codes");
    return range;
}

template <std::size_t N>
std::uint32_t word_index(const YamlValue& value, const std::array<const char*, N>& words) {
    const std::string word = value.choice({words.begin(), words.end()});
    return static_cast<std::uint32_t>(std::find(words.begin(), words.end(), word) - words.begin());
}

/// Lists of rules, each of which has a class for the values under `key`.
void section(YamlMap& root, const std::string& name, const std::string& key,
             const std::function<void(const YamlValue&, Classification)>& take) {
    const auto rules = root.find(name);
    if (!rules)
        return;
    for (const auto& rule : rules->list()) {
        YamlMap map(rule);
        Classification classification;
        classification.error_class = static_cast<ErrorClass>(
            word_index(map.require("class"), aggregator::error_class_names));
        classification.retryable = classification.error_class == ErrorClass::transient;
        if (const auto retryable = map.find("retryable"))
            classification.retryable = retryable->boolean();
        for (const auto& value : map.require(key).list())
            take(value, classification);
        map.done();
    }
}

} // namespace

void apply_error_classes(aggregator::ErrorClasses& classes, const std::string& content,
                         const std::string& file) {
    const YamlValue document = catalogue::parse_yaml(content, file);
    if (document.empty())
        return;
    YamlMap root(document);
    // The same word in two rules of one file is a slip. Ranges may overlap: the later one is the
    // exception from the earlier.
    std::set<std::string> seen;
    const auto only_once = [&](const YamlValue& value) {
        if (!seen.insert(value.text()).second)
            value.fail("`" + value.text() + "` has a class already");
    };
    section(root, "http", "codes", [&](const YamlValue& value, Classification classification) {
        const CodeRange range = code_range(value);
        only_once(value);
        classes.set_http(range.first, range.last, classification);
    });
    section(root, "grpc", "codes", [&](const YamlValue& value, Classification classification) {
        const std::uint32_t code = word_index(value, aggregator::grpc_code_names);
        only_once(value);
        classes.set_grpc(code, classification);
    });
    section(root, "types", "types", [&](const YamlValue& value, Classification classification) {
        const std::string type = value.text();
        if (type.empty() || type.size() > longest_type)
            value.fail("a type has 1 … " + std::to_string(longest_type) + " bytes");
        only_once(value);
        classes.set_type(type, classification);
    });
    section(root, "sources", "sources", [&](const YamlValue& value, Classification classification) {
        const std::uint32_t source = word_index(value, aggregator::error_source_names);
        only_once(value);
        classes.set_source(static_cast<aggregator::ErrorSource>(source), classification);
    });
    root.done();
}

aggregator::ErrorClasses error_classes(const std::string& path) {
    aggregator::ErrorClasses classes;
    for (const auto& [name, content] : embedded_probes())
        if (name == catalogue::error_classes_name)
            apply_error_classes(classes, std::string(content), "probes/" + std::string(name));
    if (!path.empty())
        apply_error_classes(classes, read_file(path), path);
    return classes;
}

} // namespace holter::agent
