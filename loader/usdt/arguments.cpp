// SPDX-License-Identifier: Apache-2.0
#include "loader/usdt/arguments.h"

#include "loader/elf/printable.h"
#include "loader/usdt/operand.h"
#include "loader/usdt/registers.h"

#include <algorithm>

namespace holter::usdt {
namespace {

// For messages: the longest operand seen has 80.
constexpr std::size_t max_shown = 120;

bool is_size(unsigned size) {
    return size == 1 || size == 2 || size == 4 || size == 8;
}

Argument empty_argument(unsigned size, bool is_signed) {
    Argument argument{};
    argument.size = static_cast<__u8>(size);
    argument.flags = is_signed ? HOLTER_ARGUMENT_SIGNED : 0;
    argument.base = HOLTER_ARGUMENT_NO_REGISTER;
    argument.index = HOLTER_ARGUMENT_NO_REGISTER;
    return argument;
}

/// A constant as its type has it: `4@$-1` is 4294967295.
std::int64_t extended(std::int64_t value, unsigned size, bool is_signed) {
    const unsigned unused = 64 - 8 * size;
    const auto shifted = static_cast<std::uint64_t>(value) << unused;
    return is_signed ? static_cast<std::int64_t>(shifted) >> unused
                     : static_cast<std::int64_t>(shifted >> unused);
}

/// Cuts the first argument off `text`. On arm64 blanks stand inside brackets, too.
std::string_view take_argument(std::string_view& text) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    bool bracket = false;
    std::size_t end = 0;
    for (; end < text.size() && (bracket || text[end] != ' '); ++end) {
        bracket = text[end] == '[' || (bracket && text[end] != ']');
    }
    const std::string_view argument = text.substr(0, end);
    text.remove_prefix(end);
    return argument;
}

Error unreadable(std::string_view text, std::size_t index, const Complaint& complaint) {
    return {"unreadable_argument", "argument " + std::to_string(index) + " `" +
                                       elf::printable(text.substr(0, max_shown)) +
                                       "`: " + elf::printable(complaint)};
}

Result<Argument> parse_argument(std::string_view text, std::size_t index,
                                const ArgumentContext& context) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos) {
        return unreadable(text, index, "no size");
    }
    std::string_view type = text.substr(0, at);
    if (type.ends_with('f')) {
        return unreadable(text, index, "floating point");
    }
    const bool is_signed = type.starts_with('-');
    type.remove_prefix(is_signed ? 1 : 0);
    const unsigned size = type.size() == 1 ? static_cast<unsigned>(type.front() - '0') : 0;
    if (!is_size(size)) {
        return unreadable(text, index, "not a size of 1, 2, 4 or 8 bytes");
    }
    Argument argument = empty_argument(size, is_signed);
    const std::string_view operand = text.substr(at + 1);
    const Complaint complaint = context.machine == elf::Machine::x86_64
                                    ? parse_x86_operand(operand, size, context, argument)
                                    : parse_arm64_operand(operand, size, context, argument);
    if (!complaint.empty()) {
        return unreadable(text, index, complaint);
    }
    if (argument.kind == HOLTER_ARGUMENT_CONSTANT) {
        argument.displacement = extended(argument.displacement, size, is_signed);
    }
    return argument;
}

std::string signed_term(std::int64_t value) {
    const auto magnitude = static_cast<std::uint64_t>(value);
    return value < 0 ? " - " + std::to_string(std::uint64_t{0} - magnitude)
                     : " + " + std::to_string(magnitude);
}

std::string describe_address(const Argument& argument, elf::Machine machine) {
    std::string text;
    if (argument.base != HOLTER_ARGUMENT_NO_REGISTER) {
        text = register_name(machine, argument.base);
    }
    if (argument.index != HOLTER_ARGUMENT_NO_REGISTER) {
        text += (text.empty() ? "" : " + ") + register_name(machine, argument.index) + "*" +
                std::to_string(1U << (argument.shift & 7U));
    }
    return argument.displacement == 0 ? text : text + signed_term(argument.displacement);
}

} // namespace

std::vector<Result<Argument>> parse_arguments(std::string_view text,
                                              const ArgumentContext& context) {
    std::vector<Result<Argument>> arguments;
    while (arguments.size() < max_arguments) {
        const std::string_view argument = take_argument(text);
        if (argument.empty()) {
            break;
        }
        arguments.push_back(parse_argument(argument, arguments.size(), context));
    }
    return arguments;
}

Result<Argument> c_argument(elf::Machine machine, unsigned index, unsigned size, bool is_signed) {
    constexpr std::string_view x86[] = {"rdi", "rsi", "rdx", "rcx", "r8", "r9"};
    constexpr unsigned arm64_in_registers = 8;
    // Far beyond what anyone passes; it keeps the displacement meaningful.
    constexpr unsigned max_index = 64;
    if (!is_size(size) || index >= max_index) {
        return Error{"unreadable_argument", "no argument " + std::to_string(index) + " of " +
                                                std::to_string(size) + " bytes"};
    }
    Argument argument = empty_argument(size, is_signed);
    const bool is_x86 = machine == elf::Machine::x86_64;
    const auto in_registers = is_x86 ? static_cast<unsigned>(std::size(x86)) : arm64_in_registers;
    if (index < in_registers) {
        argument.kind = HOLTER_ARGUMENT_REGISTER;
        argument.base =
            find_register(machine, is_x86 ? std::string(x86[index]) : "x" + std::to_string(index))
                ->offset;
        return argument;
    }
    // On x86-64 the return address is below them.
    const unsigned slot = index - in_registers + (is_x86 ? 1 : 0);
    argument.kind = HOLTER_ARGUMENT_MEMORY;
    argument.base = stack_pointer(machine);
    argument.displacement = std::int64_t{8} * slot;
    return argument;
}

Argument c_result(elf::Machine machine, unsigned size, bool is_signed) {
    Argument argument = empty_argument(is_size(size) ? size : 8, is_signed);
    argument.kind = HOLTER_ARGUMENT_REGISTER;
    argument.base = find_register(machine, machine == elf::Machine::x86_64 ? "rax" : "x0")->offset;
    return argument;
}

std::string describe(const Argument& argument, elf::Machine machine) {
    const bool is_signed = (argument.flags & HOLTER_ARGUMENT_SIGNED) != 0;
    const std::string type =
        (is_signed ? "int" : "uint") + std::to_string(8 * unsigned{argument.size}) + " ";
    switch (argument.kind) {
    case HOLTER_ARGUMENT_CONSTANT:
        return type + (is_signed
                           ? std::to_string(argument.displacement)
                           : std::to_string(static_cast<std::uint64_t>(argument.displacement)));
    case HOLTER_ARGUMENT_REGISTER:
        return type + "in " + register_name(machine, argument.base);
    case HOLTER_ARGUMENT_ADDRESS:
        return type + describe_address(argument, machine);
    case HOLTER_ARGUMENT_MEMORY:
        return type + "at [" + describe_address(argument, machine) + "]";
    default:
        return "none";
    }
}

} // namespace holter::usdt
