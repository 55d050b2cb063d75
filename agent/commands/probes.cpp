// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/commands.h"
#include "agent/table.h"
#include "loader/catalogue/catalogue.h"

#include <iostream>
#include <nlohmann/json.hpp>

namespace holter::agent {

namespace {

/// Where in the target a probe goes, as people write it.
std::string place_of(const catalogue::Probe& probe) {
    return probe.call.empty() ? probe.function : "calls of " + probe.call + " in " + probe.function;
}

} // namespace

int list_probes(Output output) {
    const auto runtimes = catalogue::built_in_catalogue();
    std::vector<std::vector<std::string>> rows;
    auto document = nlohmann::json::array();
    for (const auto& runtime : runtimes)
        for (const auto& group : runtime.groups)
            for (const auto& probe : group.probes) {
                rows.push_back({runtime.name, group.name, probe.name, probe.versions.text(),
                                place_of(probe), probe.source});
                document.push_back({{"runtime", runtime.name},
                                    {"group", group.name},
                                    {"probe", probe.name},
                                    {"help", probe.help},
                                    {"versions", probe.versions.text()},
                                    {"function", probe.function},
                                    {"call", probe.call},
                                    {"program", probe.program},
                                    {"source", probe.source}});
            }
    if (output == Output::json)
        std::cout << document.dump(2) << '\n';
    else
        print_table(std::cout, {"RUNTIME", "GROUP", "PROBE", "VERSIONS", "WHERE", "SOURCE"}, rows);
    return 0;
}

} // namespace holter::agent
