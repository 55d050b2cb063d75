// SPDX-License-Identifier: Apache-2.0
//
// The first pass of the function search: which name offsets do the wanted names have? After it
// no string is compared any more.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/functions/pclntab.h"

#include <bitset>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace holter::golang {

/// More functions than any catalogue asks for: a file that offers more is out for our memory.
inline constexpr std::size_t max_matches = 1 << 14;

/// Name offsets of functions, with the names.
class NameOffsets {
  public:
    void add(std::uint32_t offset, std::string name) {
        filter_.set(offset % filter_.size());
        names_.emplace(offset, std::move(name));
    }

    /// The name at `offset`, or nullptr. Nearly always the answer is no, and comes from one bit.
    const std::string* find(std::uint32_t offset) const {
        if (!filter_.test(offset % filter_.size())) {
            return nullptr;
        }
        const auto found = names_.find(offset);
        return found == names_.end() ? nullptr : &found->second;
    }

    std::size_t size() const { return names_.size(); }

  private:
    std::bitset<65536> filter_;
    std::map<std::uint32_t, std::string> names_;
};

/// Where in the function names those are that equal an entry of `wanted`, or begin with it if it
/// ends in `*`. At most max_matches; names longer than 1,024 bytes are not looked at.
NameOffsets find_names(const elf::ElfFile& file, const Pclntab& pclntab,
                       std::span<const std::string> wanted);

} // namespace holter::golang
