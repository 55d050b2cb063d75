// SPDX-License-Identifier: Apache-2.0
#include "loader/site/site.h"

#include "catch.h"
#include "site/samples.h"

#include <string>

namespace holter::site {
namespace {

using samples::Sample;

std::vector<std::uint64_t> offsets(const Sample& sample, const Result<std::vector<Site>>& sites) {
    std::vector<std::uint64_t> offsets;
    for (const Site& site : *sites) {
        offsets.push_back(site.address - sample.address);
    }
    return offsets;
}

std::string reason(const Result<std::vector<Site>>& sites) {
    return sites ? "" : sites.error().reason;
}

constexpr std::uint64_t printstring = 0x439fa0;
constexpr std::uint64_t pidleget = 0x448380;
constexpr std::uint64_t pidleget_arm64 = 0x4f830;

TEST_CASE("every direct call of a function is found, in order") {
    const Sample& sample = samples::push_small_far;
    const Result<std::vector<Site>> sites = call_sites(sample.code(), printstring);
    REQUIRE(sites);
    CHECK(offsets(sample, sites) == std::vector<std::uint64_t>{0x33, 0x51});
    CHECK(sites->front().kind == Kind::call);
    CHECK(sites->front().emulated);
    CHECK(sites->front().instruction == "call 0x439fa0");
}

TEST_CASE("the call of morestack is a call like any other") {
    const Sample& sample = samples::push_small;
    CHECK(offsets(sample, call_sites(sample.code(), 0x46a260)) == std::vector<std::uint64_t>{0x11});
}

TEST_CASE("no call is an answer, not an error") {
    CHECK(call_sites(samples::push_small.code(), 0x42)->empty());
    CHECK(result_sites(samples::push_small.code(), 0x42)->empty());
}

TEST_CASE("arm64 calls") {
    const Sample& sample = samples::arm64_result;
    CHECK(offsets(sample, call_sites(sample.code(), pidleget_arm64)) ==
          std::vector<std::uint64_t>{0x18});
}

TEST_CASE("on arm64 a word that is no instruction hides no call") {
    Sample sample = samples::arm64_result;
    sample.bytes[0x10] = sample.bytes[0x11] = sample.bytes[0x12] = sample.bytes[0x13] =
        std::byte{0xff};
    CHECK(call_sites(sample.code(), pidleget_arm64)->size() == 1);
}

TEST_CASE("the branch on a result") {
    const Sample& sample = samples::tested_result;
    const Result<std::vector<Site>> sites = result_sites(sample.code(), pidleget);
    REQUIRE(sites);
    CHECK(offsets(sample, sites) == std::vector<std::uint64_t>{0x16});
    CHECK(sites->front().kind == Kind::result);
    CHECK(sites->front().emulated);
    CHECK(sites->front().instruction.substr(0, 2) == "je");

    const Sample& arm = samples::arm64_result;
    CHECK(offsets(arm, result_sites(arm.code(), pidleget_arm64)) ==
          std::vector<std::uint64_t>{0x1c});
}

TEST_CASE("what may stand between a call and the branch on its result") {
    // call +0 to 0x1005, then `between`, then `je`
    const auto found = [](std::string_view between) {
        const std::string hex = "e800000000" + std::string(between) + "7400c3";
        const Sample sample(Machine::x86_64, 0x1000, {}, hex);
        return reason(result_sites(sample.code(), 0x1005));
    };
    CHECK(found("").empty());
    CHECK(found("4885c0").empty()); // test rax, rax
    CHECK(found("4889442420"
                "4885db")
              .empty()); // mov [rsp+0x20], rax
    CHECK(found("90"
                "0f1f00")
              .empty());                          // nops
    CHECK(found("4889c2").empty());               // mov rdx, rax
    CHECK(found("4889d8") == "no_result_site");   // mov rax, rbx
    CHECK(found("31c9") == "no_result_site");     // xor ecx, ecx
    CHECK(found("0fb6d8") == "no_result_site");   // movzx ebx, al
    CHECK(found("4883c408") == "no_result_site"); // add rsp, 8
    CHECK(found("ffd0") == "no_result_site");     // call rax
    CHECK(found("eb00") == "no_result_site");     // jmp
    CHECK(found("c3") == "no_result_site");       // ret
    CHECK(found("5b") == "no_result_site");       // pop rbx
}

TEST_CASE("a call whose result no one tests") {
    const Sample& sample = samples::push_first; // chanrecv1 returns after its call
    CHECK(reason(result_sites(sample.code(), 0x406e00)) == "no_result_site");
}

TEST_CASE("code that cannot be decoded to its end is an error") {
    const Sample truncated(Machine::x86_64, 0x1000, {}, "90e80000");
    CHECK(reason(call_sites(truncated.code(), 0x1005)) == "undecodable");
    CHECK(reason(result_sites(truncated.code(), 0x1005)) == "undecodable");
    const Sample garbage(Machine::x86_64, 0x1000, {}, "9006060606");
    CHECK(reason(call_sites(garbage.code(), 0x1005)) == "undecodable");
    const Sample half(Machine::arm64, 0x1000, {}, "c0035fd6c003");
    CHECK(reason(call_sites(half.code(), 0x1005)) == "undecodable");
}

} // namespace
} // namespace holter::site
