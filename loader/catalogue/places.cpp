// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue/places.h"

#include "bpf/events.h"

#include <cstdint>
#include <limits>
#include <regex>
#include <string>
#include <vector>

namespace holter::catalogue {

namespace {

constexpr std::int64_t largest_argument = 11; // <sys/sdt.h> allows twelve

const std::vector<std::string> number_types = {"u8",  "s8",  "u16", "s16",
                                               "u32", "s32", "u64", "s64"};
const std::vector<std::string> conversions = {"number", "text", "cpp_type", "hotspot_class"};

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

} // namespace

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
            place.fields.push_back(parse_field(name.identifier(), field, place.kind));
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

} // namespace holter::catalogue
