// SPDX-License-Identifier: Apache-2.0
// Prints docs/metrics.md.
#include "exporter/reference.h"

#include <iostream>

int main() {
    std::cout << holter::exporter::reference();
    return std::cout.good() ? 0 : 1;
}
