// SPDX-License-Identifier: Apache-2.0
//
// A read-only, bounds-checked view of a 64-bit little-endian ELF file that belongs to
// somebody else, and is hostile until proven otherwise.
//
// The file is read with pread(2), not mapped. A mapping of a file that is truncated
// meanwhile (somebody deploys by `cp` over a running binary) answers with SIGBUS and would
// take the agent and the tracing of all other targets with it; pread answers with a short
// count, which here is "no such bytes". It also keeps the agent's resident set free of
// the target's pages: a 150 MB binary costs one window (window.h), whatever is read of it.
//
// Section headers are an index for linkers, and need not be there: a corrupt or absent
// table leaves `sections()` empty, everything else works from program headers.
#pragma once

#include "loader/result.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holter::elf {

enum class Machine { x86_64, arm64 };

using Bytes = std::vector<std::byte>;

/// One program header. `file_size` may be less than `memory_size` (.bss).
struct Segment {
    std::uint32_t type = 0;  ///< PT_*
    std::uint32_t flags = 0; ///< PF_R, PF_W, PF_X
    std::uint64_t offset = 0;
    std::uint64_t address = 0;
    std::uint64_t file_size = 0;
    std::uint64_t memory_size = 0;
};

/// One section header. `name` is cut at 64 bytes and is not text that is safe to show.
struct Section {
    std::string name;
    std::uint32_t type = 0;  ///< SHT_*
    std::uint64_t flags = 0; ///< SHF_*
    std::uint64_t address = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint32_t link = 0;
};

struct Symbol {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint8_t type = 0; ///< STT_*
};

/// Where a table of symbols and its names are: file offsets, which need not be in the file.
struct SymbolTable {
    std::uint64_t symbols = 0;
    std::uint64_t symbols_size = 0;
    std::uint64_t strings = 0;
    std::uint64_t strings_size = 0;
};

/// What a parse of this file may be cached under. All zero for a file in memory.
struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0; ///< since the epoch

    auto operator<=>(const Identity&) const = default;
};

/// Addresses are as linked (no load bias), offsets are of the file. Const members may be
/// called from several threads.
class ElfFile {
  public:
    /// Largest length at_offset() and at_address() serve; longer ranges go through a Window.
    static constexpr std::size_t max_read = std::size_t{64} << 20;

    /// Opens `path`; /proc/PID/exe works, deleted executables too. Errors: `vanished`,
    /// `permission_denied`, `unreadable` (any other failure of the system call), `not_elf`,
    /// `malformed_elf`, `unsupported_machine`.
    static Result<ElfFile> open(const std::string& path);

    /// Over bytes in memory, which must outlive the ElfFile and its copies. Errors as open().
    static Result<ElfFile> over(std::span<const std::byte> image);

    Machine machine() const { return machine_; }
    /// Linked to run anywhere (ET_DYN): a process adds a load bias to every address.
    bool is_pie() const { return pie_; }
    /// Where the first instruction is, as linked.
    std::uint64_t entry() const { return entry_; }
    const Identity& identity() const { return identity_; }
    std::uint64_t size() const { return identity_.size; }
    /// For libraries that read files themselves; stays this object's. -1 for an image in memory.
    int descriptor() const;

    /// All program headers, in file order.
    const std::vector<Segment>& segments() const { return segments_; }
    /// PT_LOAD segments with PF_W, in file order.
    std::vector<Segment> writable_segments() const;
    /// Empty when the section header table is absent or corrupt.
    const std::vector<Section>& sections() const { return sections_; }
    /// The first section of that name, or nullptr.
    const Section* section(std::string_view name) const;

    /// Fills all of `out` from `offset`; false when the file does not have these bytes (any more).
    bool read(std::uint64_t offset, std::span<std::byte> out) const;
    /// A copy of exactly `length` bytes, at most max_read.
    std::optional<Bytes> at_offset(std::uint64_t offset, std::size_t length) const;
    /// The same by address. Only bytes the file has: .bss is not among them.
    std::optional<Bytes> at_address(std::uint64_t address, std::size_t length) const;

    /// File offset of an address in a loaded segment: what a uprobe needs.
    std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
    /// Its inverse. Where two segments share a page of the file, the executable one.
    std::optional<std::uint64_t> address_of(std::uint64_t offset) const;
    /// Whether all of [address, address + size) is in an executable segment and in the file.
    bool is_code(std::uint64_t address, std::uint64_t size = 1) const;
    /// How many bytes the file has from `address` to the end of its segment; 0 if none.
    std::uint64_t contiguous_from(std::uint64_t address) const;

    /// Looks `names` up in .symtab, and those not found there in .dynsym (which works without
    /// section headers, too): one pass over each, however many names. Undefined symbols are not
    /// found; of several definitions a global one wins, then the first. Names have 2 to 4096
    /// characters.
    std::map<std::string, Symbol> find_symbols(std::span<const std::string> names) const;

    /// .symtab, which `strip` removes.
    std::optional<SymbolTable> symbol_table() const;
    /// .dynsym, which stays; found without section headers, too.
    std::optional<SymbolTable> dynamic_symbol_table() const;

    /// GNU build id in hexadecimal.
    std::optional<std::string> build_id() const;

    /// Calls `visit(address, addend)` for every relative relocation (R_*_RELATIVE with addend),
    /// until it returns false.
    void for_each_relative(const std::function<bool(std::uint64_t, std::uint64_t)>& visit) const;
    /// `count` 8-byte words from `address` as a process sees them, minus the load bias: relative
    /// relocations are applied.
    std::optional<std::vector<std::uint64_t>> words_at(std::uint64_t address,
                                                       std::size_t count) const;
    /// 8-aligned addresses in writable segments that hold the pointer `value`, by contents or by
    /// relative relocation; ascending, without duplicates, at most `limit`.
    std::vector<std::uint64_t> pointers_to(std::uint64_t value, std::size_t limit = 16) const;

  private:
    struct Source; // the bytes: a file descriptor or a span

    ElfFile() = default;
    static Result<ElfFile> parse(std::shared_ptr<const Source> source, const Identity& identity,
                                 const std::string& what);
    const Segment* loaded_at(std::uint64_t address) const;
    void read_sections(std::span<const std::byte> header);
    void read_dynamic();

    std::shared_ptr<const Source> source_;
    Identity identity_;
    Machine machine_ = Machine::x86_64;
    bool pie_ = false;
    std::uint64_t entry_ = 0;
    std::vector<Segment> segments_;
    std::vector<Section> sections_;
    std::map<std::int64_t, std::uint64_t> dynamic_; ///< DT_* -> first value
};

} // namespace holter::elf
