// SPDX-License-Identifier: Apache-2.0
//
// The code is that of runtime functions as Go 1.27.4 compiled them, at their addresses.
#include "loader/golang/account/code_patterns.h"

#include "catch.h"
#include "site/samples.h"

#include <string_view>

namespace holter::golang::patterns {
namespace {

using Addresses = std::vector<Address>;

struct Excerpt {
    Address address;
    std::vector<std::byte> bytes;

    Excerpt(Address a, std::string_view hex) : address(a), bytes(site::samples::from_hex(hex)) {}
    site::Code code() const { return {site::Machine::x86_64, address, bytes}; }
};

/// gcStart, before the mark phase: gcController.startCycle(now, int(gomaxprocs), trigger)
const Excerpt call_of_start_cycle(0x4264f5, "488d0544291700"
                                            "488bbc2480000000"
                                            "488bb42488000000"
                                            "448b442434"
                                            "e84a940000");
constexpr Address start_cycle = 0x42f960;
constexpr Address gc_controller = 0x598e40;

/// gcMarkTermination: if work.userForced { memstats.numforcedgc++ }; lock(…); memstats.numgc++
const Excerpt counting(0x4273ca, "803d2718150000"
                                 "7406"
                                 "ff056b481700"
                                 "90"
                                 "90"
                                 "488d0546181500"
                                 "e8b926ffff"
                                 "ff0553481700");

/// allgadd: atomicstorep(&allgptr, &allgs[0]); atomic.Storeuintptr(&allglen, uintptr(len(allgs)))
const Excerpt storing(0x44935a, "488d0dcfe91200"
                                "488719"
                                "488b0d6dec1200"
                                "488d158eef1400"
                                "48870a"
                                "90"
                                "90"
                                "488d057aef1400"
                                "6690"
                                "e89b0bfdff");

/// checkdead: for _, pp := range allp
const Excerpt ranging(0x454436, "488b0d733c1200"
                                "488b15743c1200"
                                "31db");

TEST_CASE("the variable that is the first argument of a call") {
    CHECK(first_arguments(call_of_start_cycle.code(), start_cycle) ==
          std::vector<std::optional<Address>>{gc_controller});
    CHECK(first_arguments(call_of_start_cycle.code(), 0x1234).empty());
}

TEST_CASE("a first argument that was overwritten, or set on another way, is none") {
    const auto argument = [](std::string_view between) {
        const std::string hex = "488d0500100000" + std::string(between) + "e800000000";
        const Excerpt excerpt(0x1000, hex);
        return first_arguments(excerpt.code(), 0x1000 + hex.size() / 2).at(0);
    };
    CHECK(argument("") == 0x2007);
    CHECK(argument("4889c3") == 0x2007);     // mov rbx, rax
    CHECK_FALSE(argument("4889d8"));         // mov rax, rbx
    CHECK_FALSE(argument("31c0"));           // xor eax, eax
    CHECK_FALSE(argument("b001"));           // mov al, 1
    CHECK_FALSE(argument("e9ffff0000"));     // jmp
    CHECK_FALSE(argument("ffd2"));           // call rdx
    CHECK_FALSE(argument("c3"));             // ret
    CHECK_FALSE(argument("488b0500100000")); // mov rax, [rip + x]
}

TEST_CASE("counters") {
    CHECK(counted_up(counting.code()) == Addresses{0x59bc44, 0x59bc40});
    CHECK(counted_up(Excerpt(0, "48ff0500000000").code()).empty()); // 8 bytes
    CHECK(counted_up(Excerpt(0, "ff00").code()).empty());           // inc dword ptr [rax]
}

TEST_CASE("sums") {
    // add [rip + 0x100], rax ; call 0 ; add [rip + 0x200], rax ; call 0x11 ; add [rip], rax
    const Excerpt excerpt(0x1000, "48010500010000"
                                  "e8f4efffff"
                                  "48010500020000"
                                  "e800000000"
                                  "48010500000000");
    CHECK(added_to(excerpt.code()) == Addresses{0x1107, 0x1213, 0x101f});
    CHECK(added_to(excerpt.code(), 0) == Addresses{0x1213});
    CHECK(added_to(excerpt.code(), 0x1018) == Addresses{0x101f});
    CHECK(added_to(excerpt.code(), 0x42).empty());
    CHECK(added_to(Excerpt(0, "4883050000000001").code()).empty()); // add of a number
}

TEST_CASE("atomic stores") {
    CHECK(exchanged(storing.code()) == Addresses{0x577d30, 0x598300});
    // Another instruction in between, or another register.
    CHECK(exchanged(Excerpt(0, "488d0dcfe91200"
                               "90"
                               "488719")
                        .code())
              .empty());
    CHECK(exchanged(Excerpt(0, "488d0dcfe91200"
                               "48871a")
                        .code())
              .empty());
}

TEST_CASE("loads and slices") {
    CHECK(loaded(ranging.code()) == Addresses{0x5780b0, 0x5780b8});
    CHECK(slices_loaded(ranging.code()) == Addresses{0x5780b0});
    // mov rdx, [rip + 0x108] ; mov rcx, [rip + 0xf9]: the length first
    CHECK(slices_loaded(Excerpt(0, "488b1508010000"
                                   "488b0df9000000")
                            .code()) == Addresses{0x107});
    // The same word twice, and words that are no neighbours.
    CHECK(slices_loaded(Excerpt(0, "488b1508010000"
                                   "488b0d01010000")
                            .code())
              .empty());
    CHECK(slices_loaded(Excerpt(0, "488b1508010000"
                                   "488b0d11010000")
                            .code())
              .empty());
}

TEST_CASE("patterns in no code") {
    const Excerpt empty(0x1000, "");
    CHECK(first_arguments(empty.code(), 0).empty());
    CHECK(counted_up(empty.code()).empty());
    CHECK(added_to(empty.code()).empty());
    CHECK(exchanged(empty.code()).empty());
    CHECK(loaded(empty.code()).empty());
    CHECK(slices_loaded(empty.code()).empty());
}

} // namespace
} // namespace holter::golang::patterns
