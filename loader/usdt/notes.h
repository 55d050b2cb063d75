// SPDX-License-Identifier: Apache-2.0
//
// The USDT probes of an ELF file, as <sys/sdt.h> and its imitators describe them: one note of
// owner "stapsdt" for each place where a probe stands, with the address, a semaphore and how to
// find the arguments. One probe may stand in many places (inlined code), each with its own
// arguments.
//
// The notes are read one after the other through a small window. A caller says what it wants and
// keeps only that: libjvm has hundreds, and most of them nobody asks for.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holter::usdt {

/// One place of one probe. The texts are bytes of a foreign file: elf::printable() before showing.
template <typename Text> struct BasicProbe {
    Text provider;
    Text name;
    Text arguments;                     ///< e.g. `-4@%edi 8@-16(%rbp)`; arguments.h reads it
    std::uint64_t address = 0;          ///< of the instruction, as linked
    std::uint64_t offset = 0;           ///< of the instruction in the file: a uprobe's place
    std::uint64_t semaphore = 0;        ///< address as linked; 0: always enabled
    std::uint64_t semaphore_offset = 0; ///< in the file: a uprobe's ref_ctr_offset; 0: none
};
using ProbeView = BasicProbe<std::string_view>; ///< valid during the visit
using Probe = BasicProbe<std::string>;

struct NoteCounts {
    std::size_t usable = 0;
    /// Notes with wrong lengths, a location that is no code, or a semaphore that no process could
    /// raise.
    std::size_t malformed = 0;
};

/// Visits every usable note, until `visit` returns false.
NoteCounts for_each_probe(const elf::ElfFile& file,
                          const std::function<bool(const ProbeView&)>& visit);

struct ProbeName {
    std::string provider;
    std::string name;
};

struct FoundProbes {
    std::vector<std::vector<Probe>> places; ///< of each name asked for, in the same order
    NoteCounts counts;
    std::size_t beyond_limit = 0; ///< places left out because one name has more than max_places
};

/// Nobody's probe is inlined more often.
inline constexpr std::size_t max_places = 4096;

/// One pass for all of `names`.
FoundProbes find_probes(const elf::ElfFile& file, std::span<const ProbeName> names);

/// All places of one probe. Errors: `no_usdt_probes` (the file has no note at all: it was built
/// without them), `no_such_usdt_probe`, `malformed_notes` (not there, but some notes are unusable).
Result<std::vector<Probe>> find_probe(const elf::ElfFile& file, const ProbeName& name);

/// Why `name` is not among what was found.
Error missing_probe(const ProbeName& name, const NoteCounts& counts);

} // namespace holter::usdt
