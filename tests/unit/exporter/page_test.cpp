// SPDX-License-Identifier: Apache-2.0
//
// The pages as scrapers get them, against committed copies. After a wanted change:
// HOLTER_UPDATE_GOLDEN=1 unit_tests "[golden]", and read the diff.
#include "catch.h"
#include "exporter/format/exposition.h"
#include "exporter/format/page.h"
#include "exporter/http/gzip.h"
#include "exporter/sample.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include <prometheus/text_serializer.h>
#include <zlib.h>

using namespace holter::exporter;
using namespace holter::exporter::test;

namespace {

std::string golden(const std::string& name, const std::string& now) {
    const std::string path = std::string(HOLTER_SOURCE_DIR "/tests/unit/exporter/golden/") + name;
    if (std::getenv("HOLTER_UPDATE_GOLDEN"))
        std::ofstream(path) << now;
    std::ifstream in(path);
    std::ostringstream content;
    content << in.rdbuf();
    return content.str();
}

/// Sample lines (without comments and exemplars) by name and labels.
std::map<std::string, std::string> samples(const std::string& page) {
    std::map<std::string, std::string> out;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#'))
            continue;
        line.erase(std::min(line.find(" # {"), line.size()));
        const std::size_t space = line.rfind(' ');
        CHECK(out.emplace(line.substr(0, space), line.substr(space + 1)).second);
    }
    return out;
}

} // namespace

TEST_CASE("the text page is the golden one", "[golden]") {
    const std::string now = page(sample_collector(), Format::text);
    CHECK(golden("metrics.txt", now) == now);
}

TEST_CASE("the OpenMetrics page is the golden one", "[golden]") {
    const std::string now = page(sample_collector(), Format::open_metrics);
    CHECK(golden("metrics.om", now) == now);
}

TEST_CASE("the text page says what prometheus-cpp would say", "[page]") {
    const auto ours = samples(page(sample_collector(), Format::text));
    const auto theirs =
        samples(prometheus::TextSerializer().Serialize(sample_collector().Collect()));
    CHECK(ours.size() == theirs.size());
    for (const auto& [name, value] : theirs) {
        INFO(name);
        const auto found = ours.find(name);
        REQUIRE(found != ours.end());
        CHECK(std::stod(found->second) == Approx(std::stod(value)).epsilon(1e-14));
    }
}

TEST_CASE("both formats say the same", "[page]") {
    const auto text = samples(page(sample_collector(), Format::text));
    const auto open_metrics = samples(page(sample_collector(), Format::open_metrics));
    CHECK(text.size() == open_metrics.size());
    CHECK(text.size() > 100);
    for (const auto& [as_written, value] : open_metrics) {
        std::string name = as_written;
        // OpenMetrics spells bounds that are whole numbers differently.
        const std::size_t bound = name.find(",le=\"");
        if (const auto whole = name.find(".0\"", bound);
            bound != std::string::npos && whole != std::string::npos)
            name.erase(whole, 2);
        INFO(name);
        const auto found = text.find(name);
        REQUIRE(found != text.end());
        CHECK(std::stod(found->second) == Approx(std::stod(value)).epsilon(1e-14));
    }
}

TEST_CASE("a copy of a collector says the same when the original is gone", "[page]") {
    auto original = std::make_unique<Collector>(sample_collector());
    const Collector copy = *original;
    const std::string said = page(*original, Format::text);
    original.reset();
    CHECK(page(copy, Format::text) == said);
}

TEST_CASE("sums are exact to the nanosecond", "[page]") {
    const auto all = samples(page(sample_collector(), Format::open_metrics));
    const std::string labels =
        R"({service_name="shop",namespace="prod",pod="shop-1",container="app")";
    CHECK(all.at("holter_gc_pause_seconds_sum" + labels +
                 R"(,runtime="go",kind="mark_termination"})") == "1.000312243");
    CHECK(all.at("holter_gc_cpu_seconds_total" + labels + R"(,runtime="go",kind="pause"})") ==
          "0.333333333");
    CHECK(all.at("holter_go_stop_the_world_seconds_sum" + labels + R"(,reason="gomaxprocs"})") ==
          "0.123456789");
}

TEST_CASE("numbers read back as what they were", "[openmetrics]") {
    const auto number = [](double value) {
        std::string out;
        append_number(out, value);
        return out;
    };
    CHECK(number(0) == "0");
    CHECK(number(-1) == "-1");
    CHECK(number(1e6) == "1000000");
    CHECK(number(9007199254740992.0) == "9007199254740992");
    CHECK(std::stod(number(9.223372036854775807e18)) == 9.223372036854775807e18);
    CHECK(number(0.1) == "0.1");
    CHECK(std::stod(number(0.1 + 0.2)) == 0.1 + 0.2);
    CHECK(number(std::numeric_limits<double>::infinity()) == "+Inf");
    CHECK(number(-std::numeric_limits<double>::infinity()) == "-Inf");
    CHECK(number(std::nan("")) == "NaN");
}

TEST_CASE("bounds are canonical floats", "[openmetrics]") {
    const auto bound = [](double value) {
        std::string out = "x.";
        append_bound(out, value, Format::open_metrics);
        return out.substr(2);
    };
    CHECK(bound(1e-5) == "1e-05");
    CHECK(bound(1e-4) == "0.0001");
    CHECK(bound(0.005) == "0.005");
    CHECK(bound(1) == "1.0");
    CHECK(bound(10) == "10.0");
    CHECK(bound(std::numeric_limits<double>::infinity()) == "+Inf");
}

TEST_CASE("a page ends when nobody wants the rest", "[page]") {
    for (const Format format : {Format::text, Format::open_metrics}) {
        int pieces = 0;
        const bool whole = write_page(sample_collector(), format, [&](std::string_view) {
            ++pieces;
            return false;
        });
        CHECK_FALSE(whole);
        CHECK(pieces == 1);
    }
}

TEST_CASE("what is compressed is the page", "[page]") {
    const std::string plain = page(sample_collector(), Format::open_metrics);
    std::string packed;
    Gzip gzip([&](std::string_view piece) {
        packed += piece;
        return true;
    });
    for (std::size_t at = 0; at < plain.size(); at += 1000)
        REQUIRE(gzip.write(std::string_view(plain).substr(at, 1000)));
    REQUIRE(gzip.finish());
    CHECK(packed.size() < plain.size() / 5);

    std::string unpacked(plain.size() + 1, '\0');
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_in = reinterpret_cast<unsigned char*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<unsigned char*>(unpacked.data());
    stream.avail_out = static_cast<uInt>(unpacked.size());
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    unpacked.resize(stream.total_out);
    inflateEnd(&stream);
    CHECK(unpacked == plain);
}

TEST_CASE("formats are negotiated as scrapers ask for them", "[negotiation]") {
    // Prometheus 2.42
    CHECK(negotiate("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                    "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1") ==
          Format::open_metrics);
    // Prometheus 3, with and without native histograms; PrometheusText0.0.4 first
    CHECK(negotiate("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;"
                    "escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1") ==
          Format::open_metrics);
    CHECK(negotiate("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                    "encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;"
                    "escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1") ==
          Format::open_metrics);
    CHECK(negotiate("text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;"
                    "q=0.5,*/*;q=0.1") == Format::text);
    CHECK(negotiate("application/openmetrics-text; version=\t1.0.0 ; charset=utf-8") ==
          Format::open_metrics);
    CHECK(negotiate("APPLICATION/OpenMetrics-Text") == Format::open_metrics);
    CHECK(negotiate("application/openmetrics-text;version=0.0.1") == Format::text);
    CHECK(negotiate("application/openmetrics-text;version=2.0.0,text/plain;q=0.1") == Format::text);
    CHECK(negotiate("application/openmetrics-text;q=0,*/*") == Format::text);
    CHECK(negotiate("application/openmetrics-text;q=0") == Format::text);
    CHECK(negotiate("application/openmetrics-text;q=x,text/plain;q=0.1") == Format::text);
    // Browsers, curl, others
    CHECK(negotiate("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") ==
          Format::text);
    CHECK(negotiate("*/*") == Format::text);
    CHECK(negotiate("") == Format::text);
    CHECK(negotiate("application/json") == Format::text);
    CHECK(negotiate(",;,=;;q=,") == Format::text);
}

TEST_CASE("gzip is used only where it is accepted", "[negotiation]") {
    CHECK(accepts_gzip("gzip"));
    CHECK(accepts_gzip("deflate, GZIP;q=0.5"));
    CHECK(accepts_gzip("*"));
    CHECK_FALSE(accepts_gzip(""));
    CHECK_FALSE(accepts_gzip("identity"));
    CHECK_FALSE(accepts_gzip("gzip;q=0"));
    CHECK_FALSE(accepts_gzip("gzip;q=0, *"));
    CHECK_FALSE(accepts_gzip("br"));
}
