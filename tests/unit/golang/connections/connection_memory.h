// SPDX-License-Identifier: Apache-2.0
//
// The memory of a target that consists of what a test writes into it: objects with fields where
// the table of a release has them, and Go maps in both formats.
#pragma once

#include "loader/golang/connections/memory/go_map.h"
#include "loader/golang/connections/memory/target_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

namespace holter::test {

class ConnectionMemory {
  public:
    golang::TargetMemory access() {
        return {
            [this](std::uint64_t address, std::span<std::byte> out) { return read(address, out); },
            [this](std::span<golang::MemoryRequest> requests) {
                for (auto& request : requests)
                    request.ok = read(request.address, request.out);
            }};
    }

    std::uint64_t allocate(std::size_t size) {
        const std::uint64_t address = next_;
        next_ += (size + 4095) / 4096 * 4096 + 4096; // a gap that cannot be read
        blocks_[address].resize(size);
        return address;
    }
    void release(std::uint64_t address) { blocks_.erase(address); }

    template <typename T> void put(std::uint64_t address, const T& value) {
        auto block = std::prev(blocks_.upper_bound(address));
        std::memcpy(block->second.data() + (address - block->first), &value, sizeof(value));
    }

    /// A map with 8-byte keys. `value` is the size of its values, which are zero.
    std::uint64_t make_map(golang::MapFormat format, const std::vector<std::uint64_t>& keys,
                           std::size_t value = 0) {
        return format == golang::MapFormat::buckets ? buckets(keys, value) : groups(keys, value);
    }

  private:
    bool read(std::uint64_t address, std::span<std::byte> out) const {
        auto block = blocks_.upper_bound(address);
        if (block == blocks_.begin())
            return false;
        --block;
        const std::uint64_t offset = address - block->first;
        if (offset > block->second.size() || out.size() > block->second.size() - offset)
            return false;
        std::copy_n(block->second.begin() + static_cast<std::ptrdiff_t>(offset), out.size(),
                    out.begin());
        return true;
    }

    /// runtime.hmap: two buckets, and overflow buckets behind the first.
    std::uint64_t buckets(const std::vector<std::uint64_t>& keys, std::size_t value) {
        const std::size_t size = 8 + 64 + 8 * value + 8;
        const std::uint64_t map = allocate(48);
        const std::uint64_t array = allocate(2 * size);
        put(map, std::uint64_t{keys.size()});
        put(map + 9, std::uint8_t{1});
        put(map + 16, array);
        std::uint64_t bucket = array;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (i > 0 && i % 8 == 0) {
                const std::uint64_t next = allocate(size);
                put(bucket + size - 8, next);
                bucket = next;
            }
            put(bucket + i % 8, std::uint8_t{0x80});
            put(bucket + 8 + i % 8 * 8, keys[i]);
        }
        return map;
    }

    /// internal/runtime/maps.Map: one group, or one table that stands in the directory twice.
    std::uint64_t groups(const std::vector<std::uint64_t>& keys, std::size_t value) {
        const std::size_t slot = 8 + std::max<std::size_t>(value, 8);
        const std::size_t size = 8 + 8 * slot;
        const std::size_t count = std::max<std::size_t>((keys.size() + 7) / 8, 1);
        const std::uint64_t map = allocate(48);
        const std::uint64_t data = allocate(count * size);
        put(map, std::uint64_t{keys.size()});
        for (std::size_t i = 0; i < count * 8; ++i) {
            const std::uint64_t group = data + i / 8 * size;
            put(group + i % 8, i < keys.size() ? std::uint8_t{0x11} : std::uint8_t{0x80});
            if (i < keys.size())
                put(group + 8 + i % 8 * slot, keys[i]);
        }
        if (count == 1) {
            put(map + 16, data);
            return map;
        }
        const std::uint64_t table = allocate(32);
        put(table + 16, data);
        put(table + 24, std::uint64_t{count - 1});
        const std::uint64_t directory = allocate(16);
        put(directory, table);
        put(directory + 8, table);
        put(map + 16, directory);
        put(map + 24, std::uint64_t{2});
        return map;
    }

    std::uint64_t next_ = 0xc000000000;
    std::map<std::uint64_t, std::vector<std::byte>> blocks_;
};

} // namespace holter::test
