// SPDX-License-Identifier: Apache-2.0
#include "loader/modules/specification.h"

#include "loader/elf/printable.h"
#include "loader/symbols/variable.h"
#include "loader/usdt/arguments.h"

#include <algorithm>
#include <functional>

namespace holter::modules {

namespace {

using catalogue::DeclaredProbe;
using catalogue::Field;
using catalogue::Place;

/// The argument of that number, as wide as `type` says where the place itself does not.
using ArgumentAt = std::function<Result<usdt::Argument>(unsigned, catalogue::NumberType)>;

constexpr catalogue::NumberType pointer{8, false};

Result<holter_number> number_of(const Field& field, const ArgumentAt& argument_at,
                                const elf::ElfFile& file) {
    holter_number number{};
    if (field.constant) {
        number.argument.kind = HOLTER_ARGUMENT_CONSTANT;
        number.argument.size = 8;
        number.argument.displacement = *field.constant;
        return number;
    }
    const auto type = field.type.value_or(pointer);
    const auto read_as = field.path.empty() ? type : pointer;
    if (field.result) {
        number.argument = usdt::c_result(file.machine(), read_as.size, read_as.is_signed);
    } else {
        const auto argument = argument_at(field.argument, read_as);
        if (!argument)
            return argument.error();
        number.argument = *argument;
    }
    std::copy(field.path.begin(), field.path.end(), number.offsets);
    number.dereferences = static_cast<std::uint8_t>(field.path.size());
    number.size = type.size;
    number.is_signed = type.is_signed;
    return number;
}

/// GCC leaves out what a function does not need, and says so in the name only.
bool has_other_parameters(std::string_view symbol) {
    return symbol.find(".isra.") != std::string_view::npos ||
           symbol.find(".constprop.") != std::string_view::npos ||
           symbol.find(".specialized.") != std::string_view::npos;
}

std::size_t place_of(const std::vector<std::string>& names, const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

Status specify(const elf::ElfFile& file, const Place& place, const DeclaredProbe& declared,
               const ArgumentAt& argument_at, PlannedPlace& planned) {
    holter_specification& specification = planned.specification;
    static constexpr std::uint8_t roles[] = {HOLTER_ROLE_INSTANT, HOLTER_ROLE_BEGIN,
                                             HOLTER_ROLE_DURING, HOLTER_ROLE_END};
    specification.role = roles[static_cast<std::size_t>(place.role)];
    const bool begin_is_conditional =
        !declared.outside.empty() ||
        std::any_of(declared.places.begin(), declared.places.end(), [](const Place& other) {
            return other.role == Place::Role::begin && other.condition;
        });
    if (begin_is_conditional)
        specification.flags |= HOLTER_SPECIFICATION_SILENT;
    if (place.condition) {
        const auto condition = number_of(*place.condition, argument_at, file);
        if (!condition)
            return condition.error();
        specification.condition = *condition;
        specification.condition_values = static_cast<std::uint8_t>(place.condition_values.size());
        std::copy(place.condition_values.begin(), place.condition_values.end(),
                  specification.condition_value);
    }
    for (const auto& field : place.fields) {
        auto number = number_of(field, argument_at, file);
        if (!number)
            return number.error();
        std::string what = field.name + " = ";
        for (std::size_t i = 0; i < field.path.size(); ++i)
            what += "*(";
        what += usdt::describe(number->argument, file.machine());
        for (const auto offset : field.path)
            what += (offset < 0 ? " - " : " + ") + std::to_string(std::abs(offset)) + ")";
        planned.arguments.push_back(what + (field.is_text() ? ", a text" : ""));
        if (!field.is_text()) {
            specification.number[place_of(declared.numbers, field.name)] = *number;
            if (field.name == declared.key)
                specification.key = *number;
            continue;
        }
        holter_text& text = specification.text[place_of(declared.texts, field.name)];
        text.address = *number;
        if (field.length) {
            const auto length = argument_at(*field.length, pointer);
            if (!length)
                return length.error();
            text.length.argument = *length;
        }
    }
    return ok;
}

} // namespace

Status specify_usdt(const elf::ElfFile& file, const usdt::Probe& probe, const Place& place,
                    const DeclaredProbe& declared, PlannedPlace& planned) {
    usdt::ArgumentContext context;
    context.machine = file.machine();
    context.address = probe.address;
    context.position_independent = file.is_pie();
    context.resolve = [&](std::string_view name) { return symbols::variable_address(file, name); };
    const auto arguments = usdt::parse_arguments(probe.arguments, context);
    const auto argument_at = [&](unsigned index, catalogue::NumberType) -> Result<usdt::Argument> {
        if (index >= arguments.size())
            return Error{"unreadable_argument", place.text() + " has " +
                                                    std::to_string(arguments.size()) +
                                                    " arguments; number " + std::to_string(index) +
                                                    " is wanted (they count from 0)"};
        return arguments[index];
    };
    return specify(file, place, declared, argument_at, planned);
}

Status specify_function(const elf::ElfFile& file, const symbols::Function& function,
                        const Place& place, const DeclaredProbe& declared, PlannedPlace& planned) {
    const auto argument_at = [&](unsigned index,
                                 catalogue::NumberType type) -> Result<usdt::Argument> {
        if (has_other_parameters(function.symbol))
            return Error{"unreadable_argument",
                         elf::printable(function.symbol) +
                             " is a copy that the compiler made, with parameters of its choice"};
        return usdt::c_argument(file.machine(), index, type.size, type.is_signed);
    };
    return specify(file, place, declared, argument_at, planned);
}

const char* program_of(const holter_specification& specification) {
    const bool has_texts = std::any_of(
        std::begin(specification.text), std::end(specification.text),
        [](const holter_text& text) { return text.address.argument.kind != HOLTER_ARGUMENT_NONE; });
    return has_texts ? "catalogue_text" : "catalogue";
}

} // namespace holter::modules
