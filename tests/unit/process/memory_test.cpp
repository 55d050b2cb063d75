// SPDX-License-Identifier: Apache-2.0
//
// Reads this very process, which needs no privilege.
#include "loader/process/procfs/memory.h"

#include "catch.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holter::process {
namespace {

std::uint64_t address_of(const void* object) {
    return reinterpret_cast<std::uintptr_t>(object);
}

Memory own_memory(const Procfs& procfs) {
    auto memory = Memory::open(procfs, *procfs.identity(::getpid()));
    REQUIRE(memory);
    return std::move(*memory);
}

/// A page followed by one that is not mapped.
struct LastPage {
    std::size_t size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::byte* bytes = static_cast<std::byte*>(
        ::mmap(nullptr, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    LastPage() { ::munmap(bytes + size, size); }
    ~LastPage() { ::munmap(bytes, size); }
};

TEST_CASE("memory: reads values, fails on what is not mapped") {
    const Procfs procfs;
    const Memory memory = own_memory(procfs);
    const std::uint64_t value = 0x1122334455667788;
    CHECK(memory.read<std::uint64_t>(address_of(&value)) == value);

    const LastPage page;
    page.bytes[page.size - 1] = std::byte{42};
    const std::uint64_t last = address_of(page.bytes) + page.size - 1;
    CHECK(memory.read<std::uint8_t>(last) == 42);
    CHECK_FALSE(memory.read<std::uint16_t>(last));
    CHECK_FALSE(memory.read<std::uint8_t>(0));
    CHECK_FALSE(memory.read<std::uint64_t>(std::numeric_limits<std::uint64_t>::max()));
    CHECK_FALSE(memory.read<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    CHECK(memory.read(0, {}));
}

TEST_CASE("memory: a batch answers each request for itself") {
    const Procfs procfs;
    const Memory memory = own_memory(procfs);
    const LastPage page;
    for (std::size_t i = 0; i < page.size; ++i) {
        page.bytes[i] = static_cast<std::byte>(i % 251);
    }
    const std::uint64_t start = address_of(page.bytes);

    struct Wanted {
        std::uint64_t address;
        std::size_t size;
        bool ok;
    };
    const std::vector<Wanted> wanted = {
        {start + 100, 8, true},
        {start + page.size - 4, 8, false}, // half of it
        {start, 4, true},
        {start + 104, 16, true}, // overlaps
        {0, 8, false},
        {start + page.size - 8, 8, true},
        {start, page.size, true},
        {start + 1, 0, true},
        {std::numeric_limits<std::uint64_t>::max() - 3, 8, false},
    };
    std::vector<std::vector<std::byte>> out;
    std::vector<Memory::Request> requests;
    for (const Wanted& want : wanted) {
        out.emplace_back(want.size);
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        requests.push_back({wanted[i].address, out[i]});
    }
    CHECK(memory.read_batch(requests) == 6);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        INFO(i);
        CHECK(requests[i].ok == wanted[i].ok);
        for (std::size_t j = 0; wanted[i].ok && j < wanted[i].size; ++j) {
            REQUIRE(out[i][j] == page.bytes[wanted[i].address - start + j]);
        }
    }
    CHECK(memory.read_batch({}) == 0);
}

TEST_CASE("memory: whose it is, is checked after opening") {
    const Procfs procfs;
    Identity identity = *procfs.identity(::getpid());
    ++identity.start_time;
    const auto memory = Memory::open(procfs, identity);
    REQUIRE_FALSE(memory);
    CHECK(memory.error().reason == "vanished");
}

TEST_CASE("memory: of a process that has ended cannot be read") {
    int release[2];
    REQUIRE(::pipe(release) == 0);
    static const std::uint64_t value = 5;
    const pid_t child = ::fork();
    if (child == 0) {
        char byte = 0;
        ::close(release[1]);
        ::_exit(static_cast<int>(::read(release[0], &byte, 1)));
    }
    const Procfs procfs;
    const auto memory = Memory::open(procfs, *procfs.identity(child));
    if (!memory) { // where even children may not be traced
        CHECK(memory.error().reason == "no_permission");
    } else {
        CHECK(memory->read<std::uint64_t>(address_of(&value)) == 5);
    }
    ::close(release[0]);
    ::close(release[1]);
    ::waitpid(child, nullptr, 0);
    if (memory) {
        CHECK_FALSE(memory->read<std::uint64_t>(address_of(&value)));
    }
}

} // namespace
} // namespace holter::process
