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
    if (probe.call.empty())
        return probe.function;
    return (probe.result ? "results of " : "calls of ") + probe.call + " in " + probe.function;
}

/// Which versions, and of what if not of the runtime.
std::string versions_of(const catalogue::Probe& probe) {
    return probe.module.empty() ? probe.versions.text()
                                : probe.module + " " + probe.versions.text();
}

std::string place_of(const catalogue::DeclaredProbe& probe) {
    std::string text;
    for (const auto& place : probe.places)
        text += (text.empty() ? "" : ", ") + place.text();
    return text;
}

struct Listing {
    std::vector<std::vector<std::string>> rows;
    nlohmann::json document = nlohmann::json::array();
};

void add(Listing& listing, const catalogue::Runtime& runtime) {
    for (const auto& group : runtime.groups)
        for (const auto& probe : group.probes) {
            listing.rows.push_back({runtime.name, group.name, probe.name, versions_of(probe),
                                    place_of(probe), probe.source});
            listing.document.push_back({{"runtime", runtime.name},
                                        {"group", group.name},
                                        {"probe", probe.name},
                                        {"help", probe.help},
                                        {"versions", probe.versions.text()},
                                        {"module", probe.module},
                                        {"function", probe.function},
                                        {"call", probe.call},
                                        {"result", probe.result},
                                        {"program", probe.program},
                                        {"source", probe.source}});
        }
}

void add(Listing& listing, const catalogue::Definition& definition) {
    for (const auto& group : definition.groups)
        for (const auto& probe : group.probes) {
            const std::string metric = probe.metric.empty() ? "holter_errors_total" : probe.metric;
            listing.rows.push_back({definition.name, group.name, probe.name,
                                    std::string(to_string(probe.shape)) + " " + metric,
                                    place_of(probe), probe.source});
            auto places = nlohmann::json::array();
            for (const auto& place : probe.places)
                places.push_back(place.text());
            listing.document.push_back(
                {{definition.is_library ? "library" : "runtime", definition.name},
                 {"group", group.name},
                 {"probe", probe.name},
                 {"help", probe.help},
                 {"shape", to_string(probe.shape)},
                 {"metric", metric},
                 {"places", std::move(places)},
                 {"source", probe.source}});
        }
}

} // namespace

int list_probes(const Configuration& configuration, Output output) {
    const auto catalogue = catalogue::read_catalogue(configuration.probes_dir);
    Listing listing;
    for (const auto& runtime : catalogue.runtimes)
        add(listing, runtime);
    for (const auto& definition : catalogue.definitions)
        add(listing, definition);
    if (output == Output::json) {
        std::cout << listing.document.dump(2) << '\n';
        return 0;
    }
    std::vector<std::string> header = {"RUNTIME", "GROUP", "PROBE", "VERSIONS OR SHAPE"};
    if (output == Output::wide) {
        header.insert(header.end(), {"WHERE", "SOURCE"});
        print_table(std::cout, header, listing.rows);
    } else {
        for (auto& row : listing.rows)
            row.resize(header.size());
        print_table(std::cout, header, listing.rows, readable_width);
    }
    return 0;
}

} // namespace holter::agent
