// SPDX-License-Identifier: Apache-2.0
#include "loader/usdt/arguments.h"

#include "catch.h"

#include <map>

namespace holter::usdt {
namespace {

constexpr auto x86 = elf::Machine::x86_64;
constexpr auto arm64 = elf::Machine::arm64;

ArgumentContext context(elf::Machine machine) {
    return {machine, 0x1000, true, [](std::string_view name) -> std::optional<std::uint64_t> {
                static const std::map<std::string, std::uint64_t, std::less<>> variables{
                    {"counter", 0x5000}, {"CheckpointStats", 0x800}, {".L.str", 0x2000}};
                const auto found = variables.find(name);
                return found == variables.end() ? std::nullopt : std::optional(found->second);
            }};
}

Result<Argument> one(std::string_view text, elf::Machine machine = x86) {
    auto arguments = parse_arguments(text, context(machine));
    REQUIRE(arguments.size() == 1);
    return arguments.front();
}

std::string shown(std::string_view text, elf::Machine machine = x86) {
    const auto argument = one(text, machine);
    return argument ? describe(*argument, machine) : argument.error().reason;
}

TEST_CASE("every form of operand that compilers write on x86-64") {
    const std::pair<const char*, const char*> table[] = {
        {"-4@%eax", "int32 in rax"},
        {"4@%edi", "uint32 in rdi"},
        {"1@%al", "uint8 in rax"},
        {"1@%ah", "uint8 in ah"},
        {"-2@%r10w", "int16 in r10"},
        {"1@%r15b", "uint8 in r15"},
        {"8@%eax", "uint64 in rax"}, // the width before the @ governs
        {"8@-16(%rbp)", "uint64 at [rbp - 16]"},
        {"-4@4(%rsp)", "int32 at [rsp + 4]"},
        {"8@(%rax)", "uint64 at [rax]"},
        {"8@(%rax,%rbx,8)", "uint64 at [rax + rbx*8]"},
        {"8@0x10(%rax,%rbx)", "uint64 at [rax + rbx*1 + 16]"},
        {"8@-8(,%rbx,4)", "uint64 at [rbx*4 - 8]"},
        {"-4@$5", "int32 5"},
        {"-4@$-5", "int32 -5"},
        {"4@$-1", "uint32 4294967295"},
        {"-1@$255", "int8 -1"},
        {"8@$0xffffffffffffffff", "uint64 18446744073709551615"},
        {"-8@$-9223372036854775808", "int64 -9223372036854775808"},
        {"8@counter(%rip)", "uint64 at [rip + 16384]"},
        {"8@counter+8(%rip)", "uint64 at [rip + 16392]"},
        {"-4@52+CheckpointStats(%rip)", "int32 at [rip - 1996]"},
        {"8@counter-8(%rip)", "uint64 at [rip + 16376]"},
        {"8@counter", "uint64 at [rip + 16384]"},
        {"8@counter(,%rax,8)", "uint64 at [rip + rax*8 + 16384]"},
        {"8@$.L.str", "uint64 rip + 4096"},
        {"8@$.L.str+1", "uint64 rip + 4097"},
    };
    for (const auto& [text, expected] : table) {
        INFO(text);
        CHECK(shown(text) == expected);
    }
}

TEST_CASE("every form of operand that compilers write on arm64") {
    const std::pair<const char*, const char*> table[] = {
        {"8@x0", "uint64 in x0"},
        {"-4@w30", "int32 in x30"},
        {"-4@x2", "int32 in x2"},
        {"-4@5", "int32 5"},
        {"4@-1", "uint32 4294967295"},
        {"4@wzr", "uint32 0"},
        {"8@[sp]", "uint64 at [sp]"},
        {"8@sp", "uint64 in sp"},
        {"-4@[x29, -20]", "int32 at [x29 - 20]"},
        {"-4@[x29,-20]", "int32 at [x29 - 20]"},
        {"8@[sp, #16]", "uint64 at [sp + 16]"},
        {"8@[x0, x1]", "uint64 at [x0 + x1*1]"},
        {"8@[x0, x1, lsl 3]", "uint64 at [x0 + x1*8]"},
        {"8@[x0, w1, sxtw #2]", "uint64 at [x0 + x1*4]"},
        {"8@[x0, w1, uxtw]", "uint64 at [x0 + x1*1]"},
    };
    for (const auto& [text, expected] : table) {
        INFO(text);
        CHECK(shown(text, arm64) == expected);
    }
    CHECK(one("8@[x0, w1, sxtw 2]", arm64)->flags ==
          (HOLTER_ARGUMENT_INDEX_32 | HOLTER_ARGUMENT_INDEX_SIGNED));
    CHECK(one("8@[x0, w1, uxtw 2]", arm64)->flags == HOLTER_ARGUMENT_INDEX_32);
}

TEST_CASE("what is not understood is an error, not a guess") {
    for (const char* text : {"-4@%foo",
                             "8f@%xmm0",
                             "8@%xmm0",
                             "8@%fs:16",
                             "8@",
                             "@%rax",
                             "%rax",
                             "3@%eax",
                             "16@%rax",
                             "--4@%eax",
                             "8@$",
                             "8@$x y",
                             "8@(%eax)",
                             "8@(%rax",
                             "8@()",
                             "8@(,)",
                             "8@(%rax,%rbx,3)",
                             "8@(%rax,%rsp)",
                             "8@-20(%rip)",
                             "8@1234",
                             "8@unknown(%rip)",
                             "8@counter@GOTPCREL(%rip)",
                             "8@counter+counter(%rip)",
                             "8@%ah",
                             "8@counter(%rbx)",
                             "8@counter(%rip,%rax)",
                             "8@99999999999999999999(%rax)",
                             "8@5-(%rax)",
                             "8@-counter(%rip)",
                             "8@(%rax)(%rbx)"}) {
        INFO(text);
        const auto arguments = parse_arguments(text, context(x86));
        REQUIRE(!arguments.empty());
        REQUIRE(!arguments.front());
        CHECK(arguments.front().error().reason == "unreadable_argument");
    }
    for (const char* text : {"8@x31", "8@x00", "8@d0", "8@[x0", "8@[w0]", "8@[x0, w1]",
                             "8@[x0, x1, lsl 9]", "8@[x0, 8, 8]", "8@[x0, :lo12:counter]",
                             "8@[xzr]", "8@%x0", "8@[x0, w1, lsl 2]", "8@[x0, sp]", "8@[]"}) {
        INFO(text);
        CHECK(shown(text, arm64) == "unreadable_argument");
    }
    const auto message = one("-4@%foo").error().message;
    CHECK(message == "argument 0 `-4@%foo`: no general register of that name");
}

TEST_CASE("arguments are taken apart at blanks, and one bad one spoils no other") {
    const auto arguments = parse_arguments("8@%rdi  -4@%foo 4@$7 ", context(x86));
    REQUIRE(arguments.size() == 3);
    CHECK(describe(*arguments[0], x86) == "uint64 in rdi");
    CHECK(!arguments[1]);
    CHECK(describe(*arguments[2], x86) == "uint32 7");
    CHECK(parse_arguments("8@[x0, 8] -4@[sp] 4@3", context(arm64)).size() == 3);
    CHECK(parse_arguments("", context(x86)).empty());
    CHECK(parse_arguments("1@%al 1@%al 1@%al 1@%al 1@%al 1@%al 1@%al 1@%al 1@%al 1@%al 1@%al "
                          "1@%al 1@%al",
                          context(x86))
              .size() == max_arguments);
}

TEST_CASE("a name is an address in a file that has one address only") {
    ArgumentContext fixed = context(x86);
    fixed.position_independent = false;
    const auto arguments = parse_arguments("4@counter(%rbx) 4@counter(%rip)", fixed);
    CHECK(describe(*arguments[0], x86) == "uint32 at [rbx + 20480]");
    CHECK(describe(*arguments[1], x86) == "uint32 at [rip + 16384]");
    fixed.resolve = nullptr;
    CHECK(!parse_arguments("4@counter(%rip)", fixed)[0]);
}

TEST_CASE("bytes of a hostile file are printable in the message") {
    const auto message = one("8@%\xff\x01").error().message;
    CHECK(message.find('\xff') == std::string::npos);
    CHECK(message.find('\x01') == std::string::npos);
}

TEST_CASE("the C calling convention") {
    const char* x86_names[] = {"rdi", "rsi", "rdx", "rcx", "r8", "r9"};
    for (unsigned i = 0; i < 6; ++i) {
        CHECK(describe(*c_argument(x86, i, 8, false), x86) ==
              std::string("uint64 in ") + x86_names[i]);
    }
    CHECK(describe(*c_argument(x86, 6, 4, true), x86) == "int32 at [rsp + 8]");
    CHECK(describe(*c_argument(x86, 7, 8, false), x86) == "uint64 at [rsp + 16]");
    CHECK(describe(*c_argument(arm64, 7, 1, false), arm64) == "uint8 in x7");
    CHECK(describe(*c_argument(arm64, 8, 8, false), arm64) == "uint64 at [sp]");
    CHECK(describe(c_result(x86, 4, true), x86) == "int32 in rax");
    CHECK(describe(c_result(arm64, 8, false), arm64) == "uint64 in x0");
    CHECK(!c_argument(x86, 64, 8, false));
    CHECK(!c_argument(x86, 0, 3, false));
}

} // namespace
} // namespace holter::usdt
