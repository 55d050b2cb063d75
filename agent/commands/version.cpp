// SPDX-License-Identifier: Apache-2.0
#include "agent/version.h"

#include "agent/commands/commands.h"

#include <iostream>
#include <nlohmann/json.hpp>

namespace holter::agent {

int print_version(Output output) {
    if (output == Output::json)
        std::cout << nlohmann::json{{"version", version()}, {"revision", revision()}}.dump()
                  << '\n';
    else
        std::cout << "holter, version " << version() << " (revision: " << revision() << ")\n";
    return 0;
}

} // namespace holter::agent
