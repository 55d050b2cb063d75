// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue/catalogue.h"

#include "embedded/probes.h"
#include "loader/catalogue/programs.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>

namespace holter::catalogue {

namespace {

MinorRelease release_of(const std::smatch& match, std::size_t group) {
    const auto number = [&](std::size_t at) {
        return static_cast<std::uint32_t>(std::stoul(match[at].str()));
    };
    return {number(group), number(group + 1)};
}

VersionRange parse_versions(const YamlValue& value) {
    static const std::string release = R"((\d{1,4})\.(\d{1,4}))";
    static const std::regex one(release), between(release + R"(\s*-\s*)" + release),
        from(R"(>=\s*)" + release), up_to(R"(<=\s*)" + release);
    const std::string text = value.text();
    std::smatch match;
    VersionRange range;
    if (std::regex_match(text, match, one))
        range.first = range.last = release_of(match, 1);
    else if (std::regex_match(text, match, between))
        range = {release_of(match, 1), release_of(match, 3)};
    else if (std::regex_match(text, match, from))
        range.first = release_of(match, 1);
    else if (std::regex_match(text, match, up_to))
        range.last = release_of(match, 1);
    else
        value.fail("`" + text +
                   "` is no range of versions; write 1.18, 1.18 - 1.21, >=1.22 or <=1.21");
    if (range.first > range.last)
        value.fail("`" + text + "` is an empty range");
    return range;
}

/// A word's position in its vocabulary.
std::uint8_t word_id(const YamlValue& value, const std::vector<std::string>& words) {
    const auto found = std::find(words.begin(), words.end(), value.choice(words));
    return static_cast<std::uint8_t>(found - words.begin());
}

InlinedRule parse_inlined(const YamlValue& value, const Vocabulary& words) {
    YamlMap map(value);
    InlinedRule rule{map.require("into").text(), map.text_or_nothing("call"), 0};
    if (const auto argument = map.find("argument"))
        rule.argument = word_id(*argument, words.arguments);
    map.done();
    return rule;
}

Probe parse_probe(const YamlValue& value, const Vocabulary& words, const std::string& file) {
    YamlMap map(value);
    Probe probe;
    probe.name = map.require("name").text();
    probe.help = map.require("help").text();
    if (const auto versions = map.find("versions"))
        probe.versions = parse_versions(*versions);
    probe.module = map.text_or_nothing("module");
    if (const auto versions = map.find("runtime_versions")) {
        if (probe.module.empty())
            versions->fail("without `module`, `versions` are those of the runtime");
        probe.runtime_versions = parse_versions(*versions);
    }
    probe.function = map.require("function").text();
    probe.call = map.text_or_nothing("call");
    if (const auto result = map.find("result")) {
        if (!probe.call.empty())
            result->fail("a probe is at the `call` or at its `result`, not both");
        probe.call = result->text();
        probe.result = true;
    }
    if (const auto sites = map.find("sites"))
        probe.sites =
            sites->text() == "any" ? 0 : static_cast<std::uint32_t>(sites->integer(1, 64));
    probe.linked = map.text_or_nothing("linked");
    probe.instead_of = map.text_or_nothing("instead_of");
    const YamlValue program = map.require("program");
    probe.program = program.text();
    probe.program_id = word_id(program, words.programs);
    if (const auto argument = map.find("argument"))
        probe.argument = word_id(*argument, words.arguments);
    if (const auto rules = map.find("inlined"))
        for (const auto& rule : rules->list())
            probe.inlined.push_back(parse_inlined(rule, words));
    probe.inlined_is_covered_by = map.text_or_nothing("inlined_is_covered_by");
    probe.source = file + ":" + std::to_string(value.line());
    map.done();
    return probe;
}

Group parse_group(const YamlValue& value, const std::string& file) {
    YamlMap map(value);
    Group group;
    group.name = map.require("name").text();
    group.object = map.require("object").choice(object_names());
    if (const auto optional = map.find("optional"))
        group.optional = optional->boolean();
    if (const auto windows = map.find("windows"))
        group.windows = windows->boolean();
    if (const auto per_request = map.find("per_request"))
        group.per_request = per_request->boolean();
    for (const auto& probe : map.require("probes").list())
        group.probes.push_back(parse_probe(probe, vocabulary(group.object), file));
    map.done();
    return group;
}

/// Go's file says how it is recognised in a way of its own.
bool is_of_go(const std::string& content, const std::string& source) {
    const YamlValue document = parse_yaml(content, source);
    if (!document.is_mapping())
        return false;
    const auto recognise = YamlMap(document).find("recognise");
    return recognise && recognise->is_mapping();
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad())
        throw YamlError(path + ": cannot be read: " + std::strerror(errno));
    return content;
}

/// The catalogue files of a folder: name, content. Throws YamlError.
std::map<std::string, std::string> read_folder(const std::string& folder) {
    namespace fs = std::filesystem;
    std::map<std::string, std::string> files;
    if (folder.empty())
        return files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const fs::path& path = entry->path();
        if (path.extension() != ".yaml")
            continue;
        std::error_code unknown;
        if (!fs::is_regular_file(path, unknown))
            throw YamlError(path.string() + ": cannot be read: it is no regular file");
        files.emplace(path.filename(), read_file(path));
    }
    if (error)
        throw YamlError(folder + ": cannot be read: " + error.message());
    return files;
}

} // namespace

std::string VersionRange::text() const {
    const auto version = [](const MinorRelease& release) {
        return std::to_string(release.major) + "." + std::to_string(release.minor);
    };
    const bool from_start = first == MinorRelease{};
    if (first == last)
        return version(first);
    if (last == VersionRange{}.last)
        return from_start ? "all" : ">=" + version(first);
    return from_start ? "<=" + version(last) : version(first) + " - " + version(last);
}

bool matches(std::string_view pattern, std::string_view name) {
    if (!pattern.empty() && pattern.back() == '*')
        return name.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1);
    return pattern == name;
}

Runtime parse_runtime(const std::string& content, const std::string& file) {
    YamlMap map(parse_yaml(content, file));
    Runtime runtime;
    runtime.source = file;
    runtime.name = map.require("runtime").text();
    YamlMap recognise(map.require("recognise"));
    if (const auto go = recognise.find("go_build_info"))
        runtime.go_build_info = go->boolean();
    recognise.done();
    for (const auto& group : map.require("groups").list())
        runtime.groups.push_back(parse_group(group, file));
    map.done();
    return runtime;
}

bool is_catalogue_file(const std::string& path) {
    static const std::vector<std::string> keys = {"runtime", "library", "recognise", "metrics",
                                                  "groups"};
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        return false;
    const YamlValue document = parse_yaml(read_file(path), path);
    if (!document.is_mapping())
        return false;
    const auto entries = YamlMap(document).entries();
    return std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
        return nearest(entry.first.text(), keys).has_value();
    });
}

std::optional<Definition> read_definition(const std::string& path) {
    const std::string content = read_file(path);
    if (!is_of_go(content, path))
        return parse_definition(content, path);
    parse_runtime(content, path);
    return std::nullopt;
}

Catalogue read_catalogue(const std::string& folder) {
    // By file name: a user's file replaces the built-in one of its name.
    std::map<std::string, std::pair<std::string, std::string>> files; // to source, content
    for (const auto& [name, content] : embedded_probes())
        if (name.ends_with(".yaml") && name != error_classes_name)
            files[std::string(name)] = {"probes/" + std::string(name), std::string(content)};
    for (auto& [name, content] : read_folder(folder))
        files[name] = {folder + "/" + name, std::move(content)};

    Catalogue catalogue;
    for (const auto& [name, file] : files) {
        const auto& [source, content] = file;
        if (is_of_go(content, source))
            catalogue.runtimes.push_back(parse_runtime(content, source));
        else
            catalogue.definitions.push_back(parse_definition(content, source));
    }
    std::map<std::string, const DeclaredMetric*> metrics;
    for (const auto& definition : catalogue.definitions)
        for (const auto& metric : definition.metrics) {
            const auto [known, is_new] = metrics.emplace(metric.name, &metric);
            if (!is_new && *known->second != metric)
                throw YamlError(metric.source + ": metric `" + metric.name +
                                "` is declared differently at " + known->second->source);
        }
    return catalogue;
}

} // namespace holter::catalogue
