// SPDX-License-Identifier: Apache-2.0
#include "aggregator/errors/death.h"
#include "aggregator/fixture.h"
#include "catch.h"

using namespace holter::aggregator;
using namespace holter::aggregator::test;

namespace {

Death death(std::uint32_t status, std::uint32_t oom = 0) {
    return describe({{HOLTER_EVENT_DEATH, 0}, status, oom});
}

holter_go_panic panic(std::uint32_t kind, std::uint64_t type, std::uint64_t root) {
    return {{HOLTER_EVENT_GO_PANIC, 0}, type, root, kind, 0};
}

GoNames names() {
    return {[](TargetId, std::uint64_t address) { return "main.T" + std::to_string(address); },
            [](TargetId, std::uint64_t address, std::uint64_t length) {
                return length == 0 ? std::string() : "text " + std::to_string(address);
            }};
}

} // namespace

TEST_CASE("deaths are named as waitpid reports them", "[errors]") {
    CHECK(death(11).source == ErrorSource::signal);
    CHECK(death(11).type == "SIGSEGV");
    CHECK(death(11 | 0x80).type == "SIGSEGV"); // with a core
    CHECK(death(6).type == "SIGABRT");
    CHECK(death(31).type == "SIGSYS");
    CHECK(death(34).type == "SIG34");
    CHECK(death(9).type == "SIGKILL");
    CHECK(death(9, 1).source == ErrorSource::oom);
    CHECK(death(9, 1).type == "oom_killed");
    CHECK(death(1 << 8).source == ErrorSource::exit);
    CHECK(death(255 << 8).type == "exit_255");
}

TEST_CASE("deaths and panics are counted with their target", "[errors]") {
    Aggregator aggregator;
    aggregator.set_names(names());
    aggregator.add_target(target(0), 0);
    Target other = target(1, "other");
    other.runtime = "cpython";
    aggregator.add_target(other, 0);
    aggregator.on_record(bytes_of(holter_death{{HOLTER_EVENT_DEATH, 0}, 2 << 8, 0}));
    aggregator.on_record(bytes_of(holter_death{{HOLTER_EVENT_DEATH, 1}, 9, 1}));
    aggregator.on_record(bytes_of(holter_death{{HOLTER_EVENT_DEATH, 2}, 9, 1}));
    aggregator.on_record(bytes_of(panic(HOLTER_GO_PANIC_BEGINS, 1, 2)));
    aggregator.on_record(bytes_of(panic(HOLTER_GO_PANIC_BEGINS, 1, 2)));
    aggregator.on_record(bytes_of(panic(HOLTER_GO_PANIC_RECOVERED, 1, 2)));
    aggregator.on_record(bytes_of(panic(HOLTER_GO_PANIC_FATAL, 1, 2)));
    aggregator.on_record(bytes_of(panic(HOLTER_GO_FATAL_ERROR, 7, 20)));
    aggregator.on_record(bytes_of(panic(HOLTER_GO_FATAL_ERROR, 7, 0)));
    aggregator.on_record(bytes_of(panic(HOLTER_GO_PANIC_KINDS, 1, 2)));

    const auto snapshot = aggregator.snapshot(second);
    const auto errors = [&](const char* source, const char* type, const char* service = "shop") {
        return number(*snapshot, Family::errors, {source, "system", type, "false"}, service);
    };
    CHECK(errors("exit", "exit_2") == 1);
    CHECK(errors("oom", "oom_killed", "other") == 1);
    CHECK(number(*snapshot, Family::events_lost, {"death", "unknown_target"}) == 1);
    CHECK(errors("panic", "main.T1") == 2);
    CHECK(errors("panic", "fatal error: text 7") == 1);
    CHECK(errors("panic", "fatal error") == 1);
    CHECK(number(*snapshot, Family::error_root_causes, {"panic", "main.T1", "main.T2"}) == 2);
    CHECK(number(*snapshot, Family::go_panics, {"main.T1", "recovered"}) == 1);
    CHECK(number(*snapshot, Family::go_panics, {"main.T1", "fatal"}) == 1);
    CHECK(number(*snapshot, Family::go_panics, {"fatal error: text 7", "fatal"}) == 1);
    CHECK(number(*snapshot, Family::events_lost, {"go_panic", "malformed"}) == 1);
}
