// SPDX-License-Identifier: Apache-2.0
//
// The memory of a target. Input: what successive reads of it return; after that, nothing can
// be read any more.
#include "loader/golang/account/memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holter;
    static const char* const versions[] = {"go1.18.10", "go1.20.14", "go1.22.12", "go1.27.4"};
    if (size < 1) {
        return 0;
    }
    const char* version = versions[data[0] % std::size(versions)];
    const auto offsets = golang::Offsets::from_table(golang::OffsetTable::embedded(), "std",
                                                     version, elf::Machine::x86_64);
    std::size_t at = 1;
    golang::GoMemoryReader reader(
        offsets, *golang::parse_go_version(version),
        {.memstats = 1, .gc_controller = 2, .work = 3, .sched = 4, .allp = 5, .allglen = 6},
        [&](std::uint64_t, std::span<std::byte> into) {
            if (at == size) {
                return false;
            }
            std::memset(into.data(), 0, into.size());
            const std::size_t length = std::min(into.size(), size - at);
            std::memcpy(into.data(), data + at, length);
            at += length;
            return true;
        });
    for (int i = 0; i < 2; ++i) {
        const golang::MemoryReading got = reader.read();
        if (got.gc_percent.value_or(0) < -1 || got.goroutines == 0 ||
            got.memory_limit_bytes.value_or(0) < 0) {
            std::abort();
        }
    }
    return 0;
}
