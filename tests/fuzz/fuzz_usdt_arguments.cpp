// SPDX-License-Identifier: Apache-2.0
//
// Any text as arguments on both machines. What is understood must be something that the kernel
// side can carry out: registers inside pt_regs, a real size, a shift in bounds.
#include "loader/usdt/arguments.h"

#include <cstdlib>

using namespace holter;

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check(const usdt::Argument& argument, elf::Machine machine) {
    const unsigned registers = machine == elf::Machine::x86_64 ? 168 : 272;
    const auto inside = [&](unsigned offset) {
        return offset == HOLTER_ARGUMENT_NO_REGISTER || offset + 8 <= registers;
    };
    require(argument.kind >= HOLTER_ARGUMENT_CONSTANT && argument.kind <= HOLTER_ARGUMENT_MEMORY);
    require(argument.size == 1 || argument.size == 2 || argument.size == 4 || argument.size == 8);
    require(inside(argument.base) && inside(argument.index) && argument.shift <= 4);
    require(argument.kind != HOLTER_ARGUMENT_REGISTER ||
            argument.base != HOLTER_ARGUMENT_NO_REGISTER);
    require(argument.kind != HOLTER_ARGUMENT_MEMORY ||
            argument.base != HOLTER_ARGUMENT_NO_REGISTER ||
            argument.index != HOLTER_ARGUMENT_NO_REGISTER);
    require(!usdt::describe(argument, machine).empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto resolve = [](std::string_view name) {
        return name.size() % 2 == 0 ? std::nullopt : std::optional<std::uint64_t>(0x2000);
    };
    for (const auto machine : {elf::Machine::x86_64, elf::Machine::arm64}) {
        for (const bool pie : {false, true}) {
            const auto arguments = usdt::parse_arguments(text, {machine, 0x1000, pie, resolve});
            require(arguments.size() <= usdt::max_arguments);
            for (const auto& argument : arguments) {
                if (argument) {
                    check(*argument, machine);
                } else {
                    require(argument.error().reason == "unreadable_argument");
                }
            }
        }
    }
    return 0;
}
