// SPDX-License-Identifier: Apache-2.0
//
// From the address of a type descriptor to the name that Go programs print for it:
// what reflect.Type.String() says, as in `*net.OpError`. Descriptors are read out of the
// executable's file, not out of the process: the linker wrote them there, and the file
// can still be read when the process has died of the panic whose type is wanted.
// Types that a program makes up at run time (reflect.StructOf) have no name here.
//
// The layout of what is read has not moved since Go 1.17. Every address comes from a
// traced process and every byte from its file, so nothing is believed: a descriptor lies
// inside the types of the module, has the alignment and kind of one, and a name that is text.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/functions/module_data.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace holter::golang {

/// Go's reflect.Kind, those that matter here.
enum class TypeKind : std::uint8_t { interface = 20, pointer = 22, slice = 23, structure = 25 };

struct TypeDescriptor {
    TypeKind kind{}; ///< may be one without a name in the enum
    std::uint64_t size = 0;
    std::uint32_t name = 0; ///< offset from the module's types
    bool has_methods = false;
    bool starred = false; ///< the name has a `*` too many

    static constexpr std::size_t bytes = 48;
    /// From the bytes of a possible descriptor, nullopt if it cannot be one. `names` is how far
    /// names reach.
    static std::optional<TypeDescriptor> parse(std::span<const std::byte> descriptor,
                                               std::uint64_t names);
    /// A glance at what may be a descriptor, for whoever looks at every word of a binary's types.
    static bool may_have_methods(const std::byte* descriptor);
};

/// The types of one executable. Addresses are as linked.
class TypeReader {
  public:
    static constexpr std::size_t longest_name = 1024;

    TypeReader(elf::ElfFile file, const ModuleData& module_data);

    std::optional<TypeDescriptor> descriptor(std::uint64_t address) const;
    /// `*net.OpError`, `context.deadlineExceededError`, `string`.
    std::optional<std::string> name(std::uint64_t address) const;
    /// The text at an offset from the types, as methods and fields have their names.
    std::optional<std::string> text(std::uint32_t offset) const;

    /// Bytes of a string constant; nullopt if the file does not have them or there are too many.
    std::optional<std::string> constant(std::uint64_t address, std::uint64_t length) const;

    std::uint64_t begin() const { return begin_; }
    std::uint64_t end() const { return end_; }
    const elf::ElfFile& file() const { return file_; }

  private:
    elf::ElfFile file_;
    std::uint64_t begin_, end_;
};

} // namespace holter::golang
