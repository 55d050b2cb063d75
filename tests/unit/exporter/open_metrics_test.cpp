// SPDX-License-Identifier: Apache-2.0
//
// The page as a strict reader of OpenMetrics takes it: every line is checked against
// the rules of the standard that a scraper relies on.
#include "catch.h"
#include "exporter/format/page.h"
#include "exporter/sample.h"

#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

using namespace holter::exporter;
using namespace holter::exporter::test;

namespace {

struct Sample {
    std::string name;
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
    std::vector<std::pair<std::string, std::string>> exemplar; ///< its labels
    double exemplar_value = 0, exemplar_time = 0;

    std::string label(const std::string& wanted) const {
        for (const auto& [label, text] : labels)
            if (label == wanted)
                return text;
        return {};
    }
    /// Name and labels but `le`: what belongs together.
    std::string group() const {
        std::string out;
        for (const auto& [label, text] : labels)
            if (label != "le")
                out += label + "=" + text + ";";
        return out;
    }
};

bool is_name(std::string_view text) {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9'))
        return false;
    for (const char c : text)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == ':'))
            return false;
    return true;
}

/// Reads a quoted label value; nothing when it is malformed.
std::optional<std::string> take_quoted(std::string_view& text) {
    if (!text.starts_with('"'))
        return {};
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return value;
        }
        if (text[i] != '\\') {
            value += text[i];
            continue;
        }
        if (++i == text.size())
            return {};
        if (text[i] == 'n')
            value += '\n';
        else if (text[i] == '\\' || text[i] == '"')
            value += text[i];
        else
            return {};
    }
    return {};
}

std::vector<std::pair<std::string, std::string>> take_labels(std::string_view& rest) {
    std::vector<std::pair<std::string, std::string>> labels;
    std::set<std::string> seen;
    do {
        rest.remove_prefix(1);
        const std::size_t equals = rest.find('=');
        REQUIRE(equals != std::string_view::npos);
        const std::string name(rest.substr(0, equals));
        REQUIRE(is_name(name));
        REQUIRE(seen.insert(name).second);
        rest.remove_prefix(equals + 1);
        const auto value = take_quoted(rest);
        REQUIRE(value);
        CHECK_FALSE(value->empty());
        labels.emplace_back(name, *value);
    } while (rest.starts_with(','));
    REQUIRE(rest.starts_with('}'));
    rest.remove_prefix(1);
    return labels;
}

/// A space, and a number after it.
double take_number(std::string_view& rest) {
    REQUIRE(rest.starts_with(' '));
    rest.remove_prefix(1);
    double value = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    REQUIRE(error == std::errc());
    rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    return value;
}

Sample parse(const std::string& line) {
    INFO(line);
    Sample sample;
    std::string_view rest = line;
    const std::size_t end = rest.find_first_of("{ ");
    REQUIRE(end != std::string_view::npos);
    sample.name = rest.substr(0, end);
    REQUIRE(is_name(sample.name));
    rest.remove_prefix(end);
    if (rest[0] == '{')
        sample.labels = take_labels(rest);
    sample.value = take_number(rest);
    constexpr std::string_view exemplar = " # ";
    if (rest.starts_with(exemplar)) {
        rest.remove_prefix(exemplar.size());
        REQUIRE(rest.starts_with('{'));
        sample.exemplar = take_labels(rest);
        sample.exemplar_value = take_number(rest);
        sample.exemplar_time = take_number(rest);
    }
    REQUIRE(rest.empty());
    return sample;
}

struct Family {
    std::string type, unit, help;
    std::vector<Sample> samples;
};

std::map<std::string, Family> parse_page(const std::string& page) {
    REQUIRE(page.ends_with("\n# EOF\n"));
    std::map<std::string, Family> families;
    std::istringstream lines(page.substr(0, page.size() - 6));
    std::string current;
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        REQUIRE_FALSE(line.empty());
        if (!line.starts_with("# ")) {
            REQUIRE_FALSE(current.empty());
            families[current].samples.push_back(parse(line));
            CHECK(families[current].samples.back().name.starts_with(current));
            continue;
        }
        std::istringstream words(line.substr(2));
        std::string keyword, name, text;
        words >> keyword >> name;
        std::getline(words, text);
        if (name != current) {
            REQUIRE_FALSE(families.count(name)); // no family twice, nor one in the midst of another
            current = name;
        }
        REQUIRE(families[name].samples.empty());
        if (keyword == "TYPE")
            families[name].type = text.substr(1);
        else if (keyword == "UNIT")
            families[name].unit = text.substr(1);
        else if (keyword == "HELP")
            families[name].help = text.substr(1);
        else
            FAIL("keyword " << keyword);
    }
    return families;
}

void check_histogram(const std::string& name, const Family& family) {
    struct Group {
        std::vector<Sample> buckets;
        std::optional<double> count, sum;
    };
    std::map<std::string, Group> groups;
    for (const Sample& sample : family.samples) {
        Group& group = groups[sample.group()];
        if (sample.name == name + "_bucket")
            group.buckets.push_back(sample);
        else if (sample.name == name + "_count")
            group.count = sample.value;
        else if (sample.name == name + "_sum")
            group.sum = sample.value;
        else
            FAIL(sample.name);
    }
    for (const auto& [labels, group] : groups) {
        INFO(name << labels);
        REQUIRE(group.count);
        REQUIRE(group.sum);
        CHECK(*group.sum >= 0);
        REQUIRE_FALSE(group.buckets.empty());
        CHECK(group.buckets.back().label("le") == "+Inf");
        CHECK(group.buckets.back().value == *group.count);
        double bound = -1, below = 0;
        for (const Sample& bucket : group.buckets) {
            const std::string le = bucket.label("le");
            CHECK(le.find_first_of(".eI") != std::string::npos); // a float in canonical form
            CHECK(std::stod(le) > bound);
            CHECK(bucket.value >= below);
            bound = std::stod(le);
            below = bucket.value;
        }
    }
}

} // namespace

TEST_CASE("a strict reader takes the OpenMetrics page", "[openmetrics]") {
    const auto families = parse_page(page(sample_collector(), Format::open_metrics));
    CHECK(families.size() == catalog().size() + sample_snapshot()->declared.size());
    for (const auto& [name, family] : families) {
        INFO(name);
        CHECK_FALSE(family.help.empty());
        CHECK_FALSE(family.samples.empty());
        CHECK_FALSE(name.ends_with("_total"));
        if (!family.unit.empty())
            CHECK(name.ends_with("_" + family.unit));
        std::set<std::pair<std::string, std::string>> seen;
        for (const Sample& sample : family.samples)
            CHECK(seen.emplace(sample.name + sample.label("le"), sample.group()).second);
        if (family.type == "histogram") {
            check_histogram(name, family);
            continue;
        }
        REQUIRE((family.type == "counter" || family.type == "gauge"));
        for (const Sample& sample : family.samples) {
            CHECK(sample.name == (family.type == "counter" ? name + "_total" : name));
            if (family.type == "counter")
                CHECK(sample.value >= 0);
        }
    }
}

TEST_CASE("exemplars stand where the standard allows them, and only in OpenMetrics",
          "[openmetrics]") {
    constexpr std::size_t most_characters = 128;
    const auto families = parse_page(page(sample_collector(), Format::open_metrics));
    std::vector<std::string> found;
    for (const auto& [name, family] : families)
        for (const Sample& sample : family.samples) {
            if (sample.exemplar.empty())
                continue;
            INFO(sample.name);
            CHECK((sample.name.ends_with("_bucket") || sample.name.ends_with("_total")));
            std::size_t characters = 0;
            for (const auto& [label, text] : sample.exemplar)
                characters += label.size() + text.size();
            CHECK(characters <= most_characters);
            if (family.type == "histogram")
                CHECK(sample.exemplar_value <= std::stod(sample.label("le")));
            CHECK(sample.exemplar_time == 1'700'000'003.007);
            found.push_back(sample.name + " " + sample.label("le") + " " +
                            sample.exemplar.front().first + " " + sample.exemplar.front().second);
        }
    const std::string id = "request_id żółw \"7\" \\";
    CHECK(found ==
          std::vector<std::string>{"holter_errors_total  trace_id 4bf92f3577b34da6a3ce929d0e0e4736",
                                   "rpc_server_call_duration_seconds_bucket 0.005 " + id,
                                   "rpc_server_call_duration_seconds_bucket 2.5 trace_id "
                                   "4bf92f3577b34da6a3ce929d0e0e4736"});
    CHECK(page(sample_collector(), Format::text).find(" # {") == std::string::npos);
}

TEST_CASE("label values come back as they were", "[openmetrics]") {
    const auto families = parse_page(page(sample_collector(), Format::open_metrics));
    bool found = false;
    for (const Sample& sample : families.at("holter_target_info").samples)
        if (sample.label("service_name") == "a \"quoted\" \\ name\nof two lines") {
            found = true;
            CHECK(sample.label("executable") == "/opt/\xEF\xBF\xBD\xEF\xBF\xBD/żółw");
        }
    CHECK(found);
}

TEST_CASE("the catalogue keeps the rules of names", "[catalog]") {
    std::set<std::string_view> names;
    for (const Metric& metric : catalog()) {
        INFO(metric.name);
        CHECK(is_name(metric.name));
        CHECK(names.insert(metric.name).second);
        CHECK((metric.type == Type::counter) == metric.name.ends_with("_total"));
        CHECK(metric.help.ends_with('.'));
        // Ours, what every exporter has, and OpenTelemetry's.
        const auto begins = {"holter_", "process_", "http_", "rpc_", "db_"};
        CHECK(std::any_of(begins.begin(), begins.end(),
                          [&](const char* begin) { return metric.name.starts_with(begin); }));
        std::set<std::string_view> labels(service_labels().begin(), service_labels().end());
        for (const std::string_view label : metric.labels) {
            CHECK(is_name(label));
            CHECK(labels.insert(label).second);
        }
    }
}

TEST_CASE("help texts need no escapes", "[catalog]") {
    for (const Metric& metric : catalog())
        CHECK(metric.help.find_first_of("\\\n\"") == std::string_view::npos);
}
