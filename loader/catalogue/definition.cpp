// SPDX-License-Identifier: Apache-2.0
//
// The reader of catalogue files. It knows every key, and says of everything that
// does not fit where it stands: a file that is accepted can be attached wherever the
// binary has what it names.
#include "loader/catalogue/definition.h"

#include "bpf/events.h"

#include <algorithm>
#include <cmath>
#include <fnmatch.h>
#include <limits>
#include <regex>

namespace holter::catalogue {

namespace {

constexpr std::int64_t largest_argument = 11; // <sys/sdt.h> allows twelve

const std::vector<std::string> shapes = {"span", "count", "value", "state", "error"};
const std::vector<std::string> number_types = {"u8",  "s8",  "u16", "s16",
                                               "u32", "s32", "u64", "s64"};
const std::vector<std::string> conversions = {"number", "text", "cpp_type", "hotspot_class"};
const std::vector<std::string> metric_types = {"counter", "gauge", "histogram"};
const std::vector<std::string> error_sources = {"exception", "panic", "oom"};
/// Labels that every series begins with.
const std::vector<std::string> service_labels = {"service_name", "namespace", "pod", "container"};
/// Names that formats give to parts of a metric.
const std::vector<std::string> reserved_suffixes = {"_bucket", "_count", "_sum", "_created",
                                                    "_info"};

/// A metric of Holter's own that catalogue files may feed: its labels, but `runtime`.
struct SharedMetric {
    const char* name;
    const char* type;
    std::vector<std::string> labels;
};
const std::vector<SharedMetric>& shared_metrics() {
    static const std::vector<SharedMetric> all = {
        {"holter_gc_pause_seconds", "histogram", {"kind"}},
        {"holter_gc_cycles_total", "counter", {"trigger"}},
        {"holter_gc_heap_live_bytes", "gauge", {}},
        {"holter_gc_heap_goal_bytes", "gauge", {}},
    };
    return all;
}

std::string text_or_nothing(YamlMap& map, const std::string& key) {
    const auto value = map.find(key);
    return value ? value->text() : std::string();
}

std::vector<std::string> texts_or_none(YamlMap& map, const std::string& key) {
    const auto value = map.find(key);
    return value ? value->texts() : std::vector<std::string>();
}

/// A name of letters, digits and `_`, which may become part of a page or a log line as it is.
std::string identifier(const YamlValue& value) {
    static const std::regex form("[a-zA-Z_][a-zA-Z0-9_]{0,99}");
    std::string text = value.text();
    if (!std::regex_match(text, form))
        value.fail("`" + text + "` is no name: letters, digits and _ only, at most 100");
    return text;
}

/// One line for people.
std::string one_line(const YamlValue& value) {
    std::string text = value.text();
    const bool plain = std::all_of(text.begin(), text.end(), [](char character) {
        return static_cast<unsigned char>(character) >= 0x20 && character != '\\';
    });
    if (text.empty() || !plain)
        value.fail("must be one line of text without backslashes");
    return text;
}

NumberType number_type(const YamlValue& value) {
    const std::string word = value.choice(number_types);
    return {static_cast<std::uint8_t>(std::stoi(word.substr(1)) / 8), word[0] == 's'};
}

Field::As conversion(const YamlValue& value) {
    const std::string word = value.choice(conversions);
    return word == "text"       ? Field::As::text
           : word == "cpp_type" ? Field::As::cpp_type
           : word == "number"   ? Field::As::number
                                : Field::As::hotspot_class;
}

Field parse_field(const std::string& name, const YamlValue& value, Place::Kind kind) {
    Field field;
    field.name = name;
    if (value.is_scalar()) {
        field.constant = value.integer(std::numeric_limits<std::int64_t>::min(),
                                       std::numeric_limits<std::int64_t>::max());
        return field;
    }
    YamlMap map(value);
    if (const auto as = map.find("as"))
        field.as = conversion(*as);
    const auto argument = map.find("argument");
    const auto result = map.find("result");
    if (result)
        field.result = result->boolean();
    if (field.result == argument.has_value())
        map.fail("one of `argument: NUMBER` and `result: true` is needed");
    if (field.result && kind != Place::Kind::return_of)
        result->fail("only a place with `return_of` has a result");
    if (argument && kind == Place::Kind::return_of)
        argument->fail("a function's arguments are gone when it returns; read them at its entry");
    if (argument)
        field.argument = static_cast<unsigned>(argument->integer(0, largest_argument));
    if (const auto type = map.find("type"))
        field.type = number_type(*type);
    if (const auto path = map.find("path")) {
        for (const auto& offset : path->list())
            field.path.push_back(static_cast<std::int32_t>(
                offset.integer(std::numeric_limits<std::int32_t>::min(),
                               std::numeric_limits<std::int32_t>::max())));
        if (field.path.size() > HOLTER_MAX_DEREFERENCES)
            path->fail("at most " + std::to_string(HOLTER_MAX_DEREFERENCES) + " steps");
    }
    if (const auto length = map.find("length")) {
        if (!field.is_text())
            length->fail("only a text has a length");
        field.length = static_cast<unsigned>(length->integer(0, largest_argument));
    }
    if (field.is_text() && field.type)
        map.fail("a text has no `type`");
    map.done();
    return field;
}

Place parse_place(const YamlValue& value, Place::Role role) {
    static const std::regex usdt_form("([^:]{1,100}):([^:]{1,100})");
    YamlMap map(value);
    Place place;
    place.role = role;
    const auto usdt = map.find("usdt");
    const auto function = map.find("function");
    const auto return_of = map.find("return_of");
    if (usdt.has_value() + function.has_value() + return_of.has_value() != 1)
        map.fail("exactly one of `usdt`, `function` and `return_of` is needed");
    if (usdt) {
        std::smatch match;
        const std::string text = usdt->text();
        if (!std::regex_match(text, match, usdt_form))
            usdt->fail("`" + text + "` is no USDT probe; write PROVIDER:NAME");
        place.provider = match[1];
        place.name = match[2];
    } else {
        place.kind = function ? Place::Kind::function : Place::Kind::return_of;
        const YamlValue& named = function ? *function : *return_of;
        place.name = named.text();
        if (place.name.size() < 2 || place.name.size() > 4096)
            named.fail("a function's name has 2 to 4096 characters");
    }
    if (const auto fields = map.find("fields"))
        for (const auto& [name, field] : YamlMap(*fields).entries())
            place.fields.push_back(parse_field(identifier(name), field, place.kind));
    if (const auto when = map.find("when")) {
        YamlMap condition(*when);
        const YamlValue is = condition.require("is");
        for (const auto& each : is.list())
            place.condition_values.push_back(
                each.integer(std::numeric_limits<std::int64_t>::min(),
                             std::numeric_limits<std::int64_t>::max()));
        if (place.condition_values.empty() ||
            place.condition_values.size() > HOLTER_MAX_CONDITION_VALUES)
            is.fail("1 to " + std::to_string(HOLTER_MAX_CONDITION_VALUES) + " numbers");
        place.condition = parse_field("", condition.require("field"), place.kind);
        if (place.condition->as != Field::As::number || place.condition->constant)
            condition.fail("a condition is on a number that is read");
        condition.done();
    }
    map.done();
    return place;
}

LabelRule parse_label(const std::string& name, const YamlValue& value) {
    LabelRule rule;
    rule.label = name;
    if (value.is_scalar()) {
        rule.constant = value.text();
        return rule;
    }
    YamlMap map(value);
    rule.field = identifier(map.require("field"));
    rule.source = value.where();
    if (const auto names = map.find("names"))
        for (const auto& [number, text] : YamlMap(*names).entries())
            rule.names[number.integer(std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::max())] = text.text();
    rule.otherwise = text_or_nothing(map, "otherwise");
    rule.only = texts_or_none(map, "only");
    rule.except = texts_or_none(map, "except");
    map.done();
    return rule;
}

/// What is read is whole numbers, and a histogram counts them between whole numbers.
void check_bound(const YamlValue& bucket, double bound) {
    if (bound > 9e18)
        bucket.fail("is more than can be read, with this `per_unit`");
    if (std::abs(bound - std::round(bound)) > 1e-9 * std::max(1.0, bound))
        bucket.fail("is no whole number of what is read, with this `per_unit`");
}

DeclaredMetric parse_metric(const YamlValue& value) {
    static const std::regex form("[a-z_][a-z0-9_]{2,99}");
    YamlMap map(value);
    DeclaredMetric metric;
    const YamlValue name = map.require("name");
    metric.name = name.text();
    metric.source = value.where();
    if (!std::regex_match(metric.name, form))
        name.fail("`" + metric.name + "` is no name of a metric: a-z, 0-9 and _ only");
    metric.type = map.require("type").choice(metric_types);
    if ((metric.type == "counter") != metric.name.ends_with("_total"))
        name.fail("a counter's name ends in _total, and no other's does");
    for (const auto& suffix : reserved_suffixes)
        if (metric.name.ends_with(suffix))
            name.fail("names that end in " + suffix + " are Prometheus' own");
    metric.help = one_line(map.require("help"));
    if (const auto labels = map.find("labels"))
        for (const auto& label : labels->list()) {
            metric.labels.push_back(identifier(label));
            const std::string& added = metric.labels.back();
            if (added == "le" || added.starts_with("__"))
                label.fail("this name is Prometheus' own");
            if (std::find(service_labels.begin(), service_labels.end(), added) !=
                service_labels.end())
                label.fail("every metric has this label, of the process's service");
            if (std::count(metric.labels.begin(), metric.labels.end(), added) > 1)
                label.fail("label `" + added + "` appears twice");
        }
    if (const auto per_unit = map.find("per_unit"))
        metric.per_unit = per_unit->number(1e-12, 1e18);
    else if (metric.name.find("_seconds") != std::string::npos)
        metric.per_unit = 1e9; // what we measure is in ns
    const auto buckets = map.find("buckets");
    if (buckets.has_value() != (metric.type == "histogram"))
        map.fail("a histogram has `buckets`, and nothing else has");
    if (buckets) {
        for (const auto& bucket : buckets->list()) {
            metric.buckets.push_back(bucket.number(0, 1e18));
            check_bound(bucket, metric.buckets.back() * metric.per_unit);
        }
        if (metric.buckets.empty() || metric.buckets.size() > 64 ||
            std::adjacent_find(metric.buckets.begin(), metric.buckets.end(),
                               std::greater_equal<>()) != metric.buckets.end())
            buckets->fail("1 to 64 numbers, each larger than the one before");
    }
    map.done();
    return metric;
}

/// Gives every field that is used its place in the event.
void place_fields(const YamlValue& at, DeclaredProbe& probe) {
    std::map<std::string, Field::As> known;
    for (const auto& place : probe.places)
        for (const auto& field : place.fields) {
            const auto [entry, is_new] = known.emplace(field.name, field.as);
            if (field.is_text() && place.role != Place::Role::end &&
                place.role != Place::Role::instant)
                at.fail("field `" + field.name + "`: a span's texts are read at its end");
            if (!is_new) {
                const bool texts = field.is_text();
                const auto& names = texts ? probe.texts : probe.numbers;
                if (std::find(names.begin(), names.end(), field.name) == names.end())
                    at.fail("field `" + field.name +
                            "` is a text at one place and a number at "
                            "another");
                continue;
            }
            (field.is_text() ? probe.texts : probe.numbers).push_back(field.name);
        }
    if (probe.numbers.size() > HOLTER_MAX_NUMBERS || probe.texts.size() > HOLTER_MAX_TEXTS)
        at.fail("at most " + std::to_string(HOLTER_MAX_NUMBERS) + " numbers and " +
                std::to_string(HOLTER_MAX_TEXTS) + " texts");
}

void check_field(const YamlValue& at, const DeclaredProbe& probe, const std::string& name,
                 bool may_be_text) {
    const auto has = [&](const std::vector<std::string>& names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (has(probe.numbers) || (may_be_text && has(probe.texts)))
        return;
    std::vector<std::string> known = probe.numbers;
    if (may_be_text)
        known.insert(known.end(), probe.texts.begin(), probe.texts.end());
    const auto near = nearest(name, known);
    at.fail((has(probe.texts) ? "field `" + name + "` is a text"
                              : "no place reads a field `" + name + "`") +
            (near ? " (did you mean `" + *near + "`?)" : ""));
}

void check_label(const YamlValue& at, const DeclaredProbe& probe, const LabelRule& rule) {
    if (rule.constant)
        return;
    check_field(at, probe, rule.field, true);
    const bool is_number =
        std::find(probe.numbers.begin(), probe.numbers.end(), rule.field) != probe.numbers.end();
    if (!is_number && (!rule.names.empty() || !rule.otherwise.empty()))
        throw YamlError(rule.source + ": `" + rule.label + "`: field `" + rule.field +
                        "` is a text; `names` and `otherwise` are for numbers");
}

/// Puts the labels into the metric's order; every one must be given.
void order_labels(const YamlValue& at, DeclaredProbe& probe,
                  const std::vector<std::string>& wanted) {
    std::vector<LabelRule> ordered;
    for (const auto& label : wanted) {
        const auto found = std::find_if(probe.labels.begin(), probe.labels.end(),
                                        [&](const auto& rule) { return rule.label == label; });
        if (found == probe.labels.end())
            at.fail(probe.metric + " has a label `" + label + "`, which is missing");
        ordered.push_back(*found);
    }
    for (const auto& rule : probe.labels)
        if (std::find(wanted.begin(), wanted.end(), rule.label) == wanted.end()) {
            const auto near = nearest(rule.label, wanted);
            at.fail(probe.metric + " has no label `" + rule.label + "`" +
                    (near ? " (did you mean `" + *near + "`?)" : ""));
        }
    probe.labels = std::move(ordered);
}

void check_metric(const YamlValue& at, DeclaredProbe& probe,
                  const std::vector<DeclaredMetric>& metrics) {
    std::string type;
    std::vector<std::string> labels, known;
    for (const auto& metric : shared_metrics()) {
        known.emplace_back(metric.name);
        if (probe.metric == metric.name) {
            type = metric.type;
            labels = metric.labels;
        }
    }
    for (const auto& metric : metrics) {
        known.push_back(metric.name);
        if (probe.metric == metric.name) {
            type = metric.type;
            labels = metric.labels;
        }
    }
    if (type.empty()) {
        const auto near = nearest(probe.metric, known);
        at.fail("`" + probe.metric + "` is declared neither here under `metrics` nor by Holter" +
                (near ? " (did you mean `" + *near + "`?)" : ""));
    }
    const bool fits = probe.shape == Shape::span    ? type != "gauge"
                      : probe.shape == Shape::count ? type == "counter"
                      : probe.shape == Shape::state ? type == "gauge"
                                                    : true;
    if (!fits)
        at.fail("a " + std::string(to_string(probe.shape)) + " cannot feed a " + type);
    order_labels(at, probe, labels);
}

/// A state that the probe never tells would never come, and its objects would stay for good.
void check_gone(const YamlValue& gone, const DeclaredProbe& probe) {
    const LabelRule& state = probe.labels.back();
    std::vector<std::string> told;
    for (const auto& [number, name] : state.names)
        told.push_back(name);
    if (!state.otherwise.empty())
        told.push_back(state.otherwise);
    static const std::regex form("-?[0-9]{1,18}");
    const auto is_number_without_name = [&](const std::string& text) {
        return state.otherwise.empty() && std::regex_match(text, form) &&
               !state.names.count(std::stoll(text));
    };
    const auto matches_any = [](const std::vector<std::string>& patterns, const std::string& text) {
        return std::any_of(patterns.begin(), patterns.end(),
                           [&](const auto& pattern) { return glob_matches(pattern, text); });
    };
    for (const YamlValue& each : gone.list()) {
        const std::string text = each.text();
        const bool is_told = std::find(told.begin(), told.end(), text) != told.end();
        // Without names, what is read may be any text, or stand for one.
        if (!told.empty() && !is_told && !is_number_without_name(text)) {
            const auto near = nearest(text, told);
            each.fail("label `" + state.label + "` is never `" + text + "`" +
                      (near ? " (did you mean `" + *near + "`?)" : ""));
        }
        if ((!state.only.empty() && !matches_any(state.only, text)) ||
            matches_any(state.except, text))
            each.fail("hits with `" + text + "` are not counted, by `only` or `except`");
    }
}

DeclaredProbe parse_probe(const YamlValue& value, const std::vector<DeclaredMetric>& metrics) {
    YamlMap map(value);
    DeclaredProbe probe;
    probe.source = value.where();
    probe.name = identifier(map.require("name"));
    probe.help = one_line(map.require("help"));
    probe.needs = texts_or_none(map, "needs");
    probe.lacks = texts_or_none(map, "lacks");
    const std::string shape = map.require("shape").choice(shapes);
    probe.shape =
        static_cast<Shape>(std::find(shapes.begin(), shapes.end(), shape) - shapes.begin());
    if (probe.shape == Shape::span) {
        probe.places.push_back(parse_place(map.require("begin"), Place::Role::begin));
        if (const auto during = map.find("during"))
            for (const auto& place : during->list())
                probe.places.push_back(parse_place(place, Place::Role::during));
        probe.places.push_back(parse_place(map.require("end"), Place::Role::end));
        if (const auto key = map.find("key"))
            probe.key = identifier(*key);
        probe.outside = text_or_nothing(map, "outside");
    } else {
        probe.places.push_back(parse_place(map.require("at"), Place::Role::instant));
    }
    place_fields(value, probe);
    if (const auto looks_again = map.find("looks_again"))
        probe.looks_again = looks_again->boolean();

    if (probe.shape != Shape::error)
        if (const auto labels = map.find("labels"))
            for (const auto& [name, label] : YamlMap(*labels).entries())
                probe.labels.push_back(parse_label(identifier(name), label));
    if (probe.shape == Shape::error) {
        probe.error_source = map.require("source").choice(error_sources);
        probe.labels = {parse_label("error_type", map.require("type"))};
    } else {
        probe.metric = map.require("metric").text();
        check_metric(map.require("metric"), probe, metrics);
    }
    if (probe.shape == Shape::value)
        probe.value = identifier(map.require("value"));
    if (probe.shape == Shape::state) {
        probe.object = identifier(map.require("object"));
        probe.gone = texts_or_none(map, "gone");
        if (probe.labels.empty() || probe.labels.back().constant)
            value.fail("the last label of a state is the state, read from a field");
    }
    for (const auto& rule : probe.labels)
        check_label(value, probe, rule);
    if (!probe.gone.empty())
        check_gone(map.require("gone"), probe);
    if (!probe.value.empty())
        check_field(value, probe, probe.value, false);
    if (!probe.object.empty())
        check_field(value, probe, probe.object, false);
    if (!probe.key.empty()) {
        check_field(value, probe, probe.key, false);
        if (!probe.outside.empty())
            value.fail("`outside`: spans that a `key` joins are on no thread");
    }
    for (const auto& place : probe.places)
        if (!probe.key.empty() &&
            std::none_of(place.fields.begin(), place.fields.end(),
                         [&](const Field& field) { return field.name == probe.key; }))
            value.fail("`key`: " + place.text() + " does not read the field `" + probe.key + "`");
    map.done();
    return probe;
}

Recognition parse_recognition(const YamlValue& value) {
    YamlMap map(value);
    Recognition recognition{text_or_nothing(map, "file"), text_or_nothing(map, "symbol"),
                            text_or_nothing(map, "usdt")};
    if (recognition.file.empty() && recognition.symbol.empty() && recognition.usdt.empty())
        map.fail("at least one of `file`, `symbol` and `usdt` is needed");
    map.done();
    return recognition;
}

} // namespace

std::string Place::text() const {
    switch (kind) {
    case Kind::usdt:
        return "usdt " + provider + ":" + name;
    case Kind::function:
        return "function " + name;
    case Kind::return_of:
        break;
    }
    return "return of " + name;
}

bool Definition::is_companion() const {
    return is_library && std::all_of(groups.begin(), groups.end(), [](const auto& group) {
               return std::all_of(group.probes.begin(), group.probes.end(),
                                  [](const auto& probe) { return probe.looks_again; });
           });
}

std::string_view to_string(Shape shape) {
    return shapes[static_cast<std::size_t>(shape)];
}

bool glob_matches(std::string_view pattern, std::string_view text) {
    return ::fnmatch(std::string(pattern).c_str(), std::string(text).c_str(), 0) == 0;
}

Definition parse_definition(const std::string& content, const std::string& file) {
    const YamlValue document = parse_yaml(content, file);
    YamlMap map(document);
    Definition definition;
    definition.source = file;
    definition.content = content;
    const auto runtime = map.find("runtime");
    const auto library = map.find("library");
    if (runtime.has_value() == library.has_value())
        map.fail("either `runtime: NAME` or `library: NAME` is needed");
    definition.is_library = library.has_value();
    definition.name = identifier(library ? *library : *runtime);
    if (definition.name == "go")
        (library ? *library : *runtime).fail("Go has a form of its own (probes/go.yaml)");
    const YamlValue recognise = map.require("recognise");
    for (const auto& each : recognise.list())
        definition.recognise.push_back(parse_recognition(each));
    if (definition.recognise.empty())
        recognise.fail("nothing would ever be recognised");
    if (const auto metrics = map.find("metrics"))
        for (const auto& metric : metrics->list()) {
            definition.metrics.push_back(parse_metric(metric));
            const auto& added = definition.metrics.back();
            if (std::any_of(definition.metrics.begin(), definition.metrics.end() - 1,
                            [&](const auto& other) { return other.name == added.name; }))
                metric.fail("metric `" + added.name + "` appears twice");
        }
    std::size_t probes = 0;
    for (const auto& each : map.require("groups").list()) {
        YamlMap group(each);
        const YamlValue name = group.require("name");
        const std::string text = identifier(name);
        if (std::any_of(definition.groups.begin(), definition.groups.end(),
                        [&](const auto& other) { return other.name == text; }))
            name.fail("group `" + text + "` appears twice");
        DeclaredGroup& added = definition.groups.emplace_back();
        added.name = text;
        for (const auto& probe : group.require("probes").list()) {
            if (++probes > max_probes_of_file)
                probe.fail("a file may have " + std::to_string(max_probes_of_file) + " probes");
            added.probes.push_back(parse_probe(probe, definition.metrics));
        }
        group.done();
    }
    map.done();
    for (const auto& group : definition.groups)
        for (const auto& probe : group.probes)
            if (!probe.outside.empty() &&
                std::none_of(group.probes.begin(), group.probes.end(), [&](const auto& other) {
                    return other.name == probe.outside && other.shape == Shape::span &&
                           other.key.empty();
                }))
                throw YamlError(probe.source + ": `outside`: the group has no span `" +
                                probe.outside + "` of a thread");
    return definition;
}

} // namespace holter::catalogue
