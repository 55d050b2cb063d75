// SPDX-License-Identifier: Apache-2.0
//
// What the log says of probes that failed.
#include "agent/probe_failures.h"

#include "catch.h"

using namespace holter;
using Lines = std::vector<std::string>;

TEST_CASE("failures are told once for each reason") {
    CHECK(agent::ProbeFailures().news(0, {}).empty());
    CHECK(agent::ProbeFailures().news(
              0, {{"a", "g", "attached", "emulated", "", ""},
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
    CHECK(agent::ProbeFailures().news(
              0, {{"a", "g", "failed", "emulated", "vanished", "file 7: it has ended"},
                  {"b", "g", "failed", "emulated", "vanished", "file 7: it has ended"},
                  {"c", "h", "failed", "emulated", "vanished", "file 9: it has ended"}}) ==
          Lines{"probe a and 2 more: vanished: file 7: it has ended"});
}

TEST_CASE("a failure is told again only when it had passed, and to each target") {
    const std::vector<tracer::ProbeState> failed = {
        {"a", "g", "failed", "emulated", "attach_failed", "too many open files"}};
    const std::vector<tracer::ProbeState> paused = {{"a", "g", "paused", "emulated", "", ""}};
    const Lines line = {"probe a: attach_failed: too many open files"};
    agent::ProbeFailures failures;
    CHECK(failures.news(1, failed) == line);
    CHECK(failures.news(1, failed).empty());
    CHECK(failures.news(2, failed) == line);
    CHECK(failures.news(1, paused).empty());
    CHECK(failures.news(1, failed) == line);
    failures.forget(1);
    CHECK(failures.news(1, failed) == line);
}
