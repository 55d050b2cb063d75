// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue/catalogue.h"

#include "bpf/events.h"
#include "catch.h"

#include <set>

using namespace holter::catalogue;

namespace {

const std::string minimal = R"(
runtime: go
recognise: {go_build_info: true}
groups:
  - name: gc
    object: go_gc
    probes:
      - {name: p, help: h, function: f, program: go_world_starts, versions: VERSIONS}
)";

Runtime with_versions(const std::string& versions) {
    std::string text = minimal;
    text.replace(text.find("VERSIONS"), 8, "\"" + versions + "\"");
    return parse_runtime(text, "go.yaml");
}

VersionRange range_of(const std::string& versions) {
    return with_versions(versions).groups.at(0).probes.at(0).versions;
}

std::string error_of(const std::string& text) {
    try {
        parse_runtime(text, "go.yaml");
    } catch (const YamlError& error) {
        return error.what();
    }
    return "no error";
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    text.replace(text.find(what), what.size(), by);
    return text;
}

} // namespace

TEST_CASE("version ranges") {
    CHECK(range_of("1.18").first == MinorRelease{1, 18});
    CHECK(range_of("1.18").last == MinorRelease{1, 18});
    CHECK(range_of("1.18 - 1.21").contains({1, 21}));
    CHECK_FALSE(range_of("1.18 - 1.21").contains({1, 22}));
    CHECK(range_of(">=1.22").contains({1, 99}));
    CHECK_FALSE(range_of(">=1.22").contains({1, 21}));
    CHECK(range_of("<=1.21").contains({1, 0}));
    CHECK(range_of(">=1.22").text() == ">=1.22");
    CHECK(range_of("1.18 - 1.21").text() == "1.18 - 1.21");
    CHECK_THROWS_AS(range_of("1.21 - 1.18"), YamlError);
    CHECK_THROWS_AS(range_of("1.x"), YamlError);
    CHECK_THROWS_AS(range_of("go1.18"), YamlError);
}

TEST_CASE("versions of a module are not those of the runtime") {
    const std::string text = replaced(minimal, "versions: VERSIONS",
                                      "module: golang.org/x/net, versions: \">=0.17\", "
                                      "runtime_versions: \"<=1.26\"");
    const Probe probe = parse_runtime(text, "go.yaml").groups.at(0).probes.at(0);
    CHECK(probe.module == "golang.org/x/net");
    CHECK(probe.versions.contains({0, 17}));
    CHECK(probe.versions.contains({1, 0}));
    CHECK_FALSE(probe.versions.contains({0, 16}));
    CHECK(probe.runtime_versions.contains({1, 26}));
    CHECK_FALSE(probe.runtime_versions.contains({1, 27}));
    CHECK(error_of(replaced(minimal, "versions: VERSIONS", "runtime_versions: 1.18"))
              .find("without `module`") != std::string::npos);
}

TEST_CASE("a probe is at a function, at a call or at its result") {
    const std::string at_call = replaced(minimal, "versions: VERSIONS", "call: g");
    const std::string at_result = replaced(minimal, "versions: VERSIONS", "result: g");
    const std::string at_both = replaced(minimal, "versions: VERSIONS", "call: g, result: g");
    CHECK_FALSE(parse_runtime(at_call, "go.yaml").groups.at(0).probes.at(0).result);
    CHECK(parse_runtime(at_result, "go.yaml").groups.at(0).probes.at(0).result);
    CHECK(parse_runtime(at_result, "go.yaml").groups.at(0).probes.at(0).call == "g");
    CHECK(error_of(at_both).find("not both") != std::string::npos);
}

TEST_CASE("a function that was inlined can be probed at calls in its copy") {
    const std::string text = replaced(
        minimal, "versions: VERSIONS",
        "linked: m, inlined: [{into: a, call: b, argument: mark_termination}, {into: c*}]");
    const Probe probe = parse_runtime(text, "go.yaml").groups.at(0).probes.at(0);
    CHECK(probe.linked == "m");
    CHECK(probe.call.empty());
    REQUIRE(probe.inlined.size() == 2);
    CHECK(probe.inlined[0].into == "a");
    CHECK(probe.inlined[0].call == "b");
    CHECK(probe.inlined[0].argument == HOLTER_ARGUMENT_mark_termination);
    CHECK(probe.inlined[1].call.empty());
}

TEST_CASE("a group says whether a program can do without it") {
    CHECK_FALSE(with_versions("1.18").groups.at(0).optional);
    const std::string text = replaced(replaced(minimal, "VERSIONS", "1.18"), "object: go_gc",
                                      "object: go_gc\n    optional: true");
    CHECK(parse_runtime(text, "go.yaml").groups.at(0).optional);
}

TEST_CASE("a name matches itself or a prefix with a star") {
    CHECK(matches("runtime.gcStart", "runtime.gcStart"));
    CHECK_FALSE(matches("runtime.gcStart", "runtime.gcStart.func1"));
    CHECK(matches("runtime.gcStart.func*", "runtime.gcStart.func12"));
    CHECK_FALSE(matches("runtime.gcStart.func*", "runtime.gcStart"));
}

TEST_CASE("programs and arguments are words of their object") {
    const Probe probe = with_versions("1.18").groups.at(0).probes.at(0);
    CHECK(probe.program_id == HOLTER_PROGRAM_go_world_starts);
    const std::string text = replaced(minimal, "VERSIONS", "1.18");
    CHECK(error_of(replaced(text, "go_world_starts", "go_world_start"))
              .find("did you mean `go_world_starts`?") != std::string::npos);
    CHECK(
        error_of(replaced(text, "object: go_gc", "object: go_cg")).find("did you mean `go_gc`?") !=
        std::string::npos);
    CHECK(error_of(replaced(text, "help: h", "hlep: h")).find("`help` is missing") !=
          std::string::npos);
}

TEST_CASE("the built-in catalogue covers every Go release the same way") {
    const auto runtimes = read_catalogue().runtimes;
    REQUIRE(runtimes.size() == 1);
    const Runtime& go = runtimes.front();
    CHECK(go.name == "go");
    CHECK(go.go_build_info);
    REQUIRE_FALSE(go.groups.empty());
    const Group& gc = go.groups.front();
    CHECK(gc.name == "gc");
    CHECK(gc.probes.size() <= HOLTER_MAX_PROBES);
    for (std::uint32_t minor = 18; minor <= 27; ++minor) {
        std::set<std::string> names, programs;
        for (const Probe& probe : gc.probes)
            if (probe.versions.contains({1, minor})) {
                INFO("1." << minor << " " << probe.name);
                CHECK(names.insert(probe.name).second);
                programs.insert(probe.program);
            }
        INFO("1." << minor);
        // Each release must learn of cycles, of the collector's pauses and of other stops.
        CHECK(names.count("go_gc_cycle_start") == 1);
        CHECK(names.count("go_gc_mark_termination") == 1);
        CHECK((programs.count("go_pause_recorded") || programs.count("go_world_started")));
        CHECK((minor >= 22 || programs.count("go_world_started")));
    }
}

TEST_CASE("connections and their windows are in the catalogue") {
    const auto runtimes = read_catalogue().runtimes;
    std::size_t windows = 0;
    for (const Group& group : runtimes.front().groups) {
        if (group.object != "go_connections")
            continue;
        INFO(group.name);
        CHECK(group.optional); // not every program has a server, a client, a database
        windows += group.windows ? 1 : 0;
        for (const Probe& probe : group.probes) {
            INFO(probe.name);
            // What is hit per request is attached for moments only.
            CHECK(group.windows == (probe.name.ends_with("_used")));
            if (!probe.module.empty())
                CHECK(probe.versions.contains({1, 85}) !=
                      (probe.versions.last != VersionRange{}.last));
        }
    }
    CHECK(windows == 1);
}
