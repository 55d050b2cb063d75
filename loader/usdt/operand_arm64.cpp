// SPDX-License-Identifier: Apache-2.0
//
// `x0`, `5`, `[sp]`, `[x29, -20]`, `[x0, x1, lsl 3]`, `[x0, w1, sxtw 2]`; a number may have a `#`.
#include "loader/usdt/operand.h"
#include "loader/usdt/registers.h"

#include <algorithm>

namespace holter::usdt {
namespace {

constexpr elf::Machine machine = elf::Machine::arm64;
// What the instruction set has: an element of 16 bytes at most.
constexpr std::int64_t max_shift = 4;

std::optional<std::int64_t> parse_immediate(std::string_view text) {
    return parse_number(text.substr(text.starts_with('#') ? 1 : 0));
}

std::string_view take_part(std::string_view& rest, char separator) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view part = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

/// `lsl 3`, `sxtw`, `uxtw #2`: what happens to the index before it is added.
Complaint parse_extension(std::string_view text, bool narrow, Argument& argument) {
    const std::string_view operation = take_part(text, ' ');
    const std::string_view amount = trimmed(text);
    if (operation == "sxtw" || operation == "uxtw") {
        argument.flags =
            static_cast<__u8>(argument.flags | HOLTER_ARGUMENT_INDEX_32 |
                              (operation == "sxtw" ? HOLTER_ARGUMENT_INDEX_SIGNED : 0));
    } else if (narrow || (operation != "lsl" && operation != "sxtx")) {
        return "not an index extension: " + std::string(operation);
    }
    const auto shift = amount.empty() ? std::optional<std::int64_t>(0) : parse_immediate(amount);
    if (!shift || *shift < 0 || *shift > max_shift) {
        return "not a shift: " + std::string(amount);
    }
    argument.shift = static_cast<__u8>(*shift);
    return {};
}

Complaint parse_memory(std::string_view inside, Argument& argument) {
    argument.kind = HOLTER_ARGUMENT_MEMORY;
    const std::string_view base_name = take_part(inside, ',');
    const auto base = find_register(machine, base_name);
    if (!base || base->width != 8 || base->zero) {
        return "no 64-bit register: " + std::string(base_name);
    }
    argument.base = base->offset;
    if (inside.empty()) {
        return {};
    }
    const std::string_view second = take_part(inside, ',');
    if (const auto displacement = parse_immediate(second)) {
        argument.displacement = *displacement;
        return inside.empty() ? "" : "more than a base and a displacement";
    }
    const auto index = find_register(machine, second);
    if (!index || index->zero || index->offset == stack_pointer(machine)) {
        return "neither displacement nor index: " + std::string(second);
    }
    argument.index = index->offset;
    const bool narrow = index->width == 4;
    if (inside.empty()) {
        return narrow ? "an index of 32 bits without extension" : "";
    }
    return parse_extension(trimmed(inside), narrow, argument);
}

} // namespace

Complaint parse_arm64_operand(std::string_view text, unsigned size, const ArgumentContext& context,
                              Argument& argument) {
    (void)size; // any width may be taken from any register
    (void)context;
    if (text.starts_with('[')) {
        if (!text.ends_with(']')) {
            return "not a memory operand";
        }
        return parse_memory(text.substr(1, text.size() - 2), argument);
    }
    if (const auto value = parse_immediate(text)) {
        argument.kind = HOLTER_ARGUMENT_CONSTANT;
        argument.displacement = *value;
        return {};
    }
    const auto found = find_register(machine, text);
    if (!found) {
        return "no general register of that name";
    }
    argument.kind = found->zero ? HOLTER_ARGUMENT_CONSTANT : HOLTER_ARGUMENT_REGISTER;
    argument.base = found->zero ? static_cast<__u16>(HOLTER_ARGUMENT_NO_REGISTER) : found->offset;
    return {};
}

} // namespace holter::usdt
