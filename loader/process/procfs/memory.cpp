// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <numeric>
#include <vector>

namespace holter::process {
namespace {

/// A system call costs about as much as copying this much.
constexpr std::size_t batch_bytes = 4096;

} // namespace

Result<Memory> Memory::open(const Procfs& procfs, const Identity& identity) {
    Result<Descriptor> file = procfs.open_memory(identity.pid);
    if (!file) {
        return file.error();
    }
    const Result<Identity> now = procfs.identity(identity.pid);
    if (!now) {
        return now.error();
    }
    if (*now != identity) {
        return Error{"vanished",
                     "pid " + std::to_string(identity.pid) + " belongs to another process by now"};
    }
    return Memory(std::move(*file));
}

bool Memory::read(std::uint64_t address, std::span<std::byte> out) const {
    constexpr auto highest = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    if (address > highest || out.size() > highest - address) {
        return false;
    }
    while (!out.empty()) {
        const ssize_t got =
            ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(address));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        address += static_cast<std::uint64_t>(got);
        out = out.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

bool Memory::gone() const {
    std::byte any{};
    // As long as it exists, an address is mapped (1) or not (-1).
    return ::pread(file_.get(), &any, 1, 0) == 0;
}

std::size_t Memory::read_batch(std::span<Request> requests) const {
    std::vector<std::size_t> order(requests.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return requests[a].address < requests[b].address;
    });

    std::array<std::byte, batch_bytes> shared;
    std::size_t succeeded = 0;
    for (std::size_t first = 0; first < order.size();) {
        const std::uint64_t start = requests[order[first]].address;
        // How far from `start` the request reaches; too far for the buffer: 0.
        const auto reach = [&](const Request& request) -> std::size_t {
            const std::uint64_t distance = request.address - start;
            const bool fits =
                distance <= batch_bytes && request.out.size() <= batch_bytes - distance;
            return fits ? static_cast<std::size_t>(distance) + request.out.size() : 0;
        };
        std::size_t length = reach(requests[order[first]]);
        std::size_t last = first + 1; // exclusive
        while (length != 0 && last < order.size()) {
            const std::size_t next = reach(requests[order[last]]);
            if (next == 0) {
                break;
            }
            length = std::max(length, next);
            ++last;
        }
        const bool together =
            last - first > 1 && read(start, std::span<std::byte>(shared).first(length));
        for (std::size_t i = first; i < last; ++i) {
            Request& request = requests[order[i]];
            if (together) {
                std::copy_n(shared.begin() + static_cast<std::ptrdiff_t>(request.address - start),
                            request.out.size(), request.out.begin());
                request.ok = true;
            } else { // alone, or one of the neighbours is not mapped
                request.ok = read(request.address, request.out);
            }
            succeeded += request.ok ? 1 : 0;
        }
        first = last;
    }
    return succeeded;
}

} // namespace holter::process
