// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/commands.h"
#include "agent/error_classes.h"
#include "agent/probe_definitions.h"
#include "exporter/http/http_server.h"
#include "loader/catalogue/catalogue.h"

#include <iostream>
#include <utility>

namespace holter::agent {

int check_config(const std::string& path) {
    if (catalogue::is_catalogue_file(path)) {
        if (auto definition = catalogue::read_definition(path))
            ProbeDefinitions().declare({std::move(*definition)});
        std::cout << path << ": fine\n";
        return 0;
    }
    const std::string content = read_file(path);
    const Configuration configuration = parse_configuration(content, path);
    error_classes(configuration.error_classes_file);
    exporter::check_options({configuration.listen_address, configuration.telemetry_path});
    const bool says_nothing = catalogue::parse_yaml(content, path).empty();
    std::cout << path << ": fine"
              << (says_nothing ? ", as a configuration; it is empty, which no catalogue file may be"
                               : "")
              << '\n';
    return 0;
}

} // namespace holter::agent
