// SPDX-License-Identifier: Apache-2.0
//
// Little-endian numbers out of unaligned bytes.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

namespace holter::elf {

static_assert(std::endian::native == std::endian::little,
              "targets are read in the byte order of this machine");

/// The T at `offset`, which the caller has checked to be inside.
template <typename T> T load(std::span<const std::byte> bytes, std::size_t offset) {
    static_assert(std::is_trivially_copyable_v<T>);
    assert(offset <= bytes.size() && sizeof(T) <= bytes.size() - offset);
    T value{};
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

} // namespace holter::elf
