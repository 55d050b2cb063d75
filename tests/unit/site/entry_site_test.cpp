// SPDX-License-Identifier: Apache-2.0
#include "loader/site/site.h"

#include "catch.h"
#include "site/samples.h"

#include <string>

namespace holter::site {
namespace {

using samples::Sample;

struct Expected {
    const char* name;
    const Sample& sample;
    Kind kind;
    std::uint64_t offset;
    bool emulated;
};

std::string reason(const Result<Site>& site) {
    return site ? "" : site.error().reason;
}

Result<Site> entry(const Sample& sample) {
    return entry_site(sample.code(), sample.morestack);
}

/// A sample whose bytes from `offset` on are others.
Sample patched(Sample sample, std::size_t offset, std::string_view hex) {
    const std::vector<std::byte> bytes = samples::from_hex(hex);
    std::copy(bytes.begin(), bytes.end(),
              sample.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return sample;
}

TEST_CASE("the entry site of each prologue Go's compilers write") {
    const Expected table[] = {
        {"1.20 small", samples::jbe_small, Kind::jbe, 4, true},
        {"1.20 small, far branch", samples::jbe_small_far, Kind::jbe, 4, true},
        {"1.20 medium", samples::jbe_medium, Kind::jbe, 9, true},
        {"1.20 large", samples::jbe_large, Kind::jbe, 12, true},
        {"1.20 huge: the second branch", samples::jbe_huge, Kind::jbe, 20, true},
        {"1.20 ABI0: g is loaded first", samples::abi0, Kind::jbe, 13, true},
        {"1.22 small", samples::push_small, Kind::push, 6, true},
        {"1.22 small, far branch", samples::push_small_far, Kind::push, 10, true},
        {"1.22 medium", samples::push_medium, Kind::push, 11, true},
        {"1.22 medium, far branch", samples::push_medium_far, Kind::push, 15, true},
        {"1.22 large", samples::push_large, Kind::push, 18, true},
        {"1.22 huge", samples::push_huge, Kind::push, 26, true},
        {"1.22 on the system stack", samples::push_system_stack, Kind::push, 6, true},
        {"1.22 no check", samples::push_first, Kind::push, 0, true},
        {"1.20 no check, starts with je", samples::gorecover, Kind::stepped, 0, false},
        {"1.20 no check", samples::stepped, Kind::stepped, 0, false},
        {"1.20 starts with nop", samples::nop_first, Kind::entry, 0, true},
        {"arm64 1.18 small", samples::arm64_small_old, Kind::jbe, 12, true},
        {"arm64 1.27 small", samples::arm64_small, Kind::jbe, 8, true},
        {"arm64 medium", samples::arm64_medium, Kind::jbe, 12, true},
        {"arm64 huge, immediate", samples::arm64_huge_old, Kind::jbe, 16, true},
        {"arm64 huge, register", samples::arm64_huge, Kind::jbe, 20, true},
        {"arm64 on the system stack", samples::arm64_system_stack, Kind::jbe, 8, true},
        {"arm64 no check", samples::arm64_nosplit, Kind::stepped, 0, false},
        {"arm64 starts with adrp", samples::arm64_adrp_first, Kind::entry, 0, true},
    };
    for (const Expected& expected : table) {
        INFO(expected.name);
        const Result<Site> site = entry(expected.sample);
        REQUIRE(reason(site).empty());
        CHECK(to_string(site->kind) == to_string(expected.kind));
        CHECK(site->address - expected.sample.address == expected.offset);
        CHECK(site->emulated == expected.emulated);
        CHECK_FALSE(site->instruction.empty());
    }
}

TEST_CASE("an entry site says which instruction it is") {
    CHECK(entry(samples::push_small)->instruction == "push rbp");
    CHECK(entry(samples::jbe_small)->instruction == "jbe 0x4b44c1");
    CHECK(entry(samples::stepped)->instruction == "sub rsp, 0x28");
    CHECK(entry(samples::arm64_small)->instruction.substr(0, 4) == "b.ls");
}

TEST_CASE("a stack check is one only if it leads to morestack") {
    SECTION("the call goes elsewhere") {
        Sample sample = samples::push_small;
        sample.morestack = {0x1234};
        CHECK(reason(entry(sample)) == "unrecognised_prologue");
        Sample arm = samples::arm64_small;
        arm.morestack.clear();
        CHECK(reason(entry(arm)) == "unrecognised_prologue");
    }
    SECTION("the branch leaves the function") {
        CHECK(reason(entry(patched(samples::push_small, 5, "7f"))) == "unrecognised_prologue");
    }
    SECTION("another condition") {
        CHECK(reason(entry(patched(samples::push_small, 4, "77"))) == "unrecognised_prologue");
    }
    // These look like functions without a check; the jump back from morestack gives them away.
    SECTION("the early branch of a huge frame goes elsewhere") {
        CHECK(reason(entry(patched(samples::push_huge, 12, "00000000"))) == "entry_in_loop");
    }
    SECTION("another field of g is no guard") {
        CHECK(reason(entry(patched(samples::push_small, 3, "20"))) == "entry_in_loop");
    }
    SECTION("something other than saving registers happens before morestack") {
        CHECK(reason(entry(patched(samples::push_small, 0x11, "c390909090"))) ==
              "unrecognised_prologue");
    }
}

TEST_CASE("a function that jumps back to its first instruction has no entry site") {
    CHECK(reason(entry(samples::entry_in_loop)) == "entry_in_loop");
}

TEST_CASE("instructions under which a probe does harm are refused") {
    const auto refused = [](Machine machine, std::string_view hex) {
        const Sample sample(machine, 0x1000, {}, hex);
        return reason(entry(sample)) == "unsafe_instruction";
    };
    CHECK(refused(Machine::x86_64, "0f1f440000c3")); // nop, five bytes
    CHECK(refused(Machine::x86_64, "660f1f4000c3")); // nop, five bytes
    CHECK(refused(Machine::x86_64, "cc"));
    CHECK(refused(Machine::x86_64, "f04883000190"));    // lock
    CHECK(refused(Machine::x86_64, "2e480fc8c3"));      // segment prefix
    CHECK(refused(Machine::arm64, "40000058c0035fd6")); // ldr x0, literal
    CHECK(refused(Machine::arm64, "007c5fc8c0035fd6")); // ldxr
    CHECK(refused(Machine::arm64, "010000d4"));         // svc
    CHECK_FALSE(refused(Machine::x86_64, "0f1f4000c3"));
    CHECK_FALSE(refused(Machine::x86_64, "90c3"));
    CHECK_FALSE(refused(Machine::arm64, "c0035fd6"));
}

TEST_CASE("which first instructions are emulated") {
    const auto emulated = [](Machine machine, std::string_view hex) {
        return entry(Sample(machine, 0x1000, {}, hex))->emulated;
    };
    CHECK(emulated(Machine::x86_64, "90c3"));
    CHECK(emulated(Machine::x86_64, "55c3"));
    CHECK(emulated(Machine::x86_64, "4156c3"));               // push r14
    CHECK(emulated(Machine::x86_64, "e800000000c3"));         // call
    CHECK(emulated(Machine::x86_64, "e900000000c3"));         // jmp
    CHECK(emulated(Machine::x86_64, "eb00c3"));               // jmp
    CHECK(emulated(Machine::x86_64, "7400c3"));               // je
    CHECK(emulated(Machine::x86_64, "0f8400000000c3"));       // je
    CHECK_FALSE(emulated(Machine::x86_64, "ff3500000000c3")); // push of memory
    CHECK_FALSE(emulated(Machine::x86_64, "6a00c3"));         // push of a number
    CHECK_FALSE(emulated(Machine::x86_64, "e300c3"));         // jrcxz
    CHECK_FALSE(emulated(Machine::x86_64, "ffd0c3"));         // call of a register
    CHECK_FALSE(emulated(Machine::x86_64, "0f1f00c3"));       // older kernels step it
    CHECK_FALSE(emulated(Machine::x86_64, "c3"));
    CHECK(emulated(Machine::arm64, "400000b4c0035fd6"));       // cbz
    CHECK(emulated(Machine::arm64, "c0035fd6"));               // ret
    CHECK_FALSE(emulated(Machine::arm64, "1f2003d5c0035fd6")); // nop
}

TEST_CASE("bytes that are no function") {
    CHECK(reason(entry(Sample(Machine::x86_64, 0, {}, ""))) == "undecodable");
    CHECK(reason(entry(Sample(Machine::x86_64, 0, {}, "06"))) == "undecodable");
    CHECK(reason(entry(Sample(Machine::x86_64, 0, {}, "4c8d64"))) == "undecodable");
    CHECK(reason(entry(Sample(Machine::arm64, 0, {}, ""))) == "undecodable");
    CHECK(reason(entry(Sample(Machine::arm64, 0, {}, "900b40"))) == "undecodable");
    CHECK(reason(entry(Sample(Machine::arm64, 0, {}, "ffffffff"))) == "undecodable");

    const std::vector<std::byte> endless(std::size_t{2} << 20, std::byte{0x90});
    CHECK(reason(entry_site({Machine::x86_64, 0, endless}, {})) == "undecodable");
}

TEST_CASE("a function cut anywhere gives a site or an error") {
    for (const Sample* sample : {&samples::push_huge, &samples::jbe_medium, &samples::arm64_huge}) {
        for (std::size_t size = 0; size < sample->bytes.size(); ++size) {
            const Code code{sample->machine, sample->address, std::span(sample->bytes).first(size)};
            const Result<Site> site = entry_site(code, sample->morestack);
            if (site) {
                CHECK(site->address - code.address < size);
            }
        }
    }
}

} // namespace
} // namespace holter::site
