// SPDX-License-Identifier: Apache-2.0
#include "aggregator/errors/request_error.h"
#include "aggregator/fixture.h"
#include "catch.h"

using namespace holter::aggregator;
using namespace holter::aggregator::test;

TEST_CASE("requests that failed are errors", "[errors]") {
    ErrorClasses classes;
    classes.set_grpc(5, {ErrorClass::business, false});
    classes.set_http(404, 404, {ErrorClass::business, false});
    classes.set_type("main.T2", {ErrorClass::transient, true});
    Aggregator aggregator({}, classes);
    GoNames names;
    names.type = [](TargetId, std::uint64_t address) { return "main.T" + std::to_string(address); };
    aggregator.set_names(names);
    aggregator.add_target(target(0), 0);
    const auto request = [&](std::uint8_t kind, std::uint16_t status, std::uint8_t flags = 0,
                             std::uint64_t type = 0, std::uint64_t root = 0) {
        holter_request event{};
        event.event = {HOLTER_EVENT_REQUEST, 0};
        event.facts.kind = kind;
        event.facts.status = status;
        event.facts.flags = flags;
        event.facts.error_type = type;
        event.facts.error_root = root;
        aggregator.on_record(bytes_of(event));
    };
    request(HOLTER_GRPC_SERVER, 0, 0, 1, 1); // io.EOF is no failure
    request(HOLTER_GRPC_SERVER, 5, 0, 1, 1);
    request(HOLTER_GRPC_SERVER, 5, 0, 1, 2);
    request(HOLTER_GRPC_SERVER, 12);
    request(HOLTER_GRPC_CLIENT, 99);
    request(HOLTER_HTTP_SERVER, 200);
    request(HOLTER_HTTP_SERVER, 404);
    request(HOLTER_HTTP_SERVER, 500);
    request(HOLTER_HTTP_SERVER, 0, HOLTER_REQUEST_PANICKED);
    request(HOLTER_HTTP_CLIENT, 0, HOLTER_REQUEST_FAILED, 3, 2);
    request(HOLTER_HTTP_CLIENT, 0, HOLTER_REQUEST_FAILED);

    const auto snapshot = aggregator.snapshot(second);
    const auto errors = [&](const char* source, const char* of, const char* type,
                            const char* retryable = "false") {
        return number(*snapshot, Family::errors, {source, of, type, retryable});
    };
    CHECK(errors("grpc_server", "business", "main.T1") == 1);
    CHECK(errors("grpc_server", "transient", "main.T1", "true") == 1);
    CHECK(errors("grpc_server", "system", "UNIMPLEMENTED") == 1);
    CHECK(errors("grpc_client", "system", "99") == 1);
    CHECK(errors("http_server", "business", "404") == 1);
    CHECK(errors("http_server", "system", "500") == 1);
    CHECK(errors("http_server", "system", "panic") == 1);
    CHECK(errors("http_client", "transient", "main.T3", "true") == 1);
    CHECK(errors("http_client", "system", "unknown") == 1);
    double all = 0;
    for (const NumberSeries& series : snapshot->numbers)
        all += series.family == Family::errors ? series.value : 0;
    CHECK(all == 9);
}
