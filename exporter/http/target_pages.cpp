// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/target_pages.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include <nlohmann/json.hpp>

namespace holter::exporter {

namespace {

using aggregator::Snapshot;
using aggregator::TargetRow;

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Holter</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222 }
table { border-collapse: collapse; width: 100% }
th, td { padding: .3em .7em; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left }
.bad { color: #b00 }
</style>
</head>
<body>
<h1>Holter</h1>
)";

constexpr std::string_view table_head =
    "<table>\n<tr><th>service</th><th>pid</th><th>runtime</th><th>cycles</th><th>pauses</th>"
    "<th>p50</th><th>p99</th><th>max</th><th>time paused</th><th>GC's CPU</th><th>audit</th>"
    "<th>probes</th></tr>\n";

std::string percent(double ratio) {
    std::array<char, 32> text;
    const int length = std::snprintf(text.data(), text.size(), "%.3g %%", ratio * 100);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::vector<const TargetRow*> by_pid(const Snapshot& snapshot) {
    std::vector<const TargetRow*> rows;
    for (const TargetRow& row : snapshot.targets)
        rows.push_back(&row);
    std::sort(rows.begin(), rows.end(), [](const TargetRow* a, const TargetRow* b) {
        return a->target->pid < b->target->pid;
    });
    return rows;
}

/// `5`, or `4 of 5` when some are not attached.
std::string attached(const TargetRow& row) {
    const auto count = std::count_if(row.probes.begin(), row.probes.end(),
                                     [](const auto& probe) { return probe.state == "attached"; });
    std::string text = std::to_string(count);
    if (static_cast<std::size_t>(count) != row.probes.size())
        text += " of " + std::to_string(row.probes.size());
    return text;
}

void append_row(std::string& page, const TargetRow& row) {
    const auto cell = [&](const std::string& text, bool bad = false) {
        page += bad ? "<td class=\"bad\">" : "<td>";
        page += html(text) + "</td>";
    };
    const aggregator::Target& target = *row.target;
    page += "<tr>";
    cell(target.service.service_name);
    cell(std::to_string(target.pid));
    cell(target.runtime_version.empty() ? target.runtime : target.runtime_version);
    cell(std::to_string(row.cycles));
    cell(std::to_string(row.pauses));
    cell(duration(row.pause_p50_ns));
    cell(duration(row.pause_p99_ns));
    cell(duration(row.pause_max_ns));
    cell(percent(row.pause_share));
    cell(row.gc_cpu_share ? percent(*row.gc_cpu_share) : "–");
    cell(std::string(to_string(row.audit)), row.audit == aggregator::AuditVerdict::mismatch);
    const std::string probes = attached(row);
    cell(probes, probes != std::to_string(row.probes.size()));
    page += "</tr>\n";
}

double seconds(std::uint64_t ns) {
    return static_cast<double>(ns) / 1e9;
}

nlohmann::ordered_json json_of(const std::optional<double>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

} // namespace

std::string html(std::string_view text) {
    std::string out;
    for (const char character : text) {
        switch (character) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += character;
        }
    }
    return out;
}

std::string duration(std::uint64_t ns) {
    struct Unit {
        double ns;
        const char* name;
    };
    constexpr Unit units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
    if (ns == 0)
        return "0";
    const double value = static_cast<double>(ns);
    const Unit* unit = units;
    while (value < unit->ns)
        ++unit;
    std::array<char, 40> text;
    const double scaled = value / unit->ns;
    const int length = std::snprintf(text.data(), text.size(),
                                     scaled < 999.5 ? "%.3g %s" : "%.0f %s", scaled, unit->name);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string landing_page(const Snapshot& snapshot, const BuildInfo& build,
                         std::string_view telemetry_path) {
    std::string page(head);
    page += "<p>Version " + html(build.version) + " (" + html(build.revision) + ")</p>\n<p>";
    page += "<a href=\"" + html(telemetry_path) + "\">Metrics</a> · ";
    page += "<a href=\"/targets\">Targets as JSON</a> · <a href=\"/healthz\">Health</a> · "
            "<a href=\"/readyz\">Readiness</a></p>\n";
    if (snapshot.targets.empty())
        return page + "<p>No process is being traced.</p>\n</body>\n</html>\n";
    page += table_head;
    for (const TargetRow* row : by_pid(snapshot))
        append_row(page, *row);
    page += "</table>\n</body>\n</html>\n";
    return page;
}

std::string targets_json(const Snapshot& snapshot) {
    auto rows = nlohmann::ordered_json::array();
    for (const TargetRow* row : by_pid(snapshot)) {
        const aggregator::Target& target = *row->target;
        auto probes = nlohmann::ordered_json::array();
        for (const aggregator::Probe& probe : row->probes)
            probes.push_back({{"probe", probe.probe},
                              {"state", probe.state},
                              {"site", probe.site},
                              {"reason", probe.reason}});
        rows.push_back({
            {"pid", target.pid},
            {"start_time_ticks", target.start_time},
            {"service_name", target.service.service_name},
            {"namespace", target.service.namespace_},
            {"pod", target.service.pod},
            {"container", target.service.container},
            {"container_id", target.container_id},
            {"executable", target.executable},
            {"runtime", target.runtime},
            {"runtime_version", target.runtime_version},
            {"traced_seconds", seconds(snapshot.now_ns - row->attached_ns)},
            {"cycles", row->cycles},
            {"pauses", row->pauses},
            {"pause_sum_seconds", seconds(row->pause_sum_ns)},
            {"pause_max_seconds", seconds(row->pause_max_ns)},
            {"pause_p50_seconds", seconds(row->pause_p50_ns)},
            {"pause_p99_seconds", seconds(row->pause_p99_ns)},
            {"pause_share", row->pause_share},
            {"gc_cpu_share", json_of(row->gc_cpu_share)},
            {"overhead_ratio", json_of(row->overhead)},
            {"audit", to_string(row->audit)},
            {"audit_mismatches", row->audit_mismatches},
            {"probes", std::move(probes)},
        });
    }
    nlohmann::ordered_json document;
    document["targets"] = std::move(rows);
    return document.dump(2) + "\n";
}

} // namespace holter::exporter
