// SPDX-License-Identifier: Apache-2.0
#include "loader/usdt/notes.h"

#include "loader/elf/bytes.h"
#include "loader/elf/printable.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <elf.h>
#include <optional>

namespace holter::usdt {
namespace {

using elf::load;

constexpr std::string_view owner{"stapsdt\0", 8};
constexpr std::uint32_t probe_type = 3;
constexpr std::string_view note_section = ".note.stapsdt";
// The compiler sees neither this section nor its address; it tells how far a tool has moved the
// file's addresses since the notes were written.
constexpr std::string_view base_section = ".stapsdt.base";

// libjvm's notes take 52 KB. The bound is on what a hostile file can make us read.
constexpr std::uint64_t max_notes = std::uint64_t{64} << 20;
// Three words and three strings; the longest seen has some 300 bytes.
constexpr std::uint64_t max_description = 16 << 10;
constexpr std::size_t addresses_size = 3 * sizeof(std::uint64_t);

// A semaphore is a 16-bit counter, raised by the kernel for as long as a probe is attached.
constexpr std::uint64_t semaphore_size = 2;
constexpr std::uint64_t page_size = 4096;

struct Range {
    std::uint64_t begin = 0; ///< file offsets
    std::uint64_t end = 0;
};

std::uint64_t padded(std::uint64_t size) {
    return (size + 3) / 4 * 4;
}

/// Usually the notes are in a section that no segment covers. Without section headers, segments are
/// all there is.
std::vector<Range> note_ranges(const elf::ElfFile& file) {
    std::vector<Range> ranges;
    const auto add = [&](std::uint64_t offset, std::uint64_t size) {
        if (offset < file.size()) {
            const auto available = std::min(size, file.size() - offset);
            ranges.push_back({offset, offset + std::min(available, max_notes)});
        }
    };
    for (const elf::Section& section : file.sections()) {
        if (section.type == SHT_NOTE && section.name == note_section) {
            add(section.offset, section.size);
        }
    }
    if (ranges.empty()) {
        for (const elf::Segment& segment : file.segments()) {
            if (segment.type == PT_NOTE) {
                add(segment.offset, segment.file_size);
            }
        }
    }
    return ranges;
}

/// Cuts the zero-terminated string at the front off `bytes`.
std::optional<std::string_view> take_string(std::span<const std::byte>& bytes) {
    const auto end = std::find(bytes.begin(), bytes.end(), std::byte{0});
    if (end == bytes.end()) {
        return std::nullopt;
    }
    const auto length = static_cast<std::size_t>(end - bytes.begin());
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), length);
    bytes = bytes.subspan(length + 1);
    return text;
}

/// Where the kernel finds the counter: it maps a file offset to an address in whatever writable
/// mapping of the file covers it. That is whole pages, so the first bytes of .bss count as well.
std::optional<std::uint64_t> semaphore_offset(const elf::ElfFile& file, std::uint64_t address) {
    for (const elf::Segment& segment : file.writable_segments()) {
        const std::uint64_t inside = address - segment.address;
        if (address < segment.address || segment.file_size == 0 || inside > segment.memory_size ||
            semaphore_size > segment.memory_size - inside || segment.offset > file.size() ||
            segment.file_size > file.size() - segment.offset) {
            continue;
        }
        const std::uint64_t mapped =
            segment.file_size + (page_size - 1) -
            (segment.offset + segment.file_size + page_size - 1) % page_size;
        if (inside <= mapped && semaphore_size <= mapped - inside) {
            return segment.offset + inside;
        }
    }
    return std::nullopt;
}

class Reader {
  public:
    Reader(const elf::ElfFile& file, const std::function<bool(const ProbeView&)>& visit)
        : file_(file), visit_(visit), base_(file.section(base_section)) {}

    /// False when the visitor wants no more.
    bool read(const Range& range) {
        elf::Window window(file_, range.begin, range.end);
        std::uint64_t offset = range.begin;
        while (offset < range.end && range.end - offset >= sizeof(Elf64_Nhdr)) {
            const auto header_bytes = window.at(offset, sizeof(Elf64_Nhdr));
            if (header_bytes.empty()) {
                return true; // the file became shorter
            }
            const auto header = load<Elf64_Nhdr>(header_bytes, 0);
            offset += sizeof header;
            const std::uint64_t name_size = padded(header.n_namesz);
            const std::uint64_t left = range.end - offset;
            if (name_size > left || header.n_descsz > left - name_size) {
                ++counts_.malformed;
                return true; // where the next note begins is unknown
            }
            const std::uint64_t description = offset + name_size;
            if (header.n_type == probe_type && header.n_namesz == owner.size() &&
                is_owner(window, offset) && !read_probe(window, description, header.n_descsz)) {
                return false;
            }
            offset = description + std::min(padded(header.n_descsz), range.end - description);
        }
        return true;
    }

    const NoteCounts& counts() const { return counts_; }

  private:
    static bool is_owner(elf::Window& window, std::uint64_t offset) {
        const auto bytes = window.at(offset, owner.size());
        return !bytes.empty() && std::memcmp(bytes.data(), owner.data(), owner.size()) == 0;
    }

    bool read_probe(elf::Window& window, std::uint64_t offset, std::uint64_t size) {
        const auto probe = size <= max_description
                               ? parse(window.at(offset, static_cast<std::size_t>(size)))
                               : std::nullopt;
        if (!probe) {
            ++counts_.malformed;
            return true;
        }
        ++counts_.usable;
        return visit_(*probe);
    }

    std::optional<ProbeView> parse(std::span<const std::byte> description) const {
        if (description.size() < addresses_size) {
            return std::nullopt;
        }
        ProbeView probe;
        probe.address = load<std::uint64_t>(description, 0);
        const auto base = load<std::uint64_t>(description, sizeof(std::uint64_t));
        probe.semaphore = load<std::uint64_t>(description, 2 * sizeof(std::uint64_t));
        const std::uint64_t moved = base_ != nullptr && base != 0 ? base_->address - base : 0;
        probe.address += moved;
        if (probe.semaphore != 0) {
            probe.semaphore += moved;
        }
        description = description.subspan(addresses_size);
        const auto provider = take_string(description);
        const auto name = provider ? take_string(description) : std::nullopt;
        const auto arguments = name ? take_string(description) : std::nullopt;
        if (!arguments || provider->empty() || name->empty() || !file_.is_code(probe.address)) {
            return std::nullopt;
        }
        probe.provider = *provider;
        probe.name = *name;
        probe.arguments = *arguments;
        probe.offset = file_.offset_of(probe.address).value_or(0);
        if (probe.semaphore != 0) {
            const auto place = semaphore_offset(file_, probe.semaphore);
            if (!place) {
                return std::nullopt;
            }
            probe.semaphore_offset = *place;
        }
        return probe;
    }

    const elf::ElfFile& file_;
    const std::function<bool(const ProbeView&)>& visit_;
    const elf::Section* base_;
    NoteCounts counts_;
};

std::string full_name(const ProbeName& name) {
    return elf::printable(name.provider) + ":" + elf::printable(name.name);
}

} // namespace

NoteCounts for_each_probe(const elf::ElfFile& file,
                          const std::function<bool(const ProbeView&)>& visit) {
    Reader reader(file, visit);
    for (const Range& range : note_ranges(file)) {
        if (!reader.read(range)) {
            break;
        }
    }
    return reader.counts();
}

FoundProbes find_probes(const elf::ElfFile& file, std::span<const ProbeName> names) {
    FoundProbes found;
    found.places.resize(names.size());
    found.counts = for_each_probe(file, [&](const ProbeView& probe) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (probe.name != names[i].name || probe.provider != names[i].provider) {
                continue;
            }
            if (found.places[i].size() >= max_places) {
                ++found.beyond_limit;
                continue;
            }
            found.places[i].push_back({std::string(probe.provider), std::string(probe.name),
                                       std::string(probe.arguments), probe.address, probe.offset,
                                       probe.semaphore, probe.semaphore_offset});
        }
        return true;
    });
    return found;
}

Result<std::vector<Probe>> find_probe(const elf::ElfFile& file, const ProbeName& name) {
    FoundProbes found = find_probes(file, std::span(&name, 1));
    if (found.places.front().empty()) {
        return missing_probe(name, found.counts);
    }
    return std::move(found.places.front());
}

Error missing_probe(const ProbeName& name, const NoteCounts& counts) {
    if (counts.malformed != 0) {
        return {"malformed_notes", "no probe " + full_name(name) + ", but " +
                                       std::to_string(counts.malformed) +
                                       " of the file's notes are malformed"};
    }
    if (counts.usable == 0) {
        return {"no_usdt_probes",
                "the file was built without USDT probes, " + full_name(name) + " is not in it"};
    }
    return {"no_such_usdt_probe", "no probe " + full_name(name) + " among the file's " +
                                      std::to_string(counts.usable) + " notes"};
}

} // namespace holter::usdt
