// SPDX-License-Identifier: Apache-2.0
//
// The reader of catalogue files. It knows every key, and says of everything that
// does not fit where it stands: a file that is accepted can be attached wherever the
// binary has what it names.
#include "loader/catalogue/definition.h"

#include "bpf/events.h"
#include "loader/catalogue/metrics.h"
#include "loader/catalogue/places.h"

#include <algorithm>
#include <fnmatch.h>
#include <limits>
#include <regex>

namespace holter::catalogue {

namespace {

const std::vector<std::string> shapes = {"span", "count", "value", "state", "error"};
const std::vector<std::string> error_sources = {"exception", "panic", "oom"};

LabelRule parse_label(const std::string& name, const YamlValue& value) {
    LabelRule rule;
    rule.label = name;
    if (value.is_scalar()) {
        rule.constant = value.text();
        return rule;
    }
    YamlMap map(value);
    rule.field = map.require("field").identifier();
    rule.source = value.where();
    if (const auto names = map.find("names"))
        for (const auto& [number, text] : YamlMap(*names).entries())
            rule.names[number.integer(std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::max())] = text.text();
    rule.otherwise = map.text_or_nothing("otherwise");
    rule.only = map.texts_or_none("only");
    rule.except = map.texts_or_none("except");
    map.done();
    return rule;
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
    probe.name = map.require("name").identifier();
    probe.help = map.require("help").one_line();
    probe.needs = map.texts_or_none("needs");
    probe.lacks = map.texts_or_none("lacks");
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
            probe.key = key->identifier();
        probe.outside = map.text_or_nothing("outside");
    } else {
        probe.places.push_back(parse_place(map.require("at"), Place::Role::instant));
    }
    place_fields(value, probe);
    if (const auto looks_again = map.find("looks_again"))
        probe.looks_again = looks_again->boolean();

    if (probe.shape != Shape::error)
        if (const auto labels = map.find("labels"))
            for (const auto& [name, label] : YamlMap(*labels).entries())
                probe.labels.push_back(parse_label(name.identifier(), label));
    if (probe.shape == Shape::error) {
        probe.error_source = map.require("source").choice(error_sources);
        probe.labels = {parse_label("error_type", map.require("type"))};
    } else {
        probe.metric = map.require("metric").text();
        check_metric(map.require("metric"), probe, metrics);
    }
    if (probe.shape == Shape::value)
        probe.value = map.require("value").identifier();
    if (probe.shape == Shape::state) {
        probe.object = map.require("object").identifier();
        probe.gone = map.texts_or_none("gone");
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
    Recognition recognition{map.text_or_nothing("file"), map.text_or_nothing("symbol"),
                            map.text_or_nothing("usdt")};
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
    definition.name = (library ? *library : *runtime).identifier();
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
        const std::string text = name.identifier();
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
