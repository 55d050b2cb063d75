// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/functions/module_data.h"

namespace holter::golang {
namespace {

using elf::ElfFile;

// Indices of 8-byte words in the structure.
constexpr std::size_t word_pclntab = 0;
constexpr std::size_t word_names = 1;
constexpr std::size_t word_text = 22;
constexpr std::size_t word_text_end = 23;

struct Layout {
    std::size_t types;
    std::size_t types_end;
    std::size_t gofunc;
};

constexpr Layout layout_of(const GoVersion& version) {
    if (version.minor >= 27) { // typedesclen before etypes, itaboffset and itabsize after it
        return {37, 39, 43};
    }
    if (version.minor >= 20) { // covctrs and ecovctrs came before them
        return {37, 38, 40};
    }
    return {35, 36, 38};
}

std::optional<ModuleData> read_at(const ElfFile& file, std::uint64_t address, const Layout& layout,
                                  const Pclntab& pclntab) {
    const auto words = file.words_at(address, layout.gofunc + 1);
    if (!words || (*words)[word_pclntab] != pclntab.address ||
        (*words)[word_names] != pclntab.address + (pclntab.names - pclntab.offset) ||
        !file.is_code((*words)[word_text])) {
        return std::nullopt;
    }
    return ModuleData{address,
                      (*words)[word_text],
                      (*words)[word_text_end],
                      (*words)[layout.types],
                      (*words)[layout.types_end],
                      (*words)[layout.gofunc]};
}

} // namespace

Result<ModuleData> find_module_data(const ElfFile& file, const GoVersion& version,
                                    const Pclntab& pclntab) {
    const Layout layout = layout_of(version);
    if (const elf::Section* section = file.section(".go.module")) {
        if (const auto found = read_at(file, section->address, layout, pclntab)) {
            return *found;
        }
    }
    for (const std::uint64_t candidate : file.pointers_to(pclntab.address)) {
        if (const auto found = read_at(file, candidate, layout, pclntab)) {
            return *found;
        }
    }
    return Error{"no_moduledata", "no runtime.firstmoduledata that points to the pclntab"};
}

} // namespace holter::golang
