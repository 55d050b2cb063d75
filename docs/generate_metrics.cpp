// SPDX-License-Identifier: Apache-2.0
// Prints docs/metrics.md.
#include "agent/probe_definitions.h"
#include "exporter/reference.h"
#include "loader/catalogue/catalogue.h"

#include <iostream>

int main() {
    using namespace holter;
    const auto catalogue = catalogue::read_catalogue();
    std::cout << exporter::reference(agent::ProbeDefinitions().declare(catalogue.definitions));
    return std::cout.good() ? 0 : 1;
}
