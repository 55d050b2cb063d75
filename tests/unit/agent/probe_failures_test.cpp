// SPDX-License-Identifier: Apache-2.0
//
// What the log says of probes that failed.
#include "agent/probe_failures.h"

#include "catch.h"

using namespace holter;
using Lines = std::vector<std::string>;

TEST_CASE("failures are told once for each reason") {
    CHECK(agent::failure_lines({}).empty());
    CHECK(
        agent::failure_lines({{"a", "g", "attached", "emulated", "", ""},
                              {"b", "g", "paused", "", "", ""},
                              {"c", "g", "failed", "", "no_such_function", "no f in libx.so"},
                              {"d", "g", "failed", "", "no_such_function", "no g in libx.so"},
                              {"e", "g", "failed", "emulated", "not_supported", "never there"},
                              {"f", "h", "failed", "emulated", "not_supported", "never there"}}) ==
        Lines{"probe c: no_such_function: no f in libx.so",
              "probe d: no_such_function: no g in libx.so",
              "probe e and 1 more: not_supported: never there"});
}

TEST_CASE("a process that ends while it is attached to is one line") {
    CHECK(agent::failure_lines(
              {{"a", "g", "failed", "emulated", "vanished", "file 7: it has ended"},
               {"b", "g", "failed", "emulated", "vanished", "file 7: it has ended"},
               {"c", "h", "failed", "emulated", "vanished", "file 9: it has ended"}}) ==
          Lines{"probe a and 2 more: vanished: file 7: it has ended"});
}
