// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/self_test.h"

#include "loader/attach/objects.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <chrono>
#include <link.h>
#include <optional>
#include <thread>
#include <unistd.h>

// Two functions whose first instruction is known: one that the kernel emulates, one that it has to
// single-step.
#if defined(__x86_64__)
asm(R"(
    .pushsection .text
    .globl holter_self_test_emulated
    .type holter_self_test_emulated, @function
holter_self_test_emulated:
    push %rbp
    pop %rbp
    ret
    .size holter_self_test_emulated, . - holter_self_test_emulated
    .globl holter_self_test_stepped
    .type holter_self_test_stepped, @function
holter_self_test_stepped:
    sub $8, %rsp
    add $8, %rsp
    ret
    .size holter_self_test_stepped, . - holter_self_test_stepped
    .popsection
)");
#elif defined(__aarch64__)
asm(R"(
    .pushsection .text
    .globl holter_self_test_emulated
    .type holter_self_test_emulated, %function
holter_self_test_emulated:
    nop
    ret
    .size holter_self_test_emulated, . - holter_self_test_emulated
    .globl holter_self_test_stepped
    .type holter_self_test_stepped, %function
holter_self_test_stepped:
    sub sp, sp, #16
    add sp, sp, #16
    ret
    .size holter_self_test_stepped, . - holter_self_test_stepped
    .popsection
)");
#else
#error "no self-test sites for this architecture"
#endif

extern "C" void holter_self_test_emulated();
extern "C" void holter_self_test_stepped();

namespace holter::attach {

namespace {

using Site = void (*)();

/// Where a function of ours lies in our executable file.
std::optional<std::uint64_t> file_offset_of(Site function) {
    struct Search {
        std::uintptr_t address = 0;
        std::optional<std::uint64_t> offset;
    } search{reinterpret_cast<std::uintptr_t>(function), {}};
    // The first object that dl_iterate_phdr reports is the executable.
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
            auto& wanted = *static_cast<Search*>(data);
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& header = info->dlpi_phdr[i];
                const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
                if (header.p_type == PT_LOAD && wanted.address >= begin &&
                    wanted.address < begin + header.p_filesz)
                    wanted.offset = wanted.address - begin + header.p_offset;
            }
            return 1;
        },
        &search);
    return search.offset;
}

double seconds_for(Site site, int calls) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i)
        site();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median_seconds_per_call(Site site, int calls) {
    std::array<double, 7> rounds{};
    for (double& round : rounds)
        round = seconds_for(site, calls) / calls;
    std::nth_element(rounds.begin(), rounds.begin() + rounds.size() / 2, rounds.end());
    return rounds[rounds.size() / 2];
}

std::uint64_t hits_of(const Object& object) {
    std::uint32_t key = 0;
    std::uint64_t hits = 0;
    bpf_map_lookup_elem(object.map("self_test_hits"), &key, &hits);
    return hits;
}

Result<SelfTest> test(Method method) {
    auto object = Object::load("self_test", method);
    if (!object)
        return object.error();
    const auto emulated = file_offset_of(holter_self_test_emulated);
    const auto stepped = file_offset_of(holter_self_test_stepped);
    if (!emulated || !stepped)
        return Error{"self_test_failed", "cannot find our own code in our executable"};

    constexpr int calls = 400, stepped_calls = 100;
    SelfTest result;
    result.method = method;
    const double unprobed = median_seconds_per_call(holter_self_test_emulated, calls);
    auto link = Link::create(method, object->program(), "/proc/self/exe", ::getpid(),
                             {{*emulated, 0}, {*stepped, 0}});
    if (!link)
        return link.error();

    const std::uint64_t before = hits_of(*object);
    std::thread([] { seconds_for(holter_self_test_emulated, calls); }).join();
    if (hits_of(*object) - before != calls)
        return Error{"self_test_failed", "the kernel delivered " +
                                             std::to_string(hits_of(*object) - before) + " of " +
                                             std::to_string(calls) + " hits of a second thread"};
    const auto cost = [&](Site site, int count) {
        return std::max(0.0, median_seconds_per_call(site, count) - unprobed);
    };
    result.emulated_seconds = cost(holter_self_test_emulated, calls);
    result.stepped_seconds = cost(holter_self_test_stepped, stepped_calls);
    return result;
}

} // namespace

Result<SelfTest> run_self_test(bool multi_allowed, bool perf_allowed) {
    std::string why = "switched off";
    if (multi_allowed) {
        auto result = test(Method::multi);
        if (result || !perf_allowed)
            return result;
        why = result.error().message;
    }
    auto result = test(Method::perf);
    if (result)
        result->why = why;
    return result;
}

} // namespace holter::attach
