// SPDX-License-Identifier: Apache-2.0
//
// AT&T notation: `%reg`, `$value`, `displacement(%base,%index,scale)`. Value and displacement are
// sums of numbers and at most one name.
//
// A name's address is known as linked, and a process adds a bias that differs from run to run. It
// is the same bias that the probed instruction has, though, whose run-time address is in `rip` at a
// hit: so `name(%rip)` becomes memory at rip plus the distance between the two.
#include "loader/usdt/operand.h"
#include "loader/usdt/registers.h"

#include <algorithm>
#include <cctype>

namespace holter::usdt {
namespace {

struct Expression {
    std::uint64_t number = 0;
    std::string_view symbol;
};

bool is_symbol(std::string_view text) {
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' ||
                      c == '$';
           });
}

/// `16+name-8`. Nothing for anything else, like `name@GOTPCREL`: a relocation, not an address.
std::optional<Expression> parse_expression(std::string_view text) {
    Expression sum;
    while (!text.empty()) {
        const std::size_t sign = text.find_first_of("+-", 1);
        const std::string_view term = text.substr(0, sign);
        text.remove_prefix(term.size());
        if (const auto number = parse_number(term)) {
            sum.number += static_cast<std::uint64_t>(*number);
            continue;
        }
        const std::string_view name = term.substr(term.starts_with('+') ? 1 : 0);
        if (!sum.symbol.empty() || !is_symbol(name)) {
            return std::nullopt;
        }
        sum.symbol = name;
    }
    return sum;
}

/// Address as linked of what the expression means.
std::optional<std::uint64_t> linked_address(const Expression& expression,
                                            const ArgumentContext& context) {
    const auto symbol = context.resolve ? context.resolve(expression.symbol) : std::nullopt;
    if (!symbol) {
        return std::nullopt;
    }
    return *symbol + expression.number;
}

Complaint unknown_symbol(const Expression& expression) {
    return "no one variable named " + std::string(expression.symbol) + " in the symbol tables";
}

/// The operand is relative to the probed instruction.
Complaint set_relative(const Expression& expression, const ArgumentContext& context,
                       Argument& argument) {
    const auto address = linked_address(expression, context);
    if (!address) {
        return unknown_symbol(expression);
    }
    argument.base = instruction_pointer(elf::Machine::x86_64);
    argument.displacement = static_cast<std::int64_t>(*address - context.address);
    return {};
}

Complaint parse_constant(std::string_view text, const ArgumentContext& context,
                         Argument& argument) {
    const auto value = parse_expression(text);
    if (!value || text.empty()) {
        return "not a constant";
    }
    if (!value->symbol.empty()) {
        argument.kind = HOLTER_ARGUMENT_ADDRESS;
        return set_relative(*value, context, argument);
    }
    argument.kind = HOLTER_ARGUMENT_CONSTANT;
    argument.displacement = static_cast<std::int64_t>(value->number);
    return {};
}

Complaint parse_register(std::string_view name, unsigned size, Argument& argument) {
    const auto found = find_register(elf::Machine::x86_64, name);
    if (!found) {
        return "no general register of that name";
    }
    // The width before the @ governs: `1@%eax` is al, and `8@%eax` is rax. But nothing follows ah.
    if (found->offset % 8 != 0 && size != 1) {
        return "wider than the register";
    }
    argument.kind = HOLTER_ARGUMENT_REGISTER;
    argument.base = found->offset;
    return {};
}

/// A base or index: `%rax`.
Complaint parse_address_register(std::string_view text, std::uint16_t& offset) {
    const auto found =
        text.starts_with('%') ? find_register(elf::Machine::x86_64, text.substr(1)) : std::nullopt;
    if (!found || found->width != 8) {
        return "no 64-bit register: " + std::string(text);
    }
    offset = found->offset;
    return {};
}

Complaint parse_index(std::string_view index, std::string_view scale, Argument& argument) {
    const Complaint complaint = parse_address_register(index, argument.index);
    if (!complaint.empty()) {
        return complaint;
    }
    if (argument.index == stack_pointer(elf::Machine::x86_64) ||
        argument.index == instruction_pointer(elf::Machine::x86_64)) {
        return "not an index register: " + std::string(index);
    }
    constexpr std::string_view scales[] = {"1", "2", "4", "8"};
    const auto* found = std::find(std::begin(scales), std::end(scales), scale);
    if (found == std::end(scales)) {
        return "not a scale: " + std::string(scale);
    }
    argument.shift = static_cast<__u8>(found - std::begin(scales));
    return {};
}

/// `%base,%index,scale`, where only one of base and index has to be there.
Complaint parse_registers(std::string_view inside, Argument& argument) {
    const std::size_t comma = inside.find(',');
    const std::string_view base = trimmed(inside.substr(0, comma));
    if (!base.empty()) {
        Complaint complaint = parse_address_register(base, argument.base);
        if (!complaint.empty()) {
            return complaint;
        }
    }
    if (comma == std::string_view::npos) {
        return base.empty() ? "no register in the parentheses" : "";
    }
    const std::string_view rest = inside.substr(comma + 1);
    const std::size_t second = rest.find(',');
    const std::string_view scale =
        second == std::string_view::npos ? "1" : trimmed(rest.substr(second + 1));
    return parse_index(trimmed(rest.substr(0, second)), scale, argument);
}

Complaint parse_memory(std::string_view text, const ArgumentContext& context, Argument& argument) {
    argument.kind = HOLTER_ARGUMENT_MEMORY;
    const std::size_t open = text.find('(');
    if (open != std::string_view::npos) {
        if (!text.ends_with(')') || text.find('(', open + 1) != std::string_view::npos) {
            return "not a memory operand";
        }
        Complaint complaint =
            parse_registers(text.substr(open + 1, text.size() - open - 2), argument);
        if (!complaint.empty()) {
            return complaint;
        }
    }
    const auto displacement = parse_expression(text.substr(0, open));
    if (!displacement) {
        return "not a displacement";
    }
    const bool relative = argument.base == instruction_pointer(elf::Machine::x86_64);
    if (relative && argument.index != HOLTER_ARGUMENT_NO_REGISTER) {
        return "an index with rip";
    }
    if (displacement->symbol.empty()) {
        // Relative to the end of an instruction that nobody knows, or an address that no linker
        // has seen.
        if (relative || (open == std::string_view::npos)) {
            return "an address without a name";
        }
        argument.displacement = static_cast<std::int64_t>(displacement->number);
        return {};
    }
    if (relative || argument.base == HOLTER_ARGUMENT_NO_REGISTER) {
        return set_relative(*displacement, context, argument);
    }
    if (context.position_independent) {
        return "a name and a base register in a position-independent file";
    }
    const auto address = linked_address(*displacement, context);
    if (!address) {
        return unknown_symbol(*displacement);
    }
    argument.displacement = static_cast<std::int64_t>(*address);
    return {};
}

} // namespace

Complaint parse_x86_operand(std::string_view text, unsigned size, const ArgumentContext& context,
                            Argument& argument) {
    if (text.starts_with('$')) {
        return parse_constant(text.substr(1), context, argument);
    }
    if (text.starts_with('%')) {
        if (text.find(':') != std::string_view::npos) {
            return "thread-local or segment-relative";
        }
        return parse_register(text.substr(1), size, argument);
    }
    return parse_memory(text, context, argument);
}

} // namespace holter::usdt
