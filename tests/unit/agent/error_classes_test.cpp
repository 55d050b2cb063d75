// SPDX-License-Identifier: Apache-2.0
#include "agent/error_classes.h"
#include "catch.h"
#include "loader/catalogue/strict_yaml.h"

using namespace holter::agent;
using namespace holter::aggregator;

namespace {

std::string mistake(const std::string& yaml) {
    ErrorClasses classes;
    try {
        apply_error_classes(classes, yaml, "own.yaml");
    } catch (const holter::catalogue::YamlError& error) {
        return error.what();
    }
    return "";
}

Classification of(const ErrorClasses& classes, ErrorSource source, std::string_view type,
                  std::optional<std::uint32_t> code = {}, std::string_view root = {}) {
    return classes.classify({source, type, code, root});
}

constexpr Classification business{ErrorClass::business, false};
constexpr Classification transient{ErrorClass::transient, true};
constexpr Classification broken{ErrorClass::system, false};

} // namespace

TEST_CASE("the built-in classes are those of the design", "[error_classes]") {
    const ErrorClasses classes = error_classes("");
    for (const std::uint32_t code : {400u, 404u, 409u, 422u, 499u})
        CHECK(of(classes, ErrorSource::http_server, std::to_string(code), code) == business);
    for (const std::uint32_t code : {429u, 502u, 503u, 504u})
        CHECK(of(classes, ErrorSource::http_client, std::to_string(code), code) == transient);
    for (const std::uint32_t code : {500u, 501u, 505u, 599u, 700u})
        CHECK(of(classes, ErrorSource::http_server, std::to_string(code), code) == broken);
    const auto grpc = [&](std::uint32_t code) {
        return of(classes, ErrorSource::grpc_server, "*status.Error", code);
    };
    for (const std::uint32_t code : {1u, 3u, 5u, 6u, 7u, 9u, 11u, 16u})
        CHECK(grpc(code) == business);
    for (const std::uint32_t code : {4u, 8u, 10u, 14u})
        CHECK(grpc(code) == transient);
    for (const std::uint32_t code : {2u, 12u, 13u, 15u, 17u, 4711u})
        CHECK(grpc(code) == broken);
    CHECK(of(classes, ErrorSource::panic, "*main.myErr") == broken);
    CHECK(of(classes, ErrorSource::signal, "SIGSEGV") == broken);
    CHECK(of(classes, ErrorSource::oom, "oom_killed") == broken);
    // A type says more than a code, and so does the root of a chain.
    CHECK(of(classes, ErrorSource::grpc_server, "context.deadlineExceededError", 2) == transient);
    CHECK(of(classes, ErrorSource::grpc_server, "*fmt.wrapError", 2,
             "context.deadlineExceededError") == transient);
    CHECK(of(classes, ErrorSource::http_client, "*url.Error", {}, "x509.UnknownAuthorityError") ==
          broken);
    CHECK(of(classes, ErrorSource::exception, "java.sql.SQLTransientConnectionException") ==
          transient);
}

TEST_CASE("a user's table is laid over the built-in one", "[error_classes]") {
    ErrorClasses classes = error_classes("");
    apply_error_classes(classes, R"(
http:
  - {codes: [404, "500 - 509"], class: transient, retryable: false}
grpc:
  - {codes: [NOT_FOUND], class: system}
types:
  - {types: ["*main.Out*"], class: business}
  - {types: ["*main.OutOfDisk", context.deadlineExceededError], class: system, retryable: true}
sources:
  - {sources: [exit], class: business}
)",
                        "own.yaml");
    CHECK(of(classes, ErrorSource::http_server, "404", 404) ==
          Classification{ErrorClass::transient, false});
    CHECK(of(classes, ErrorSource::http_server, "509", 509) ==
          Classification{ErrorClass::transient, false});
    CHECK(of(classes, ErrorSource::http_server, "510", 510) == broken);
    CHECK(of(classes, ErrorSource::grpc_client, "", 5) == broken);
    CHECK(of(classes, ErrorSource::panic, "*main.OutOfStock") == business);
    CHECK(of(classes, ErrorSource::panic, "*main.OutOfDisk") ==
          Classification{ErrorClass::system, true});
    CHECK(of(classes, ErrorSource::grpc_server, "context.deadlineExceededError", 4) ==
          Classification{ErrorClass::system, true});
    CHECK(of(classes, ErrorSource::exit, "exit_1") == business);
    CHECK(of(classes, ErrorSource::signal, "SIGSEGV") == broken);
}

TEST_CASE("mistakes in a table name line and column", "[error_classes]") {
    CHECK(mistake("") == "");
    CHECK(mistake("htpp: []\n") == "own.yaml:1:1: unknown key `htpp` (did you mean `http`?)");
    CHECK(
        mistake("http:\n  - {codes: [404], class: busines}\n")
            .find(
                "own.yaml:2:27: `class`: `busines` is none of business, transient, system (did you "
                "mean `business`?)") == 0);
    CHECK(mistake("http:\n  - {codes: [40], class: business}\n").find("own.yaml:2:14: ") == 0);
    CHECK(
        mistake("http:\n  - {codes: [\"599 - 500\"], class: business}\n").find("own.yaml:2:14: ") ==
        0);
    CHECK(mistake("grpc:\n  - {codes: [NOTFOUND], class: business}\n")
              .find("did you mean `NOT_FOUND`?") != std::string::npos);
    CHECK(mistake("types:\n  - {types: [\"\"], class: business}\n").find("own.yaml:2:14: ") == 0);
    CHECK(mistake("types:\n  - {types: [a, b], class: business}\n  - {types: [a], class: system}\n")
              .find("own.yaml:3:14: `types`: `a` has a class already") == 0);
    CHECK(mistake("sources:\n  - {sources: [exits], class: business}\n")
              .find("did you mean `exit`?") != std::string::npos);
    CHECK(mistake("http:\n  - {codes: [404], class: business, retriable: true}\n")
              .find("unknown key `retriable` (did you mean `retryable`?)") != std::string::npos);
    CHECK(mistake("http:\n  - {codes: [404]}\n").find("key `class` is missing") !=
          std::string::npos);
}
