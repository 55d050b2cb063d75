// SPDX-License-Identifier: Apache-2.0
#include "agent/configuration.h"

#include "catch.h"
#include "loader/catalogue/strict_yaml.h"

using namespace holter::agent;

namespace {

std::string error_of(const std::string& text) {
    try {
        parse_configuration(text, "holter.yaml");
    } catch (const holter::catalogue::YamlError& error) {
        return error.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("an empty configuration is the defaults") {
    const auto configuration = parse_configuration("", "holter.yaml");
    CHECK(configuration.listen_address == ":9466");
    CHECK(configuration.telemetry_path == "/metrics");
    CHECK(configuration.attach_method == "auto");
    CHECK(parse_configuration("# nothing\n", "f").procfs == "/proc");
}

TEST_CASE("every key is read") {
    const auto configuration = parse_configuration(R"(
web: {listen_address: "127.0.0.1:1", telemetry_path: /m}
log: {level: debug, format: json}
select:
  pids: [12, 34]
  executables: ["*/prometheus"]
  services: [shop]
attach: {method: perf}
path: {procfs: /host/proc}
processes: {rescan_interval: 1m30s}
limits: {series_per_family: 7, targets: 9, tcp_sockets: 5000}
requests: {exemplars_per_second: 3, request_id_header: X-Correlation-ID}
overhead: {budget: 1.5%}
)",
                                                   "holter.yaml");
    CHECK(configuration.listen_address == "127.0.0.1:1");
    CHECK(configuration.telemetry_path == "/m");
    CHECK(configuration.log_level == "debug");
    CHECK(configuration.log_format == "json");
    CHECK(configuration.pids == std::vector<std::int32_t>{12, 34});
    CHECK(configuration.executables == std::vector<std::string>{"*/prometheus"});
    CHECK(configuration.services == std::vector<std::string>{"shop"});
    CHECK(configuration.attach_method == "perf");
    CHECK(configuration.procfs == "/host/proc");
    CHECK(configuration.rescan_interval == std::chrono::seconds(90));
    CHECK(configuration.series_per_family == 7);
    CHECK(configuration.most_targets == 9);
    CHECK(configuration.tcp_sockets == 5000);
    CHECK(configuration.exemplars_per_second == 3);
    CHECK(configuration.request_id_header == "X-Correlation-ID");
    CHECK(configuration.overhead_budget == Approx(0.015));
}

TEST_CASE("a budget is a part, a percentage, or off") {
    CHECK(budget("0.3%").value() == Approx(0.003));
    CHECK(budget("0.003").value() == Approx(0.003));
    CHECK(budget("100%").value() == 1);
    CHECK(budget("off").value() == 0);
    for (const char* wrong : {"", "0", "0%", "101%", "2", "-1%", "0.3 %", "%", "none", "1e-3"})
        CHECK_FALSE(budget(wrong));
    CHECK(error_of("overhead: {budget: much}\n") ==
          "holter.yaml:1:20: `budget`: `much` is no budget; write for example 0.3%, 0.003 or off");
}

TEST_CASE("mistakes name line, column and the nearest key") {
    CHECK(error_of("web:\n  listen_adress: x\n") ==
          "holter.yaml:2:3: unknown key `listen_adress` (did you mean `listen_address`?)");
    CHECK(error_of("wbe: {}\n") == "holter.yaml:1:1: unknown key `wbe` (did you mean `web`?)");
    CHECK(error_of("log: {level: loud}\n").substr(0, 17) == "holter.yaml:1:14:");
    CHECK(error_of("select: {pids: [0]}\n").find("outside 1") != std::string::npos);
    CHECK(error_of("select: {pids: 12}\n").find("expected a list") != std::string::npos);
    CHECK(error_of("requests: {request_id_header: x y}\n").find("no name of a header") !=
          std::string::npos);
    CHECK(error_of("requests: {exemplars_per_second: 1001}\n").find("outside 0") !=
          std::string::npos);
    CHECK(error_of("processes: {rescan_interval: soon}\n").find("no duration") !=
          std::string::npos);
    CHECK(error_of("processes: {rescan_interval: 10ms}\n").find("more often than once a second") !=
          std::string::npos);
}

TEST_CASE("a file that cannot be read says which and why") {
    try {
        read_configuration("/nonexistent/holter.yaml");
        FAIL("no error");
    } catch (const holter::catalogue::YamlError& error) {
        CHECK(std::string(error.what()) ==
              "/nonexistent/holter.yaml: cannot be read: No such file or directory");
    }
}
