// SPDX-License-Identifier: Apache-2.0
#include "aggregator/errors/errors.h"
#include "catch.h"

#include <cmath>
#include <string>

using namespace holter::aggregator;

namespace {

/// One process whose errors are counted, with the tables that it counts in.
struct Fixture {
    explicit Fixture(std::size_t limit = 2000) : tables(limit) {
        classes.set_grpc(5, {ErrorClass::business, false});
        classes.set_http(503, 503, {ErrorClass::transient, true});
        classes.set_type("*net.*", {ErrorClass::transient, true});
        errors = std::make_unique<Errors>(tables, classes, service);
    }

    /// The value of a series as a snapshot would have it; NaN without one.
    double value(SeriesTable<Count>& table, const std::vector<std::string>& own) {
        std::vector<NumberSeries> numbers;
        std::size_t wanted = 0;
        const auto add = [&](auto& series) {
            series.position = numbers.size();
            if (series.labels->own == own)
                wanted = numbers.size() + 1;
            numbers.push_back(
                {table.family(), series.labels, static_cast<double>(series.left.value)});
        };
        tables.errors.each(add);
        tables.root_causes.each(add);
        tables.panics.each(add);
        if (errors)
            errors->add_to(numbers);
        return wanted ? numbers[wanted - 1].value : std::nan("");
    }

    ErrorTables tables;
    ErrorClasses classes;
    std::shared_ptr<const Service> service =
        std::make_shared<const Service>(Service{"shop", "", "", ""});
    std::unique_ptr<Errors> errors;
};

} // namespace

TEST_CASE("errors are counted by source, class and type", "[errors]") {
    Fixture f;
    f.errors->count({ErrorSource::grpc_server, "*status.Error", 5, {}}, 3);
    f.errors->count({ErrorSource::grpc_server, "*status.Error", 13, {}});
    f.errors->count({ErrorSource::http_server, "503", 503, {}});
    f.errors->count({ErrorSource::http_client, "*url.Error", {}, "*net.DNSError"}, 2);
    f.errors->count({ErrorSource::signal, "SIGSEGV", {}, {}});
    CHECK(f.value(f.tables.errors, {"grpc_server", "business", "*status.Error", "false"}) == 3);
    CHECK(f.value(f.tables.errors, {"grpc_server", "system", "*status.Error", "false"}) == 1);
    CHECK(f.value(f.tables.errors, {"http_server", "transient", "503", "true"}) == 1);
    CHECK(f.value(f.tables.errors, {"http_client", "transient", "*url.Error", "true"}) == 2);
    CHECK(f.value(f.tables.errors, {"signal", "system", "SIGSEGV", "false"}) == 1);
    CHECK(f.value(f.tables.root_causes, {"http_client", "*url.Error", "*net.DNSError"}) == 2);
    CHECK(std::isnan(f.value(f.tables.root_causes, {"signal", "SIGSEGV", ""})));
}

TEST_CASE("panics are counted by how they ended", "[errors]") {
    Fixture f;
    f.errors->count_panic_end("*main.myErr", PanicOutcome::recovered);
    f.errors->count_panic_end("*main.myErr", PanicOutcome::recovered);
    f.errors->count_panic_end("string", PanicOutcome::fatal);
    CHECK(f.value(f.tables.panics, {"*main.myErr", "recovered"}) == 2);
    CHECK(f.value(f.tables.panics, {"string", "fatal"}) == 1);
}

TEST_CASE("counts outlive their process", "[errors]") {
    Fixture f;
    f.errors->count({ErrorSource::exit, "exit_1", {}, {}});
    f.errors.reset();
    CHECK(f.value(f.tables.errors, {"exit", "system", "exit_1", "false"}) == 1);
    f.errors = std::make_unique<Errors>(f.tables, f.classes, f.service);
    f.errors->count({ErrorSource::exit, "exit_1", {}, {}});
    CHECK(f.value(f.tables.errors, {"exit", "system", "exit_1", "false"}) == 2);
}

TEST_CASE("a process has a bounded number of types", "[errors]") {
    Fixture f;
    const std::size_t more = 10;
    for (std::size_t i = 0; i < Errors::max_types + more; ++i)
        f.errors->count({ErrorSource::exception, "T" + std::to_string(i), {}, {}});
    f.errors->count({ErrorSource::exception, "T0", {}, "a root"});
    CHECK(f.value(f.tables.errors, {"exception", "system", "T0", "false"}) == 2);
    CHECK(f.value(f.tables.errors, {"exception", "system", "T127", "false"}) == 1);
    CHECK(std::isnan(f.value(f.tables.errors, {"exception", "system", "T128", "false"})));
    CHECK(f.value(f.tables.errors, {"exception", "system", "other", "false"}) == more);
    CHECK(f.tables.errors.limited() == more);
    CHECK(f.value(f.tables.root_causes, {"exception", "T0", "other"}) == 1);
    CHECK(f.tables.root_causes.limited() == 1);
}

TEST_CASE("types are foreign bytes", "[errors]") {
    Fixture f;
    f.errors->count({ErrorSource::exception, std::string_view("a\0b\xFF", 4), {}, {}});
    f.errors->count({ErrorSource::exception, std::string(10'000, 'x'), {}, {}});
    CHECK(f.value(f.tables.errors, {"exception", "system", "a\uFFFDb\uFFFD", "false"}) == 1);
    CHECK(f.value(f.tables.errors,
                  {"exception", "system", std::string(longest_label, 'x'), "false"}) == 1);
}

TEST_CASE("patterns of types", "[errors]") {
    CHECK(glob_matches("*", ""));
    CHECK(glob_matches("*net.OpError", "*net.OpError"));
    CHECK(glob_matches("java.*.SQL*Exception", "java.sql.SQLTransientException"));
    CHECK_FALSE(glob_matches("java.*.SQL*Exception", "java.sql.SQLTransientException2"));
    CHECK_FALSE(glob_matches("", "a"));
    CHECK(glob_matches("a*b*c", "a-b-b-c"));
    CHECK_FALSE(glob_matches("a*b*c", "a-c-b"));
    // Many stars against a long text: no blow-up.
    CHECK_FALSE(glob_matches(std::string("a*a*a*a*a*a*a*b"), std::string(256, 'a')));

    ErrorClasses classes;
    classes.set_type("x.*", {ErrorClass::business, false});
    classes.set_type("x.y*", {ErrorClass::transient, true});
    classes.set_type("x.yes", {ErrorClass::system, true});
    const auto of = [&](std::string_view type) {
        return classes.classify({ErrorSource::exception, type, {}, {}});
    };
    CHECK(of("x.a") == Classification{ErrorClass::business, false});
    CHECK(of("x.you") == Classification{ErrorClass::transient, true});
    CHECK(of("x.yes") == Classification{ErrorClass::system, true});
    CHECK(of("z") == Classification{ErrorClass::system, false});
}
