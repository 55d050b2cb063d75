// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/commands.h"

#include <iostream>

namespace holter::agent {

int check_config(const std::string& path) {
    read_configuration(path);
    std::cout << path << ": fine\n";
    return 0;
}

} // namespace holter::agent
