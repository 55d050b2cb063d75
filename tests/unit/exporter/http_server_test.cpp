// SPDX-License-Identifier: Apache-2.0
#include "catch.h"
#include "exporter/format/page.h"
#include "exporter/http/http_server.h"
#include "exporter/http/listen_address.h"
#include "exporter/sample.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <httplib.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

using namespace holter::exporter;
using namespace holter::exporter::test;

namespace {

struct Served {
    std::atomic<bool> ready = true;
    std::atomic<bool> broken = false;
    std::shared_ptr<const holter::aggregator::Snapshot> snapshot = sample_snapshot();
    HttpServer server;

    explicit Served(WebOptions options = {"127.0.0.1:0", "/metrics"})
        : server(std::move(options), sources()) {
        server.start();
    }
    Sources sources() {
        return {.snapshot =
                    [this] {
                        if (broken)
                            throw std::runtime_error("the ring thread is gone");
                        return snapshot;
                    },
                .process = [] { return ProcessStats{}; },
                .ready = [this] { return ready.load(); },
                .build = {"0.1.0", "abc"}};
    }
    httplib::Client client() const { return httplib::Client("127.0.0.1", server.port()); }

    /// `receive_bytes`: what the client's side holds of an answer that is not read.
    int connect(int receive_bytes = 0) const {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (receive_bytes != 0)
            ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(server.port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
        return fd;
    }
    /// Sends bytes as they are and returns all that comes back.
    std::string raw(const std::string& request) const {
        const int fd = connect();
        REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(request.size()));
        std::string answer;
        char buffer[4096];
        for (ssize_t n; (n = ::recv(fd, buffer, sizeof(buffer), 0)) > 0;)
            answer.append(buffer, static_cast<std::size_t>(n));
        ::close(fd);
        return answer;
    }
};

std::string failure(const std::string& listen_address) {
    try {
        const HttpServer server({listen_address, "/metrics"}, {});
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return {};
}

} // namespace

TEST_CASE("every page answers", "[http]") {
    Served served;
    auto client = served.client();
    const auto metrics = client.Get("/metrics");
    REQUIRE(metrics);
    CHECK(metrics->status == 200);
    CHECK(metrics->get_header_value("Content-Type") == content_type(Format::text));
    CHECK(metrics->body.find("holter_gc_pause_seconds_bucket{") != std::string::npos);
    CHECK(metrics->get_header_value("Connection") == "close");

    const auto open_metrics =
        client.Get("/metrics", {{"Accept", "application/openmetrics-text;version=1.0.0"}});
    REQUIRE(open_metrics);
    CHECK(open_metrics->get_header_value("Content-Type") == content_type(Format::open_metrics));
    CHECK(open_metrics->body.ends_with("# EOF\n"));

    for (const char* path : {"/healthz", "/readyz"}) {
        const auto answer = client.Get(path);
        REQUIRE(answer);
        CHECK(answer->status == 200);
        CHECK(answer->body == "ok\n");
    }
    const auto nothing = client.Get("/nothing");
    REQUIRE(nothing);
    CHECK(nothing->status == 404);
}

TEST_CASE("pages are compressed for those who accept it", "[http]") {
    Served served;
    auto client = served.client();
    client.set_decompress(false);
    for (const char* accept : {"text/plain", "application/openmetrics-text"}) {
        // Newer clients of this library ask for compression by themselves.
        const auto plain =
            client.Get("/metrics", {{"Accept", accept}, {"Accept-Encoding", "identity"}});
        const auto packed =
            client.Get("/metrics", {{"Accept", accept}, {"Accept-Encoding", "br, gzip"}});
        REQUIRE(plain);
        REQUIRE(packed);
        CHECK_FALSE(plain->has_header("Content-Encoding"));
        CHECK(packed->get_header_value("Content-Encoding") == "gzip");
        CHECK(packed->get_header_value_count("Content-Encoding") == 1);
        CHECK(packed->body.starts_with("\x1F\x8B"));
        CHECK(packed->body.size() < plain->body.size() / 5);
    }
    client.set_decompress(true);
    const auto unpacked = client.Get(
        "/metrics", {{"Accept", "application/openmetrics-text"}, {"Accept-Encoding", "gzip"}});
    REQUIRE(unpacked);
    CHECK(unpacked->body.ends_with("# EOF\n"));
}

TEST_CASE("readiness follows the first look", "[http]") {
    Served served;
    served.ready = false;
    auto client = served.client();
    CHECK(client.Get("/readyz")->status == 503);
    CHECK(client.Get("/healthz")->status == 200);
    served.ready = true;
    CHECK(client.Get("/readyz")->status == 200);
}

TEST_CASE("clients that do not read leave the others their answers", "[http]") {
    Served served;
    auto large = std::make_shared<holter::aggregator::Snapshot>(*served.snapshot);
    const auto series = large->numbers.front(); // they are ordered by family
    large->numbers.insert(large->numbers.begin(), 200'000, series);
    served.snapshot = large;
    constexpr std::size_t most_pages = 8;
    std::vector<int> stalled;
    for (std::size_t i = 0; i < most_pages; ++i) {
        const int fd = served.connect(4096);
        const std::string_view request = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";
        REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(request.size()));
        char first = 0;
        REQUIRE(::recv(fd, &first, 1, 0) == 1); // it is being answered
        stalled.push_back(fd);
    }
    auto client = served.client();
    CHECK(client.Get("/healthz")->status == 200);
    CHECK(client.Get("/readyz")->status == 200);
    const auto refused = client.Get("/metrics");
    CHECK(refused->status == 503);
    CHECK(refused->get_header_value("Retry-After") == "1");

    for (const int fd : stalled)
        ::close(fd);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    int status = 0;
    while (status != 200 && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        status = client.Get("/targets")->status;
    }
    CHECK(status == 200);
}

TEST_CASE("methods are GET and HEAD", "[http]") {
    Served served;
    auto client = served.client();
    const auto head = client.Head("/metrics");
    REQUIRE(head);
    CHECK(head->status == 200);
    CHECK(head->body.empty());
    CHECK(head->get_header_value("Content-Type") == content_type(Format::text));
    for (const auto& answer : {client.Post("/metrics", "x=1", "text/plain"),
                               client.Put("/", "x", "text/plain"), client.Delete("/targets")}) {
        REQUIRE(answer);
        CHECK(answer->status == 405);
        CHECK(answer->get_header_value("Allow") == "GET, HEAD");
    }
    CHECK(client.Post("/nothing", "x", "text/plain")->status == 404);
}

TEST_CASE("targets are told as JSON", "[http]") {
    Served served;
    auto client = served.client();
    const auto answer = client.Get("/targets");
    REQUIRE(answer);
    CHECK(answer->get_header_value("Content-Type") == "application/json");
    const auto targets = nlohmann::json::parse(answer->body).at("targets");
    REQUIRE(targets.size() == 3);
    const auto& shop = targets[0];
    CHECK(shop.at("pid") == 1000);
    CHECK(shop.at("service_name") == "shop");
    CHECK(shop.at("runtime_version") == "go1.22.12");
    CHECK(shop.at("cycles") == 4);
    CHECK(shop.at("pauses") == 8);
    CHECK(shop.at("pause_max_seconds") == 1.0);
    CHECK(shop.at("audit") == "mismatch");
    CHECK(shop.at("gc_cpu_share").is_number());
    CHECK(targets[2].at("gc_cpu_share").is_null());
    CHECK(targets[1].at("probes")[1].at("reason") == "inlined");
}

TEST_CASE("the landing page shows hostile names as text", "[http]") {
    Served served({"127.0.0.1:0", "/gc\"<metrics>"});
    auto client = served.client();
    const auto answer = client.Get("/");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->get_header_value("Content-Type") == "text/html; charset=utf-8");
    CHECK(answer->body.find("href=\"/gc&quot;&lt;metrics&gt;\"") != std::string::npos);
    CHECK(answer->body.find("a &quot;quoted&quot;") != std::string::npos);
    CHECK(client.Get("/gc%22%3Cmetrics%3E")->status == 200);
    CHECK(client.Get("/metrics")->status == 404);
}

TEST_CASE("a failing source is an error of this request only", "[http]") {
    Served served;
    auto client = served.client();
    served.broken = true;
    CHECK(client.Get("/metrics")->status == 500);
    CHECK(client.Get("/")->status == 500);
    CHECK(client.Get("/healthz")->status == 200);
    served.broken = false;
    CHECK(client.Get("/metrics")->status == 200);
}

TEST_CASE("what is not quite HTTP/1.1 gets an answer too", "[http]") {
    Served served;
    const std::string old = served.raw("GET /metrics HTTP/1.0\r\n\r\n");
    CHECK(old.find(" 200 ") != std::string::npos);
    CHECK(old.find("chunked") == std::string::npos);
    CHECK(old.find("\nprocess_start_time_seconds ") != std::string::npos);
    CHECK(served.raw("GARBAGE\r\n\r\n").find(" 400 ") != std::string::npos);
    CHECK(served.raw("GET /" + std::string(10'000, 'x') + " HTTP/1.1\r\n\r\n").find(" 414 ") !=
          std::string::npos);
    // Parts of a page that is not held as a whole: old versions of cpp-httplib send all of it,
    // newer ones refuse.
    const std::string part =
        served.raw("GET /metrics HTTP/1.1\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n");
    CHECK((part.find(" 200 ") != std::string::npos || part.find(" 416 ") != std::string::npos));
    auto client = served.client();
    CHECK(client.Get("/healthz")->status == 200);
}

TEST_CASE("stopping does not wait for idle clients", "[http]") {
    using std::chrono::steady_clock;
    Served served;
    const int idle = served.connect();
    auto client = served.client();
    REQUIRE(client.Get("/metrics"));
    const auto start = steady_clock::now();
    served.server.stop();
    served.server.stop();
    CHECK(steady_clock::now() - start < std::chrono::seconds(3));
    ::close(idle);
    CHECK_FALSE(client.Get("/healthz"));
}

TEST_CASE("what cannot be listened on is told in one line", "[http]") {
    Served served;
    const std::string taken = "127.0.0.1:" + std::to_string(served.server.port());
    CHECK(failure(taken) == "cannot listen on " + taken +
                                ": the port is in use; stop the other process or choose another "
                                "port with --web.listen-address");
    CHECK(failure(":" + std::to_string(served.server.port())).find("the port is in use") !=
          std::string::npos);
    CHECK(failure("203.0.113.7:0").find("no such address") != std::string::npos);
    for (const char* wrong : {"", "9466", "localhost", ":x", ":-1", ":65536", ":", "::1:9466",
                              "[::1]", "[]:1", "[::1:9466", "127.0.0.1:9466x"}) {
        INFO(wrong);
        const std::string told = failure(wrong);
        CHECK(told.starts_with("listen address \"" + std::string(wrong) + "\": "));
        CHECK(told.find('\n') == std::string::npos);
    }
    CHECK_THROWS_AS(HttpServer({"127.0.0.1:0", "metrics"}, {}), std::runtime_error);
    CHECK_THROWS_AS(HttpServer({"127.0.0.1:0", "/"}, {}), std::runtime_error);
}

TEST_CASE("listen addresses are read as other exporters read them", "[http]") {
    CHECK(parse_listen_address(":9466").host.empty());
    CHECK(parse_listen_address(":9466").port == 9466);
    CHECK(parse_listen_address("127.0.0.1:0").host == "127.0.0.1");
    CHECK(parse_listen_address("localhost:80").host == "localhost");
    CHECK(parse_listen_address("[::1]:65535").host == "::1");
    CHECK(parse_listen_address("[::1]:65535").port == 65535);
}

TEST_CASE("all addresses means IPv4 as well", "[http]") {
    Served served({":0", "/metrics"});
    CHECK(served.client().Get("/healthz")->status == 200);
}
