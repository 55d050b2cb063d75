// SPDX-License-Identifier: Apache-2.0
//
// How the readers of connections see a target's memory: one block at a time, or many small ones
// in few system calls.
#pragma once

#include "loader/elf/bytes.h"
#include "loader/process/procfs/memory.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace holter::golang {

using MemoryRequest = process::Memory::Request;

struct TargetMemory {
    /// All of the span, or false.
    std::function<bool(std::uint64_t address, std::span<std::byte> into)> read;
    /// Sets `ok` of each request.
    std::function<void(std::span<MemoryRequest>)> read_batch;

    template <typename T> std::optional<T> value(std::uint64_t address) const {
        std::array<std::byte, sizeof(T)> bytes;
        if (!read(address, bytes))
            return std::nullopt;
        return elf::load<T>(bytes, 0);
    }
};

/// The same part of many objects of one type, read together.
class ObjectParts {
  public:
    /// `size` bytes from `offset` on, of each object.
    ObjectParts(const TargetMemory& memory, std::span<const std::uint64_t> objects,
                std::uint64_t offset, std::size_t size)
        : offset_(offset), size_(size), bytes_(objects.size() * size) {
        requests_.reserve(objects.size());
        for (std::size_t i = 0; i < objects.size(); ++i)
            requests_.push_back({objects[i] + offset, std::span(bytes_).subspan(i * size, size)});
        memory.read_batch(requests_);
    }

    bool has(std::size_t object) const { return requests_[object].ok; }
    /// The field at `offset` of the object, which must be inside the part.
    template <typename T> T get(std::size_t object, std::uint64_t offset) const {
        return elf::load<T>(std::span(bytes_).subspan(object * size_, size_),
                            static_cast<std::size_t>(offset - offset_));
    }

  private:
    std::uint64_t offset_;
    std::size_t size_;
    std::vector<std::byte> bytes_;
    std::vector<MemoryRequest> requests_;
};

} // namespace holter::golang
