// SPDX-License-Identifier: Apache-2.0
//
// Tables of a large binary are read front to back through one small buffer, so that the
// size of a target does not show in the size of the agent.
#pragma once

#include "loader/elf/elf_file.h"

namespace holter::elf {

/// A sliding view of [begin, end) of a file. Reading forward costs one copy of each byte.
class Window {
  public:
    static constexpr std::size_t default_capacity = std::size_t{256} << 10;

    Window(const ElfFile& file, std::uint64_t begin, std::uint64_t end,
           std::size_t capacity = default_capacity);

    std::uint64_t begin() const { return begin_; }
    std::uint64_t end() const { return end_; }

    /// Exactly `length` bytes (at most the capacity) at file offset `offset`, or an empty span when
    /// they are not all inside the range and the file. Valid until the next call.
    std::span<const std::byte> at(std::uint64_t offset, std::size_t length) {
        if (offset >= filled_begin_ && offset - filled_begin_ <= filled_ &&
            length <= filled_ - (offset - filled_begin_)) {
            return {buffer_.data() + (offset - filled_begin_), length};
        }
        return refill(offset, length);
    }

    /// A full buffer from `offset` on; shorter at the end of the range, empty behind it. For tables
    /// whose entries have no fixed length: what a caller leaves over it asks for again.
    std::span<const std::byte> from(std::uint64_t offset);

  private:
    std::span<const std::byte> refill(std::uint64_t offset, std::size_t length);

    const ElfFile* file_;
    std::uint64_t begin_;
    std::uint64_t end_;
    Bytes buffer_;
    std::uint64_t filled_begin_ = 0;
    std::size_t filled_ = 0;
};

} // namespace holter::elf
