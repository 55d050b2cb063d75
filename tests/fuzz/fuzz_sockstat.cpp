// SPDX-License-Identifier: Apache-2.0
//
// The kernel's totals of a network namespace, and what is done with its number of sockets in
// TIME_WAIT. The input is the text; its bytes are the counts of targets, too.
#include "loader/tcp/time_wait.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

std::uint64_t sum_of(const std::vector<holter::tcp::ByDirection>& targets) {
    std::uint64_t sum = 0;
    for (const auto& target : targets)
        for (const std::uint32_t count : target)
            sum += count;
    return sum;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holter::tcp;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto total = time_waits_of_namespace(text);
    if (total && text.find("TCP: ") == std::string_view::npos)
        std::abort();

    std::vector<ByDirection> targets(std::min<std::size_t>(size / sizeof(ByDirection), 64));
    if (!targets.empty())
        std::memcpy(targets.data(), data, targets.size() * sizeof(ByDirection));
    std::vector<ByDirection*> each;
    for (auto& target : targets)
        each.push_back(&target);
    const std::uint64_t before = sum_of(targets);
    scale_down(each, total.value_or(size));
    const std::uint64_t after = sum_of(targets);
    if (after > std::min(before, total.value_or(size)))
        std::abort();
    return 0;
}
