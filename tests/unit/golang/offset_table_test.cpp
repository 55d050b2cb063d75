// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/layout/offset_table.h"
#include "loader/golang/layout/offsets.h"

#include "catch.h"

using holter::elf::Machine;
using holter::golang::Offsets;
using holter::golang::OffsetTable;

namespace {

constexpr const char* small_table =
    "# comment\n"
    "measured\tstd\tgo1.20 go1.20.3 go1.20.7\n"
    "measured\tstd\tgo1.21.0 go1.21.4\n"
    "measured\tstd\tgo1.23.2\n"
    "measured\texample.com/m\tv1.2.0\n"
    "variable\tstd\truntime.w\truntime.work\n"
    "size\tstd\truntime.a\tany\tgo1.20\tgo1.21.4\t64\n"
    "offset\tstd\truntime.a.x\tany\tgo1.20\tgo1.20.3\t8\n"
    "offset\tstd\truntime.a.x\tany\tgo1.20.7\tgo1.21.4\t16\n"
    "offset\tstd\truntime.a.x\tany\tgo1.23.2\tgo1.23.2\t20\n"
    "offset\tstd\truntime.a.y\tamd64\tgo1.20\tgo1.21.4\t24\n"
    "offset\tstd\truntime.a.y\tarm64\tgo1.20\tgo1.21.4\t88\n"
    "offset\tstd\truntime.a.gone\tany\tgo1.20\tgo1.20.7\t32\n"
    "offset\texample.com/m\texample.com/m.T.f\tany\tv1.2.0\tv1.2.0\t40\n";

OffsetTable table() {
    return OffsetTable::parse(small_table, "t.tsv").value();
}

std::string parse_error(const std::string& text) {
    const auto parsed = OffsetTable::parse(text, "t.tsv");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().reason == "malformed_table");
    return parsed.error().message;
}

} // namespace

TEST_CASE("a measured release is looked up exactly") {
    const auto offsets_table = table();
    const auto offsets = Offsets::from_table(offsets_table, "std", "go1.20.3", Machine::x86_64);
    CHECK(offsets.exact());
    CHECK(offsets.source() == "table go1.20.3");
    CHECK(offsets.field("runtime.a.x") == 8);
    CHECK(offsets.size("runtime.a") == 64);
    CHECK(offsets.field("runtime.a") == std::nullopt);
    CHECK(offsets.field("runtime.a.never") == std::nullopt);
}

TEST_CASE("a field that a measured release lacks is absent, under its new name there") {
    const auto offsets_table = table();
    const auto offsets = Offsets::from_table(offsets_table, "std", "go1.21.0", Machine::x86_64);
    CHECK(offsets.field("runtime.a.gone") == std::nullopt);
    CHECK(offsets.field({"runtime.a.gone", "runtime.a.x"}) == 16);
}

TEST_CASE("architectures may differ") {
    const auto offsets_table = table();
    CHECK(Offsets::from_table(offsets_table, "std", "go1.21.0", Machine::x86_64)
              .field("runtime.a.y") == 24);
    CHECK(Offsets::from_table(offsets_table, "std", "go1.21.0", Machine::arm64)
              .field("runtime.a.y") == 88);
}

TEST_CASE("a release between two that agree is as good as measured") {
    const auto offsets_table = table();
    const auto offsets = Offsets::from_table(offsets_table, "std", "go1.20.1", Machine::x86_64);
    CHECK(offsets.exact());
    CHECK(offsets.source() == "table go1.20 and go1.20.3, which agree");
    CHECK(offsets.field("runtime.a.x") == 8);
}

TEST_CASE("an unknown release is answered by a neighbour, and said to be") {
    const auto offsets_table = table();
    const auto check = [&](const char* version, const char* neighbour, std::uint64_t x) {
        INFO(version);
        const auto offsets = Offsets::from_table(offsets_table, "std", version, Machine::x86_64);
        CHECK_FALSE(offsets.exact());
        CHECK(offsets.source() ==
              std::string("table ") + neighbour + " (nearest to " + version + ")");
        CHECK(offsets.field("runtime.a.x") == x);
    };
    check("go1.20.5", "go1.20.3", 8); // between two that differ
    check("go1.20.9", "go1.20.7", 16);
    check("go1.21.5", "go1.21.4", 16);
    check("go1.22.1", "go1.21.4", 16);
    check("go1.23.0", "go1.23.2", 20); // rather its own minor than a lower one
    check("go1.29.1", "go1.23.2", 20);
    check("go1.17.2", "go1.20", 8);
    check("go1.21rc2", "go1.21.0", 16);
    check("devel go1.21-0a1b2c", "go1.21.0", 16);
    check("devel go1.22-0a1b2c", "go1.21.4", 16);
    check("go1.20.3 X:fieldtrack", "go1.20.3", 8);
    check("go1.20.3-vendor", "go1.20.3", 8);
    check("nonsense", "go1.23.2", 20);
    check("", "go1.23.2", 20);
    check("go99999999999.1", "go1.23.2", 20);
}

TEST_CASE("modules have their own versions") {
    const auto offsets_table = table();
    const auto offsets =
        Offsets::from_table(offsets_table, "example.com/m", "v1.2.0", Machine::x86_64);
    CHECK(offsets.exact());
    CHECK(offsets.field("example.com/m.T.f") == 40);
}

TEST_CASE("an unknown module has no figures") {
    const auto offsets_table = table();
    const auto offsets =
        Offsets::from_table(offsets_table, "example.com/other", "v1.0.0", Machine::x86_64);
    CHECK_FALSE(offsets.exact());
    CHECK(offsets.source() == "no table for example.com/other");
    CHECK(offsets.field("runtime.a.x") == std::nullopt);
}

TEST_CASE("a malformed table is an error with its line") {
    const std::string head = "measured\tstd\tgo1.20\n";
    CHECK(parse_error(head + "\n# c\nsize\tstd\n").starts_with("t.tsv:4: "));
    CHECK(parse_error(head + "wrong\tstd\tx\n") == "t.tsv:2: unknown kind 'wrong'");
    CHECK(parse_error("measured\tstd\tgo1.x\n") == "t.tsv:1: 'go1.x' is not a release");
    CHECK(parse_error("measured\tstd\tgo1.20rc1\n") == "t.tsv:1: 'go1.20rc1' is not a release");
    CHECK(parse_error(head + "size\tstd\truntime.a\tany\tgo1.20\tgo1.20\tx\n") ==
          "t.tsv:2: 'x' is not a number of bytes");
    CHECK(parse_error(head + "size\tstd\truntime.a\tany\tgo1.20\tgo1.20\t-1\n") ==
          "t.tsv:2: '-1' is not a number of bytes");
    CHECK(parse_error(head + "size\tstd\truntime.a\tmips\tgo1.20\tgo1.20\t1\n") ==
          "t.tsv:2: 'mips' is not any, amd64 or arm64");
    CHECK(parse_error(head + "size\tstd\truntime.a\tany\tgo1.21\tgo1.20\t1\n") ==
          "t.tsv:2: 'go1.21' to 'go1.20' is not a range of releases");
    CHECK(parse_error(head + "variable\tstd\truntime.w\n") ==
          "t.tsv:2: expected: variable, module, struct, variable");
    CHECK(parse_error("size\tstd\truntime.a\tany\tgo1.20\tgo1.20\t1\n") ==
          "t.tsv: no `measured` line for module std");
    const std::string a = "size\tstd\truntime.a\tany\tgo1.20\tgo1.20\t1\n";
    const std::string b = "size\tstd\truntime.b\tany\tgo1.20\tgo1.20\t1\n";
    CHECK(parse_error(head + a + b + a) == "t.tsv: lines of runtime.a are not together");
}

TEST_CASE("the embedded table has what was measured on real releases by hand") {
    const auto field = [](const char* version, const char* name) {
        const auto offsets =
            Offsets::from_table(OffsetTable::embedded(), "std", version, Machine::x86_64);
        INFO(version << " " << offsets.source());
        CHECK(offsets.exact());
        return offsets.field(name);
    };
    CHECK(field("go1.18.10", "runtime.mstats.numgc") == 4280);
    CHECK(field("go1.19.13", "runtime.mstats.numgc") == 7704);
    CHECK(field("go1.27.4", "runtime.mstats.numgc") == 7680);
    CHECK(field("go1.18.10", "runtime.gcControllerState.heapMarked") == 168);
    CHECK(field("go1.20.14", "runtime.gcControllerState.heapMarked") == 128);
    CHECK(field("go1.26.0", "runtime.gcControllerState.heapMarked") == 152);
    CHECK(field("go1.22.12", "runtime.workType.pauseNS") == 448);
    CHECK(field("go1.25.3", "runtime.workType.pauseNS") == 560);
    CHECK(field("go1.22.12", "runtime.g.goid") == 152);
    CHECK(field("go1.24.9", "runtime.g.goid") == 160);
    CHECK(field("go1.24.9", "runtime.m.curg") == 192);
    CHECK(field("go1.25.3", "runtime.m.curg") == 184);
    CHECK(field("go1.27.4", "runtime.moduledata.types") == 296);
    CHECK(field("go1.27.4", "runtime.moduledata.etypes") == 312);
    CHECK(field("go1.21.13", "runtime.moduledata.gofunc") == 320);
    CHECK(field("go1.18.10", "runtime.workType.cpuStats.gcPauseTime") == std::nullopt);
    CHECK(field("go1.19.8", "runtime.mstats.numgc") == 7704); // between two that were measured
    CHECK(field("go1.18.10", "runtime.workType.pauseNS").has_value()); // a type without a name
}
