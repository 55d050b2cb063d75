// SPDX-License-Identifier: Apache-2.0
//
// A .debug_* section as a stream, front to back. libdw would do this too, but it inflates every
// debug section of a file into memory when it opens it, which for a large Go binary is some
// hundred megabytes for a few dozen numbers. Here a section passes through one small buffer, and
// reading ends where the caller ends it.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holter::golang {

/// Reading past the end (or the bound, or into a corrupt stream) gives zeroes and sets failed()
/// for good, so that a parser needs to look only now and then.
class DebugSection {
  public:
    /// Opens ".debug_NAME", plain or compressed by zlib in either of its two forms (".zdebug_NAME",
    /// SHF_COMPRESSED). At most `bound` bytes of contents are read. Errors: `no_dwarf`,
    /// `unsupported_dwarf` (another compression).
    static Result<DebugSection> open(const elf::ElfFile& file, std::string_view name,
                                     std::uint64_t bound);

    DebugSection(DebugSection&&) noexcept;
    DebugSection& operator=(DebugSection&&) noexcept;
    ~DebugSection();

    std::uint64_t position() const { return base_ + static_cast<std::uint64_t>(at_ - begin_); }
    bool failed() const { return failed_; }
    /// True behind the last byte, at the bound, or when failed.
    bool at_end();

    std::uint8_t u8() { return at_ != end_ ? static_cast<std::uint8_t>(*at_++) : slow_u8(); }
    std::uint64_t fixed(unsigned bytes); ///< little-endian, 1 to 8 bytes
    std::uint64_t uleb();
    void skip_leb();
    void skip(std::uint64_t bytes);
    /// A string ended by a zero byte. `out` is cut at `limit` characters, the stream is not.
    void string(std::string& out, std::size_t limit);
    void skip_string();

  private:
    struct Source;

    explicit DebugSection(std::unique_ptr<Source> source);
    std::uint8_t slow_u8();
    bool refill();

    std::unique_ptr<Source> source_;
    std::uint64_t base_ = 0; ///< section offset of the buffer's first byte
    const std::byte* begin_ = nullptr;
    const std::byte* at_ = nullptr;
    const std::byte* end_ = nullptr;
    bool failed_ = false;
};

} // namespace holter::golang
