// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/debug_section.h"

#include "loader/elf/bytes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <elf.h>
#include <utility>
#include <zlib.h>

namespace holter::golang {

namespace {
constexpr std::size_t buffer_size = std::size_t{32} << 10;
constexpr std::size_t old_header_size = 12; // "ZLIB", then the size, big-endian
} // namespace

/// Where the bytes come from: a range of the file, perhaps through zlib.
struct DebugSection::Source {
    Source(const elf::ElfFile& elf_file, std::uint64_t begin, std::uint64_t end, std::uint64_t left)
        : file(elf_file), offset(begin), file_end(end), allowed(left) {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() {
        if (compressed) {
            inflateEnd(&zlib);
        }
    }

    bool start_zlib() {
        compressed = inflateInit(&zlib) == Z_OK;
        return compressed;
    }

    /// The next bytes of the file, at most `most`; 0 at the end.
    std::size_t from_file(std::span<std::byte> into) {
        const std::size_t length =
            static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), file_end - offset));
        if (length == 0 || !file.read(offset, into.first(length))) {
            return 0;
        }
        offset += length;
        return length;
    }

    /// The next bytes of contents into `contents`; 0 at the end, at the bound, or on an error.
    std::size_t next() {
        const std::size_t room =
            static_cast<std::size_t>(std::min<std::uint64_t>(contents.size(), allowed));
        std::size_t got = 0;
        if (!compressed) {
            got = from_file(std::span(contents).first(room));
        } else if (room != 0) {
            zlib.next_out = reinterpret_cast<Bytef*>(contents.data());
            zlib.avail_out = static_cast<uInt>(room);
            while (zlib.avail_out == room) {
                if (zlib.avail_in == 0) {
                    zlib.avail_in = static_cast<uInt>(from_file(input));
                    zlib.next_in = reinterpret_cast<Bytef*>(input.data());
                }
                if (zlib.avail_in == 0 || inflate(&zlib, Z_NO_FLUSH) != Z_OK) {
                    break;
                }
            }
            got = room - zlib.avail_out;
        }
        allowed -= got;
        return got;
    }

    elf::ElfFile file;
    std::uint64_t offset;
    std::uint64_t file_end;
    std::uint64_t allowed; ///< bytes of contents that may still be read
    bool compressed = false;
    z_stream zlib = {};
    std::array<std::byte, buffer_size> input;
    std::array<std::byte, buffer_size> contents;
};

Result<DebugSection> DebugSection::open(const elf::ElfFile& file, std::string_view name,
                                        std::uint64_t bound) {
    const elf::Section* plain = file.section(".debug_" + std::string(name));
    const elf::Section* old = file.section(".zdebug_" + std::string(name));
    const elf::Section* section = plain != nullptr ? plain : old;
    if (section == nullptr || section->type == SHT_NOBITS || section->offset > file.size() ||
        section->size > file.size() - section->offset) {
        return Error{"no_dwarf", "no section .debug_" + std::string(name)};
    }
    std::uint64_t begin = section->offset;
    const std::uint64_t end = begin + section->size;
    bool compressed = false;
    if ((section->flags & SHF_COMPRESSED) != 0) {
        const auto header = file.at_offset(begin, sizeof(Elf64_Chdr));
        if (!header || section->size < sizeof(Elf64_Chdr) ||
            elf::load<Elf64_Chdr>(*header, 0).ch_type != ELFCOMPRESS_ZLIB) {
            return Error{"unsupported_dwarf", section->name + " is not compressed by zlib"};
        }
        begin += sizeof(Elf64_Chdr);
        compressed = true;
    } else if (section == old) {
        const auto header = file.at_offset(begin, old_header_size);
        if (!header || section->size < old_header_size ||
            std::memcmp(header->data(), "ZLIB", 4) != 0) {
            return Error{"unsupported_dwarf", section->name + " is not compressed by zlib"};
        }
        begin += old_header_size;
        compressed = true;
    }
    auto source = std::make_unique<Source>(file, begin, end, bound);
    if (compressed && !source->start_zlib()) {
        return Error{"unsupported_dwarf", "zlib cannot start"};
    }
    return DebugSection(std::move(source));
}

DebugSection::DebugSection(std::unique_ptr<Source> source) : source_(std::move(source)) {
    begin_ = at_ = end_ = source_->contents.data();
}
DebugSection::DebugSection(DebugSection&&) noexcept = default;
DebugSection& DebugSection::operator=(DebugSection&&) noexcept = default;
DebugSection::~DebugSection() = default;

bool DebugSection::refill() {
    base_ = position();
    const std::size_t got = failed_ ? 0 : source_->next();
    begin_ = at_ = source_->contents.data();
    end_ = begin_ + got;
    return got != 0;
}

bool DebugSection::at_end() {
    return failed_ || (at_ == end_ && !refill());
}

std::uint8_t DebugSection::slow_u8() {
    if (!refill()) {
        failed_ = true;
        return 0;
    }
    return static_cast<std::uint8_t>(*at_++);
}

std::uint64_t DebugSection::fixed(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
        value |= std::uint64_t{u8()} << (8 * i);
    }
    return value;
}

std::uint64_t DebugSection::uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = u8();
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if ((byte & 0x80U) == 0) {
            return value;
        }
    }
    failed_ = true;
    return 0;
}

void DebugSection::skip_leb() {
    while ((u8() & 0x80U) != 0) {
    }
}

void DebugSection::skip(std::uint64_t bytes) {
    while (bytes != 0 && !failed_) {
        const auto here = static_cast<std::uint64_t>(end_ - at_);
        const std::uint64_t step = std::min(bytes, here);
        at_ += step;
        bytes -= step;
        if (bytes != 0 && !refill()) {
            failed_ = true;
        }
    }
}

void DebugSection::string(std::string& out, std::size_t limit) {
    out.clear();
    while (const std::uint8_t byte = u8()) {
        if (out.size() < limit) {
            out.push_back(static_cast<char>(byte));
        }
    }
}

void DebugSection::skip_string() {
    for (;;) {
        const auto* found = static_cast<const std::byte*>(
            at_ == end_ ? nullptr : std::memchr(at_, 0, static_cast<std::size_t>(end_ - at_)));
        if (found != nullptr) {
            at_ = found + 1;
            return;
        }
        at_ = end_;
        if (u8() == 0) { // the first byte of the next buffer, or the end
            return;
        }
    }
}

} // namespace holter::golang
