// SPDX-License-Identifier: Apache-2.0
#include "loader/site/c_function.h"

#include "catch.h"
#include "site/samples.h"

namespace holter::site {
namespace {

constexpr std::uint64_t address = 0x401000;

struct Function {
    explicit Function(std::string_view hex, Machine m = Machine::x86_64)
        : machine(m), bytes(samples::from_hex(hex)) {}
    Machine machine;
    std::vector<std::byte> bytes;
    Code code(std::size_t from = 0) const {
        return {machine, address + from, std::span(bytes).subspan(from)};
    }
};

std::string shown(const Result<Site>& site) {
    return site ? std::string(to_string(site->kind)) + " " +
                      std::to_string(site->address - address) +
                      (site->emulated ? " emulated " : " stepped ") + site->instruction
                : site.error().reason;
}

std::string entry(std::string_view hex, Machine machine = Machine::x86_64) {
    return shown(c_entry_site(Function(hex, machine).code()));
}

TEST_CASE("a probe moves from the entry to an emulated instruction") {
    CHECK(entry("554889e55dc3") == "entry 0 emulated push rbp");
    CHECK(entry("41574156c3") == "entry 0 emulated push r15");
    CHECK(entry("f30f1efa554889e5c3") == "entry 4 emulated push rbp");
    // test edi, edi ; je: the branch is executed once for each call, taken or not
    CHECK(entry("85ff740189f8c3") == "entry 2 emulated je 0x401005");
    // endbr64 ; mov rax, [rdi] ; test rax, rax ; je
    CHECK(entry("f30f1efa488b074885c07401c3c3") == "entry 10 emulated je 0x40100d");
}

TEST_CASE("it stays when something that it would read has changed") {
    CHECK(entry("f30f1efa4883ec0855c3") == "stepped 0 stepped endbr64"); // sub rsp, 8
    CHECK(entry("89f755c3") == "stepped 0 stepped mov edi, esi");
    CHECK(entry("4088f155c3") == "stepped 0 stepped mov cl, sil");
    CHECK(entry("c6070055c3") == "stepped 0 stepped mov byte ptr [rdi], 0");
    CHECK(entry("48891c2455c3") == "stepped 0 stepped mov qword ptr [rsp], rbx");
}

TEST_CASE("a loop behind the entry is not entered") {
    // xor eax, eax ; 2: test edi, edi ; je 10 ; dec edi ; jmp 2 ; 10: ret
    CHECK(entry("31c085ff7404ffcfebf8c3") == "stepped 0 stepped xor eax, eax");
    // 0: test edi, edi ; je 8 ; dec edi ; jmp 0 ; 8: ret
    CHECK(entry("85ff7404ffcfebf8c3") == "entry_in_loop");
    // xor eax, eax ; push ; then bytes that are no instruction: where they may jump is unknown
    CHECK(entry("31c055060606") == "stepped 0 stepped xor eax, eax");
    CHECK(entry("55060606") == "entry 0 emulated push rbp");
}

TEST_CASE("a 5-byte nop at the entry is the last resort") {
    CHECK(entry("0f1f44000055c3") == "entry 5 emulated push rbp");
    CHECK(entry("f30f1efa0f1f44000055c3") == "entry 9 emulated push rbp");
    CHECK(entry("0f1f4400004883ec08c3") == "stepped 0 stepped nop dword ptr [rax + rax]");
}

TEST_CASE("where no probe can be") {
    CHECK(entry("0f0b") == "unsafe_instruction"); // ud2
    CHECK(entry("06") == "undecodable");
    CHECK(entry("") == "undecodable");
}

TEST_CASE("arm64: branches and addresses are emulated") {
    constexpr auto arm64 = Machine::arm64;
    CHECK(entry("400000b4c0035fd6c0035fd6", arm64).starts_with("entry 0 emulated cbz x0"));
    // bti c ; cbz x0
    CHECK(entry("5f2403d5400000b4c0035fd6c0035fd6", arm64).starts_with("entry 4 emulated cbz"));
    // stp x29, x30, [sp, #-16]!
    CHECK(entry("fd7bbfa9c0035fd6", arm64).starts_with("stepped 0 stepped stp"));
    // mov x0, x1 ; cbz x0
    CHECK(entry("e00301aa400000b4c0035fd6c0035fd6", arm64).starts_with("stepped 0 stepped mov"));
}

TEST_CASE("a USDT probe stands where its note says") {
    const Function nop("90c3");
    CHECK(shown(usdt_site(nop.code())) == "usdt 0 emulated nop");
    const Function other("4889f8c3");
    CHECK(shown(usdt_site(other.code())) == "usdt 0 stepped mov rax, rdi");
    const Function arm64("1f2003d5", Machine::arm64);
    CHECK(shown(usdt_site(arm64.code())) == "usdt 0 stepped nop");
    CHECK(shown(usdt_site(Function("0f0b").code())) == "unsafe_instruction");
    CHECK(shown(usdt_site(Function("").code())) == "undecodable");
}

TEST_CASE("a 5-byte nop as USDT probe is refused, unless nothing can be in the red zone") {
    // mov [rsp-8], rdi ; nop5 ; ret
    const Function leaf("48897c24f80f1f440000c3");
    CHECK(shown(usdt_site(leaf.code(5))) == "unsafe_nop5");
    CHECK(shown(usdt_site(leaf.code(5), leaf.code())) == "unsafe_nop5");
    const Function at_entry("f30f1efa0f1f440000c3");
    CHECK(shown(usdt_site(at_entry.code(4))) == "unsafe_nop5");
    CHECK(shown(usdt_site(at_entry.code(4), at_entry.code())) ==
          "usdt 4 stepped nop dword ptr [rax + rax]");
}

} // namespace
} // namespace holter::site
