// SPDX-License-Identifier: Apache-2.0
//
// cpp-httplib does the protocol. What is decided here:
//  * All routing happens before the library's own, which matches regular expressions
//    and would read a request's body first.
//  * One request per connection. The few threads would otherwise be held by idle
//    connections, and a scrape every some seconds gains nothing by keeping one.
//  * Answers are written in pieces (see page.h), by callbacks that must not throw:
//    the library calls them outside of its own handling of exceptions.
#include "exporter/http/http_server.h"

#include "exporter/format/page.h"
#include "exporter/http/gzip.h"
#include "exporter/http/listen_address.h"
#include "exporter/http/target_pages.h"
#include "exporter/http/wrong_option.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include <httplib.h>

namespace holter::exporter {

namespace {

constexpr std::size_t threads = 24;
constexpr int most_pages = 8;                   // being written at a time
constexpr std::size_t largest_body = 64 * 1024; // nobody has a reason to send one
constexpr time_t idle_seconds = 1;              // until a connection's request begins
constexpr time_t read_seconds = 2;
constexpr time_t write_seconds = 10;             // a scraper's timeout
constexpr std::chrono::seconds page_seconds{30}; // for those who read, but by drops

constexpr int ok = 200;
constexpr int not_found = 404;
constexpr int method_not_allowed = 405;
constexpr int failed = 500;
constexpr int unavailable = 503;

constexpr const char* plain = "text/plain; charset=utf-8";

using Writer = std::function<bool(const Sink&)>;

/// All values of a header that may be given in several lines.
std::string joined(const httplib::Request& request, const char* name) {
    std::string all;
    const auto [first, last] = request.headers.equal_range(name);
    for (auto header = first; header != last; ++header)
        all += (all.empty() ? "" : ",") + header->second;
    return all;
}

/// One of the pages that are being written; gives its place back when the last copy goes.
using Place = std::shared_ptr<void>;

/// Answers with what `write` writes, compressed if the client wants that.
void answer(const httplib::Request& request, bool gzip, httplib::Response& response,
            std::string_view type, Writer write, Place place) {
    response.status = ok;
    if (gzip)
        response.set_header("Content-Encoding", "gzip");
    const auto provide = [gzip, write = std::move(write), place = std::move(place),
                          begun = std::chrono::steady_clock::now()](std::size_t,
                                                                    httplib::DataSink& out) {
        try {
            const Sink wire = [&](std::string_view piece) {
                return std::chrono::steady_clock::now() - begun < page_seconds &&
                       out.write(piece.data(), piece.size());
            };
            if (gzip) {
                Gzip compressed(wire);
                if (!write([&](std::string_view piece) { return compressed.write(piece); }) ||
                    !compressed.finish())
                    return false;
            } else if (!write(wire)) {
                return false;
            }
            out.done();
            return true;
        } catch (...) {
            return false; // the answer ends without its end, which clients notice
        }
    };
    // HTTP/1.0 has no chunks: there the connection's end is the answer's.
    if (request.version == "HTTP/1.0")
        response.set_content_provider(std::string(type), provide);
    else
        response.set_chunked_content_provider(std::string(type), provide);
}

std::string bind_remedy(int error, std::uint16_t port) {
    switch (error) {
    case EADDRINUSE:
        return "the port is in use; stop the other process or choose another port with "
               "--web.listen-address";
    case EACCES:
        return "not permitted; ports below 1024 need CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
        return "this machine has no such address; :" + std::to_string(port) + " takes all it has";
    case 0:
        return "no such host";
    default:
        return std::strerror(error);
    }
}

} // namespace

struct HttpServer::State {
    WebOptions options;
    Sources sources;
    httplib::Server server;
    std::uint16_t port = 0;
    std::thread thread;
    std::mutex stopping;
    std::atomic<int> pages = 0;

    void bind();
    Place place();
    void route(const httplib::Request& request, httplib::Response& response);
    void metrics(const httplib::Request& request, bool gzip, httplib::Response& response,
                 Place place) const;
};

void HttpServer::State::bind() {
    const ListenAddress address = parse_listen_address(options.listen_address);
    // Unlike the library's default, nobody else can then bind the same port.
    server.set_socket_options([](socket_t socket) {
        const int on = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    const auto try_host = [&](const std::string& host) {
        server.stop(); // a failed attempt bars the next one otherwise, in newer versions
        errno = 0;
        if (address.port != 0)
            return server.bind_to_port(host, address.port) ? int{address.port} : -1;
        return server.bind_to_any_port(host);
    };
    // `::` takes IPv4 too; a kernel without IPv6 has only the latter.
    int bound = try_host(address.host.empty() ? "::" : address.host);
    if (bound < 0 && address.host.empty() && errno != EADDRINUSE && errno != EACCES)
        bound = try_host("0.0.0.0");
    if (bound < 0)
        throw std::runtime_error("cannot listen on " + options.listen_address + ": " +
                                 bind_remedy(errno, address.port));
    port = static_cast<std::uint16_t>(bound);
}

/// Null when all are taken.
Place HttpServer::State::place() {
    if (++pages <= most_pages)
        return {this, [this](void*) { --pages; }};
    --pages;
    return nullptr;
}

void HttpServer::State::metrics(const httplib::Request& request, bool gzip,
                                httplib::Response& response, Place place) const {
    const Format format = negotiate(joined(request, "Accept"));
    // A Collector is cheap: it shares the snapshot, which lives until the page is written.
    answer(
        request, gzip, response, content_type(format),
        [collector = Collector(sources.snapshot(), sources.process(), sources.build),
         format](const Sink& sink) { return write_page(collector, format, sink); },
        std::move(place));
}

void HttpServer::State::route(const httplib::Request& request, httplib::Response& response) {
    const std::string& path = request.path;
    const bool known = path == options.telemetry_path || path == "/" || path == "/targets" ||
                       path == "/healthz" || path == "/readyz";
    const auto short_answer = [&](int status, const std::string& text) {
        response.status = status;
        response.set_content(text + "\n", plain);
    };
    if (!known)
        return short_answer(not_found, "404 page not found");
    if (request.method != "GET" && request.method != "HEAD") {
        response.set_header("Allow", "GET, HEAD");
        return short_answer(method_not_allowed, "405 method not allowed");
    }
    if (path == "/healthz")
        return short_answer(ok, "ok");
    if (path == "/readyz")
        return sources.ready() ? short_answer(ok, "ok")
                               : short_answer(unavailable, "still looking at the processes");

    Place place = this->place();
    if (!place) {
        response.set_header("Retry-After", "1");
        return short_answer(unavailable, "503 too many pages are being read");
    }
    const bool gzip = accepts_gzip(joined(request, "Accept-Encoding"));
    // Otherwise the library would compress a second time. Its request is not const, only our view.
    const_cast<httplib::Request&>(request).headers.erase("Accept-Encoding");
    if (path == options.telemetry_path)
        return metrics(request, gzip, response, std::move(place));
    const auto snapshot = sources.snapshot();
    const bool json = path == "/targets";
    answer(
        request, gzip, response, json ? "application/json" : "text/html; charset=utf-8",
        [text = json ? targets_json(*snapshot)
                     : landing_page(*snapshot, sources.build, options.telemetry_path)](
            const Sink& sink) { return sink(text); },
        std::move(place));
}

void check_options(const WebOptions& options) {
    const std::string& path = options.telemetry_path;
    if (!path.starts_with('/') || path == "/")
        throw WrongOption("telemetry path \"" + path +
                          "\": it begins with / and is not / itself; write /metrics");
    if (path == "/targets" || path == "/healthz" || path == "/readyz")
        throw WrongOption("telemetry path \"" + path + "\": another page is there; write /metrics");
    parse_listen_address(options.listen_address);
}

HttpServer::HttpServer(WebOptions options, Sources sources) : state_(std::make_unique<State>()) {
    State& state = *state_;
    state.options = std::move(options);
    state.sources = std::move(sources);
    check_options(state.options);
    httplib::Server& server = state.server;
    server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    server.set_keep_alive_max_count(1);
    server.set_keep_alive_timeout(idle_seconds);
    server.set_read_timeout(read_seconds);
    server.set_write_timeout(write_seconds);
    server.set_payload_max_length(largest_body);
    server.set_tcp_nodelay(true);
    server.set_pre_routing_handler([&state](const auto& request, auto& response) {
        try {
            state.route(request, response);
        } catch (...) {
            response.status = failed;
            response.set_content("500 internal error\n", plain);
        }
        return httplib::Server::HandlerResponse::Handled;
    });
    state.bind();
}

HttpServer::~HttpServer() {
    stop();
}

void HttpServer::start() {
    state_->thread = std::thread([this] { state_->server.listen_after_bind(); });
    // stop() has an effect only on a server that runs.
    while (!state_->server.is_running())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void HttpServer::stop() {
    const std::lock_guard lock(state_->stopping);
    if (!state_->thread.joinable())
        return;
    state_->server.stop();
    state_->thread.join();
}

std::uint16_t HttpServer::port() const {
    return state_->port;
}

} // namespace holter::exporter
