// SPDX-License-Identifier: Apache-2.0
//
// Names of Java classes, by the compressed class pointers that objects of a HotSpot
// process carry. libjvm exports tables for debuggers that say where in its structures
// everything is (`gHotSpotVMStructs`), so that no version needs an offset of ours.
//
// All of it is read from the target's memory and may be nonsense: loops and lengths
// are bounded, and a name that cannot be had is empty, never a guess.
#pragma once

#include "loader/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace holter::resolve {

class HotspotClasses {
  public:
    /// Fills all of `out` from the target's memory, or fails.
    using Read = std::function<bool(std::uint64_t address, std::span<std::byte> out)>;

    /// Variables of libjvm that lead to its tables.
    static const std::vector<std::string>& variables();

    /// `addresses` has where these variables are in the target. Errors: `no_vm_structs` (a variable
    /// is missing, or the tables do not have what is needed).
    static Result<HotspotClasses> open(Read read,
                                       const std::map<std::string, std::uint64_t>& addresses);

    /// As Java writes it, `java.lang.NullPointerException`; empty when it cannot be read, also in a
    /// process without compressed class pointers. Remembered: a class that took the place of an
    /// unloaded one may be mistaken for it.
    std::string name_of(std::uint32_t compressed);

  private:
    explicit HotspotClasses(Read read) : read_(std::move(read)) {}

    bool read_tables(const std::map<std::string, std::uint64_t>& addresses);
    template <typename T> bool get(std::uint64_t address, T& value) const;
    std::string text_at(std::uint64_t address) const;
    std::string read_name(std::uint32_t compressed) const;

    Read read_;
    std::uint64_t base_address_ = 0, shift_address_ = 0; ///< of the two variables
    std::uint64_t name_offset_ = 0;                      ///< of Klass::_name
    std::uint64_t length_offset_ = 0, body_offset_ = 0;  ///< in Symbol
    std::unordered_map<std::uint32_t, std::string> names_;
};

} // namespace holter::resolve
