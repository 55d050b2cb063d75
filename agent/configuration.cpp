// SPDX-License-Identifier: Apache-2.0
#include "agent/configuration.h"

#include "loader/catalogue/strict_yaml.h"
#include "loader/golang/trace_settings.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>

namespace holter::agent {

namespace {

using catalogue::YamlMap;
using catalogue::YamlValue;

/// Prometheus' durations: `30s`, `1m30s`, `500ms`.
std::chrono::milliseconds duration(const YamlValue& value) {
    static const std::regex form(
        R"((?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?(?:(\d{1,9})ms)?)");
    const std::string text = value.text();
    std::smatch match;
    if (text.empty() || !std::regex_match(text, match, form))
        value.fail("`" + text + "` is no duration; write for example 30s, 1m30s or 500ms");
    const auto part = [&](std::size_t group) {
        return match[group].matched ? std::stoll(match[group].str()) : 0;
    };
    return std::chrono::milliseconds(((part(1) * 60 + part(2)) * 60 + part(3)) * 1000 + part(4));
}

template <typename Reader> void section(YamlMap& parent, const std::string& name, Reader read) {
    const auto value = parent.find(name);
    if (!value)
        return;
    YamlMap map(*value);
    read(map);
    map.done();
}

void text_key(YamlMap& map, const std::string& key, std::string& target) {
    if (const auto value = map.find(key))
        target = value->text();
}

void choice_key(YamlMap& map, const std::string& key, const std::vector<std::string>& words,
                std::string& target) {
    if (const auto value = map.find(key))
        target = value->choice(words);
}

} // namespace

Result<double> budget(const std::string& text) {
    static const std::regex form(R"((\d{1,3}(?:\.\d{1,9})?)(%?))");
    if (text == "off")
        return 0;
    std::smatch match;
    double part = 0;
    if (std::regex_match(text, match, form))
        part = std::stod(match[1].str()) / (match[2].length() > 0 ? 100 : 1);
    if (part <= 0 || part > 1)
        return Error{"no_budget",
                     "`" + text + "` is no budget; write for example 0.3%, 0.003 or off"};
    return part;
}

Configuration parse_configuration(const std::string& content, const std::string& file) {
    Configuration configuration;
    const YamlValue document = catalogue::parse_yaml(content, file);
    if (document.empty())
        return configuration;
    YamlMap root(document);
    section(root, "web", [&](YamlMap& map) {
        text_key(map, "listen_address", configuration.listen_address);
        text_key(map, "telemetry_path", configuration.telemetry_path);
    });
    section(root, "log", [&](YamlMap& map) {
        choice_key(map, "level", {"debug", "info", "warn", "error"}, configuration.log_level);
        choice_key(map, "format", {"logfmt", "json"}, configuration.log_format);
    });
    section(root, "select", [&](YamlMap& map) {
        if (const auto pids = map.find("pids"))
            for (const auto& pid : pids->list())
                configuration.pids.push_back(static_cast<std::int32_t>(
                    pid.integer(1, std::numeric_limits<std::int32_t>::max())));
        if (const auto globs = map.find("executables"))
            configuration.executables = globs->texts();
        if (const auto names = map.find("services"))
            configuration.services = names->texts();
    });
    section(root, "attach", [&](YamlMap& map) {
        choice_key(map, "method", {"auto", "multi", "perf"}, configuration.attach_method);
    });
    section(root, "probes", [&](YamlMap& map) { text_key(map, "dir", configuration.probes_dir); });
    section(root, "path", [&](YamlMap& map) { text_key(map, "procfs", configuration.procfs); });
    section(root, "processes", [&](YamlMap& map) {
        if (const auto interval = map.find("rescan_interval")) {
            configuration.rescan_interval = duration(*interval);
            if (configuration.rescan_interval < std::chrono::seconds(1))
                interval->fail(
                    "a rescan more often than once a second would cost more than it finds");
        }
    });
    section(root, "limits", [&](YamlMap& map) {
        if (const auto series = map.find("series_per_family"))
            configuration.series_per_family =
                static_cast<std::size_t>(series->integer(1, 10'000'000));
        if (const auto targets = map.find("targets"))
            configuration.most_targets =
                static_cast<std::size_t>(targets->integer(1, HOLTER_MAX_TARGETS));
        if (const auto sockets = map.find("tcp_sockets"))
            configuration.tcp_sockets =
                static_cast<std::uint32_t>(sockets->integer(0, 100'000'000));
    });
    section(root, "requests", [&](YamlMap& map) {
        if (const auto rate = map.find("exemplars_per_second"))
            configuration.exemplars_per_second =
                static_cast<std::uint32_t>(rate->integer(0, golang::most_exemplars_per_second));
        if (const auto header = map.find("request_id_header")) {
            configuration.request_id_header = header->text();
            const auto settings = golang::trace_settings(configuration.exemplars_per_second,
                                                         configuration.request_id_header);
            if (!settings)
                header->fail(settings.error().message);
        }
    });
    section(root, "overhead", [&](YamlMap& map) {
        if (const auto value = map.find("budget")) {
            const auto part = budget(value->text());
            if (!part)
                value->fail(part.error().message);
            configuration.overhead_budget = *part;
        }
    });
    section(root, "errors",
            [&](YamlMap& map) { text_key(map, "classes_file", configuration.error_classes_file); });
    root.done();
    return configuration;
}

std::string read_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        throw catalogue::YamlError(path + ": cannot be read: it is a directory");
    std::ifstream file(path, std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad())
        throw catalogue::YamlError(path + ": cannot be read: " + std::strerror(errno));
    return content;
}

Configuration read_configuration(const std::string& path) {
    return parse_configuration(read_file(path), path);
}

} // namespace holter::agent
