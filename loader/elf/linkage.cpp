// SPDX-License-Identifier: Apache-2.0
#include "loader/elf/linkage.h"

#include <algorithm>
#include <elf.h>

namespace holter::elf {
namespace {

// The kernel takes no longer path.
constexpr std::uint64_t max_path = 4096;

} // namespace

Linkage linkage(const ElfFile& executable) {
    const auto& segments = executable.segments();
    const auto loader = std::find_if(segments.begin(), segments.end(),
                                     [](const Segment& s) { return s.type == PT_INTERP; });
    if (loader == segments.end()) {
        return Linkage::static_alone;
    }
    const auto bytes = executable.at_offset(
        loader->offset, static_cast<std::size_t>(std::min(loader->file_size, max_path)));
    if (!bytes) {
        return Linkage::other;
    }
    const std::string_view path(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (path.find("/ld-musl-") != std::string_view::npos) {
        return Linkage::musl;
    }
    return path.find("/ld-linux") != std::string_view::npos ? Linkage::glibc : Linkage::other;
}

std::optional<Error> missing_library(const ElfFile& executable, const std::string& library) {
    switch (linkage(executable)) {
    case Linkage::static_alone:
        return Error{"static_binary",
                     "nothing in the catalogue is mapped; the executable is linked statically, so "
                     "what is in " +
                         library +
                         " elsewhere is inside it: name it as `file` in a catalogue file"};
    case Linkage::musl:
        return Error{"musl",
                     "nothing in the catalogue is mapped; the executable runs on musl, whose "
                     "distributions rarely build " +
                         library + " with probes"};
    default:
        return std::nullopt;
    }
}

} // namespace holter::elf
