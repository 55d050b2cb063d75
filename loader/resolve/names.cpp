// SPDX-License-Identifier: Apache-2.0
#include "loader/resolve/names.h"

#include "loader/elf/elf_file.h"
#include "loader/modules/mapped_files.h"
#include "loader/process/procfs/memory.h"
#include "loader/resolve/cpp_type.h"

#include <algorithm>
#include <elf.h>
#include <map>
#include <memory>
#include <utility>

namespace holter::resolve {

namespace {

constexpr std::uint64_t page_size = 4096;

/// What to add to an address as linked: the first executable mapping is that of a segment, and
/// begins where the segment's page does.
std::optional<std::uint64_t> load_bias(const elf::ElfFile& file,
                                       const modules::MappedFile& mapped) {
    for (const auto& segment : file.segments()) {
        const std::uint64_t into_page = segment.offset % page_size;
        if (segment.type == PT_LOAD && (segment.flags & PF_X) &&
            segment.offset - into_page == mapped.offset)
            return mapped.start + into_page - segment.address;
    }
    return std::nullopt;
}

} // namespace

Names::Names(const process::Procfs& procfs, const process::Identity& identity,
             std::function<Clock::time_point()> now)
    : procfs_(procfs), identity_(identity), now_(std::move(now)) {}

Result<HotspotClasses> Names::find_hotspot_classes() const {
    auto memory = process::Memory::open(procfs_, identity_);
    if (!memory)
        return memory.error();
    const auto mapped = modules::mapped_files(procfs_, identity_.pid);
    if (!mapped)
        return mapped.error();
    for (const auto& file : *mapped) {
        if (file.name != "libjvm.so")
            continue;
        const auto library = elf::ElfFile::open(file.link);
        if (!library)
            return library.error();
        const auto bias = load_bias(*library, file);
        if (!bias)
            break;
        std::map<std::string, std::uint64_t> addresses;
        for (const auto& [name, symbol] : library->find_symbols(HotspotClasses::variables()))
            addresses[name] = symbol.address + *bias;
        const auto shared = std::make_shared<process::Memory>(std::move(*memory));
        return HotspotClasses::open(
            [shared](std::uint64_t address, std::span<std::byte> out) {
                return shared->read(address, out);
            },
            addresses);
    }
    return Error{"no_vm_structs", "no libjvm.so is mapped"};
}

/// A virtual machine that starts has no tables yet, and a file or memory may be out of reach for a
/// moment; but each look reads the symbols of a large library.
HotspotClasses* Names::hotspot_classes() {
    if (hotspot_classes_)
        return &*hotspot_classes_;
    const auto now = now_();
    if (now < look_again_at_)
        return nullptr;
    if (auto found = find_hotspot_classes()) {
        hotspot_classes_ = std::move(*found);
        return &*hotspot_classes_;
    }
    look_again_at_ = now + pause_;
    pause_ = std::min<Clock::duration>(2 * pause_, longest_pause);
    return nullptr;
}

std::string Names::of(catalogue::Field::As as, std::uint64_t number, std::string_view text) {
    switch (as) {
    case catalogue::Field::As::cpp_type:
        return cpp_type(text);
    case catalogue::Field::As::hotspot_class: {
        HotspotClasses* classes = hotspot_classes();
        return classes ? classes->name_of(static_cast<std::uint32_t>(number)) : std::string();
    }
    default:
        return std::string(text);
    }
}

} // namespace holter::resolve
