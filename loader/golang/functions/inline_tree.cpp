// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/functions/inline_tree.h"

#include "loader/elf/bytes.h"
#include "loader/golang/functions/function_record.h"

#include <algorithm>
#include <unordered_map>

namespace holter::golang {
namespace {

using elf::ElfFile;
using elf::Window;

constexpr std::size_t word = sizeof(std::uint32_t);
// How far behind the start of the last tree entries are looked for.
constexpr std::uint64_t last_tree_size = 1 << 20;
// Small windows: these tables are jumped in, not read through.
constexpr std::size_t jump_window = 4096;
// What one search may spend on decoding: pc-value bytes, and so many for each start. Real
// binaries need less than a hundredth of it.
constexpr std::uint64_t decode_budget = 64 << 20;
constexpr std::uint64_t decode_start = 256;

/// An InlinedCall as the linker writes it.
struct EntryLayout {
    std::uint32_t size;
    std::uint32_t name_at;
};

constexpr EntryLayout layout_of(const Pclntab& pclntab) {
    return pclntab.has_start_line ? EntryLayout{16, 4} : EntryLayout{20, 12};
}

/// Tells how many entries a tree has, at most once per tree.
class TreeSizes {
  public:
    TreeSizes(const ElfFile& file, const Pclntab& pclntab)
        : pclntab_(pclntab), functions_(file, pclntab.functions, pclntab.end, jump_window),
          values_(file, pclntab.pc_values, pclntab.pc_values_end, jump_window) {}

    std::uint32_t of(const TreeOwner& owner) {
        const auto known = sizes_.find(owner.tree);
        if (known != sizes_.end()) {
            return known->second;
        }
        const std::uint32_t size = decode(owner);
        sizes_.emplace(owner.tree, size);
        return size;
    }

    bool exhausted() const { return budget_ == 0; }

  private:
    std::uint32_t decode(const TreeOwner& owner) {
        const auto entry = read_entry(pclntab_, functions_, owner.index);
        const auto record = entry ? read_record(pclntab_, functions_, entry->record) : std::nullopt;
        if (!record || !record->inline_index) {
            return 0;
        }
        // Pairs of (value delta, zigzag; pc delta), ended by a value delta of 0 that is not the
        // first.
        budget_ -= std::min(budget_, decode_start);
        cursor_ = pclntab_.pc_values + *record->inline_index;
        std::int64_t value = -1;
        std::int64_t largest = -1;
        for (bool first = true;; first = false) {
            const auto delta = take_number();
            if (!delta || (*delta == 0 && !first) || !take_number()) {
                break;
            }
            const auto magnitude = static_cast<std::int32_t>(*delta >> 1U);
            value += (*delta & 1U) != 0 ? ~magnitude : magnitude;
            largest = std::max(largest, value);
        }
        return largest < UINT32_MAX ? static_cast<std::uint32_t>(largest + 1) : 0;
    }

    std::optional<std::uint32_t> take_number() {
        std::uint32_t number = 0;
        for (unsigned shift = 0; shift < 35; shift += 7) {
            const auto bytes = values_.at(cursor_, 1);
            if (bytes.empty() || budget_ == 0) {
                return std::nullopt;
            }
            ++cursor_;
            --budget_;
            const auto bits = std::to_integer<std::uint32_t>(bytes.front());
            number |= (bits & 0x7fU) << shift;
            if ((bits & 0x80U) == 0) {
                return number;
            }
        }
        return std::nullopt;
    }

    const Pclntab& pclntab_;
    Window functions_;
    Window values_;
    std::uint64_t cursor_ = 0;
    std::uint64_t budget_ = decode_budget;
    std::unordered_map<std::uint32_t, std::uint32_t> sizes_;
};

/// By tree, then by index.
struct ByTree {
    static std::uint64_t key(const TreeOwner& owner) {
        return std::uint64_t{owner.tree} << 32U | owner.index;
    }
    bool operator()(const TreeOwner& a, const TreeOwner& b) const { return key(a) < key(b); }
};

} // namespace

std::optional<std::vector<InlinedName>> find_inlined(const ElfFile& file, const Pclntab& pclntab,
                                                     const ModuleData& module_data,
                                                     std::vector<TreeOwner> owners,
                                                     const NameOffsets& names) {
    std::vector<InlinedName> found;
    if (owners.empty()) {
        return found;
    }
    std::sort(owners.begin(), owners.end(), ByTree{});
    const auto base = file.offset_of(module_data.gofunc);
    const std::uint64_t available = file.contiguous_from(module_data.gofunc);
    if (!base || owners.back().tree >= available) {
        return std::nullopt;
    }
    const EntryLayout layout = layout_of(pclntab);
    TreeSizes sizes(file, pclntab);
    Window window(file, *base, *base + std::min(available, owners.back().tree + last_tree_size));

    // A hit at `position` (from gofunc) belongs to the last tree that begins before it, if to any.
    const auto consider = [&](std::uint32_t name, std::uint64_t position) {
        if (position < layout.name_at) {
            return;
        }
        const auto entry = static_cast<std::uint32_t>(position - layout.name_at);
        const auto end =
            std::upper_bound(owners.begin(), owners.end(), TreeOwner{entry, UINT32_MAX}, ByTree{});
        if (end == owners.begin()) {
            return;
        }
        const std::uint32_t tree = std::prev(end)->tree;
        if ((entry - tree) % layout.size != 0 ||
            (entry - tree) / layout.size >= sizes.of(*std::prev(end))) {
            return;
        }
        // Functions with equal trees share one.
        for (auto owner = end; owner != owners.begin() && std::prev(owner)->tree == tree &&
                               found.size() <= max_matches;
             --owner) {
            found.push_back({name, std::prev(owner)->index});
        }
    };

    std::uint64_t position = owners.front().tree;
    while (!sizes.exhausted() && found.size() <= max_matches) {
        const auto bytes = window.from(*base + position);
        const std::size_t usable = bytes.size() / word * word;
        if (usable == 0) {
            break;
        }
        for (std::size_t i = 0; i < usable; i += word) {
            const auto number = elf::load<std::uint32_t>(bytes, i);
            if (names.find(number) != nullptr) {
                consider(number, position + i);
            }
        }
        position += usable;
    }
    if (sizes.exhausted() || found.size() > max_matches) {
        return std::nullopt;
    }
    const auto key = [](const InlinedName& n) { return std::pair(n.name, n.host); };
    std::sort(found.begin(), found.end(),
              [&](const InlinedName& a, const InlinedName& b) { return key(a) < key(b); });
    found.erase(
        std::unique(found.begin(), found.end(),
                    [&](const InlinedName& a, const InlinedName& b) { return key(a) == key(b); }),
        found.end());
    return found;
}

} // namespace holter::golang
