// SPDX-License-Identifier: Apache-2.0
//
// In a position-independent executable the pointers of read-only data and globals may be
// zeroes in the file: the value is the addend of a relative relocation. Packed relocations
// (DT_RELR) keep their addend in place, so plain reading is right for them.
#include "loader/elf/bytes.h"
#include "loader/elf/elf_file.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <elf.h>

namespace holter::elf {

void ElfFile::for_each_relative(
    const std::function<bool(std::uint64_t, std::uint64_t)>& visit) const {
    const auto table = dynamic_.find(DT_RELA);
    const auto size = dynamic_.find(DT_RELASZ);
    if (table == dynamic_.end() || size == dynamic_.end()) {
        return;
    }
    const auto begin = offset_of(table->second);
    if (!begin) {
        return;
    }
    const std::uint32_t relative =
        machine_ == Machine::x86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
    const std::uint64_t length = std::min(size->second, contiguous_from(table->second));
    Window window(*this, *begin, *begin + length);
    std::uint64_t offset = *begin;
    for (;;) {
        const auto bytes = window.from(offset);
        const std::size_t count = bytes.size() / sizeof(Elf64_Rela);
        if (count == 0) {
            return;
        }
        for (std::size_t i = 0; i < count; ++i) {
            const auto entry = load<Elf64_Rela>(bytes, i * sizeof(Elf64_Rela));
            if (ELF64_R_TYPE(entry.r_info) == relative &&
                !visit(entry.r_offset, static_cast<std::uint64_t>(entry.r_addend))) {
                return;
            }
        }
        offset += count * sizeof(Elf64_Rela);
    }
}

std::optional<std::vector<std::uint64_t>> ElfFile::words_at(std::uint64_t address,
                                                            std::size_t count) const {
    if (count > max_read / sizeof(std::uint64_t)) {
        return std::nullopt;
    }
    const auto bytes = at_address(address, count * sizeof(std::uint64_t));
    if (!bytes) {
        return std::nullopt;
    }
    std::vector<std::uint64_t> words(count);
    for (std::size_t i = 0; i < count; ++i) {
        words[i] = load<std::uint64_t>(*bytes, i * sizeof(std::uint64_t));
    }
    for_each_relative([&](std::uint64_t where, std::uint64_t addend) {
        const std::uint64_t distance = where - address;
        if (distance % sizeof(std::uint64_t) == 0 && distance / sizeof(std::uint64_t) < count) {
            words[distance / sizeof(std::uint64_t)] = addend;
        }
        return true;
    });
    return words;
}

std::vector<std::uint64_t> ElfFile::pointers_to(std::uint64_t value, std::size_t limit) const {
    std::vector<std::uint64_t> found;
    for (const Segment& segment : writable_segments()) {
        // Words are aligned in memory; the file offset of a segment need not be.
        const std::uint64_t start = (segment.address + 7) & ~std::uint64_t{7};
        const std::uint64_t available = contiguous_from(start);
        const auto begin = offset_of(start);
        if (!begin || start < segment.address || available < sizeof(value)) {
            continue;
        }
        Window window(*this, *begin, *begin + available);
        std::uint64_t offset = *begin;
        while (found.size() < limit) {
            const auto bytes = window.from(offset);
            const std::size_t usable = bytes.size() / sizeof(value) * sizeof(value);
            if (usable == 0) {
                break;
            }
            for (std::size_t i = 0; i < usable; i += sizeof(value)) {
                if (load<std::uint64_t>(bytes, i) == value && found.size() < limit) {
                    found.push_back(start + (offset - *begin) + i);
                }
            }
            offset += usable;
        }
    }
    for_each_relative([&](std::uint64_t where, std::uint64_t addend) {
        if (addend == value && where % sizeof(value) == 0) {
            found.push_back(where);
        }
        return found.size() < 2 * limit;
    });
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    found.resize(std::min(found.size(), limit));
    return found;
}

} // namespace holter::elf
