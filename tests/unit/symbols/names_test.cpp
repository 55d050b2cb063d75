// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/demangle.h"
#include "loader/symbols/pattern.h"

#include "catch.h"

namespace holter::symbols {
namespace {

bool means(std::string_view pattern_text, const std::string& symbol) {
    const Pattern pattern(pattern_text);
    const auto base = without_suffix(symbol);
    if (!base) {
        return false;
    }
    if (pattern.matches_symbol(symbol, *base)) {
        return true;
    }
    const auto demangled =
        pattern.is_worth_demangling(*base) ? demangle(std::string(*base)) : std::nullopt;
    return demangled && pattern.matches(*demangled);
}

constexpr const char* collect =
    "_ZN2v88internal4Heap14CollectGarbageENS0_15AllocationSpaceENS0_23GarbageCollectionReasonENS_"
    "15GCCallbackFlagsE";

TEST_CASE("C++ names are found with and without parameters") {
    CHECK(means("v8::internal::Heap::CollectGarbage", collect));
    CHECK(means("v8::internal::Heap::CollectGarbage(v8::internal::AllocationSpace, "
                "v8::internal::GarbageCollectionReason, v8::GCCallbackFlags)",
                collect));
    CHECK(means("v8::internal::Heap::Collect*", collect));
    CHECK(means(collect, collect));
    CHECK_FALSE(means("v8::internal::Heap::Collect", collect));
    CHECK_FALSE(means("Heap::CollectGarbage", collect));
    CHECK_FALSE(means("v8::internal::Heap::CollectGarbage(int)", collect));
    CHECK(means("report_java_out_of_memory", "_Z25report_java_out_of_memoryPKc"));
    CHECK(means("report_java_out_of_memory(char const *)", "_Z25report_java_out_of_memoryPKc"));
}

TEST_CASE("names with little or nothing spelled out in them") {
    CHECK(means("std::string::append", "_ZNSs6appendEPKc"));
    CHECK(means("std::string::append(char const*) const", "_ZNKSs6appendEPKc"));
    CHECK(means("foo<int>", "_Z3fooIiEvT_"));
    CHECK(means("foo<int>(int)", "_Z3fooIiEvT_"));
    CHECK(means("A::operator()", "_ZN1AclEi"));
    CHECK(means("operator new(unsigned long)", "_Znwm"));
    CHECK(means("(anonymous namespace)::bar", "_ZN12_GLOBAL__N_13barEv"));
    CHECK(means("foo", "_Z3fooB5cxx11v"));
    CHECK(means("A::A", "_ZN1AC2Ev"));
}

TEST_CASE("Rust names are found without their hash, in both manglings") {
    CHECK(means("r::work::request_done", "_ZN1r4work12request_done17he360bc4e18d0ba5fE"));
    CHECK(means("r::work::request_done", "_RNvNtCs6GmmlP4bgsG_1r4work12request_done"));
    CHECK(means("<r::Acc<u64> as r::Step>::step",
                "_ZN45_$LT$r..Acc$LT$u64$GT$$u20$as$u20$r..Step$GT$4step17he7766343becf97e5E"));
    CHECK(means("<r::Acc<u64> as r::Step>::step",
                "_RNvXCs6GmmlP4bgsG_1rINtB2_3AccyENtB2_4Step4step"));
    CHECK(means("rust_shop::Cart::checkout", "_ZN9rust_shop4Cart8checkout17h01000bf48456d69bE"));
    constexpr const char* checkout = "_RNvMCs82lqZbG5NYX_9rust_shopNtB2_4Cart8checkout";
    CHECK(means("rust_shop::Cart::checkout", checkout));
    CHECK(means("<rust_shop::Cart>::checkout", checkout));
    CHECK(means("rust_shop::Cart::*", checkout));
    CHECK(means("r::work::*", "_RNvNtCs6GmmlP4bgsG_1r4work12request_done"));
    CHECK_FALSE(means("r::work", "_RNvNtCs6GmmlP4bgsG_1r4work12request_done"));
}

TEST_CASE("plain symbols, copies of functions, and parts of functions") {
    CHECK(means("collect", "collect"));
    CHECK(means("collect", "collect.constprop.0"));
    CHECK(means("collect", "collect.isra.0.constprop.1"));
    CHECK(means("collect.constprop.0", "collect.constprop.0"));
    CHECK(means("coll*", "collect.lto_priv.0"));
    CHECK(means("malloc", "malloc@@GLIBC_2.2.5"));
    CHECK(means("main.main", "main.main"));
    CHECK_FALSE(means("collect", "collect.cold"));
    CHECK_FALSE(means("collect", "collect.part.0"));
    CHECK_FALSE(means("collect", "collect.constprop.0.cold"));
    CHECK_FALSE(means("collect", "gc_collect"));
    CHECK_FALSE(means("collect", "collection"));
    CHECK(means("v8::internal::Heap::CollectGarbage", std::string(collect) + ".constprop.0"));
}

TEST_CASE("a name that would never end is not demangled") {
    std::string bomb = "_Z1fSt4pairI1AS0_E";
    for (int i = 0; i < 30; ++i) {
        bomb += "S_I" + std::string("S") + static_cast<char>('0' + i % 10) + "_S1_E";
    }
    CHECK(is_too_complex(bomb));
    CHECK_FALSE(demangle(bomb));
    CHECK(is_too_complex("_Z" + std::string(2000, 'x')));
    CHECK_FALSE(is_too_complex(collect));
    CHECK_FALSE(demangle("collect"));
    CHECK_FALSE(demangle("_Znope"));
    CHECK_FALSE(demangle("_R"));
}

} // namespace
} // namespace holter::symbols
