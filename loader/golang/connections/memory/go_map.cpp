// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/memory/go_map.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace holter::golang {

namespace {

constexpr int first_with_groups = 24;
constexpr std::size_t slots = 8; ///< of a bucket, and of a group
constexpr std::size_t block = 64 << 10;

std::size_t rounded_up(std::size_t size) {
    return (size + 7) / 8 * 8;
}

bool has_budget(const WalkBudget& budget) {
    return budget.entries > 0 && budget.blocks > 0;
}

/// Reads an array of equal records, block by block, and hands them out one by one. Stops at what
/// cannot be read.
template <typename Visit>
bool for_each_record(const TargetMemory& memory, std::uint64_t address, std::uint64_t count,
                     std::size_t size, const Visit& visit) {
    const std::size_t at_once = std::max<std::size_t>(block / size, 1);
    std::vector<std::byte> bytes;
    for (std::uint64_t first = 0; first < count; first += at_once) {
        const auto records =
            static_cast<std::size_t>(std::min<std::uint64_t>(count - first, at_once));
        bytes.resize(records * size);
        if (!memory.read(address + first * size, bytes))
            return false;
        for (std::size_t i = 0; i < records; ++i)
            if (!visit(std::span<const std::byte>(bytes).subspan(i * size, size)))
                return false;
    }
    return true;
}

/// Go 1.23 and earlier: runtime.hmap, an array of buckets with chains of overflow buckets, and
/// while it grows the old array beside it.
class Buckets {
  public:
    Buckets(const TargetMemory& memory, const MapTypes& types, WalkBudget& budget,
            const VisitEntry& visit)
        : memory_(memory), types_(types), budget_(budget), visit_(visit),
          size_(slots + slots * types.key + rounded_up(slots * types.value) + 8) {}

    std::optional<std::uint64_t> walk(std::uint64_t map) {
        std::array<std::byte, 32> header;
        if (!memory_.read(map, header))
            return std::nullopt;
        const auto count = elf::load<std::uint64_t>(header, 0);
        const auto flags = elf::load<std::uint8_t>(header, 8);
        const auto log2_buckets = elf::load<std::uint8_t>(header, 9);
        const auto buckets = elf::load<std::uint64_t>(header, 16);
        const auto old_buckets = elf::load<std::uint64_t>(header, 24);
        if (count > max_map_entries || log2_buckets > largest_log2)
            return std::nullopt;
        const std::uint64_t length = std::uint64_t{1} << log2_buckets;
        if (buckets != 0)
            array(buckets, length);
        if (old_buckets != 0)
            array(old_buckets, (flags & same_size_grow) != 0 ? length : (length + 1) / 2);
        return count;
    }

  private:
    static constexpr std::uint8_t largest_log2 = 18;
    static constexpr std::uint8_t same_size_grow = 8;
    /// Smaller marks stand for empty, or moved to the new array.
    static constexpr std::uint8_t smallest_hash = 5;
    static constexpr int longest_chain = 64;

    void array(std::uint64_t address, std::uint64_t count) {
        if (!has_budget(budget_))
            return;
        std::vector<std::byte> more(size_);
        for_each_record(memory_, address, count, size_, [&](std::span<const std::byte> bucket) {
            std::uint64_t next = entries(bucket);
            for (int i = 0;
                 next != 0 && i < longest_chain && has_budget(budget_) && memory_.read(next, more);
                 ++i)
                next = entries(more);
            return has_budget(budget_);
        });
    }

    /// Visits those of one bucket, and returns where it goes on.
    std::uint64_t entries(std::span<const std::byte> bucket) {
        --budget_.blocks;
        for (std::size_t i = 0; i < slots && budget_.entries > 0; ++i)
            if (elf::load<std::uint8_t>(bucket, i) >= smallest_hash) {
                --budget_.entries;
                visit_(bucket.subspan(slots + i * types_.key, types_.key),
                       bucket.subspan(slots + slots * types_.key + i * types_.value, types_.value));
            }
        return elf::load<std::uint64_t>(bucket, size_ - 8);
    }

    const TargetMemory& memory_;
    const MapTypes& types_;
    WalkBudget& budget_;
    const VisitEntry& visit_;
    std::size_t size_; ///< of a bucket
};

/// Go 1.24 and later: internal/runtime/maps.Map, which is one group of slots while it is small, and
/// then a directory of tables, each an array of groups.
class Groups {
  public:
    Groups(const TargetMemory& memory, const MapTypes& types, WalkBudget& budget,
           const VisitEntry& visit)
        : memory_(memory), types_(types), budget_(budget), visit_(visit),
          // A struct of key and value; if the value is empty the compiler pads behind it.
          slot_(types.key + rounded_up(std::max<std::size_t>(types.value, 1))),
          size_(8 + slots * slot_) {}

    std::optional<std::uint64_t> walk(std::uint64_t map) {
        std::array<std::byte, 32> header;
        if (!memory_.read(map, header))
            return std::nullopt;
        const auto used = elf::load<std::uint64_t>(header, 0);
        const auto directory = elf::load<std::uint64_t>(header, 16);
        const auto length = elf::load<std::uint64_t>(header, 24);
        if (used > max_map_entries || length > longest_directory)
            return std::nullopt;
        if (length == 0) {
            if (directory != 0)
                groups(directory, 1);
            return used;
        }
        std::unordered_set<std::uint64_t> seen; // a table stands there several times
        for_each_record(memory_, directory, length, 8, [&](std::span<const std::byte> entry) {
            const auto address = elf::load<std::uint64_t>(entry, 0);
            if (seen.insert(address).second)
                table(address);
            return has_budget(budget_);
        });
        return used;
    }

  private:
    static constexpr std::uint64_t longest_directory = 1 << 16;
    static constexpr std::uint64_t most_groups = 128; ///< a table of 1,024 slots
    static constexpr std::uint8_t free_bit = 0x80;    ///< empty, or deleted

    void table(std::uint64_t address) {
        std::array<std::byte, 32> header;
        if (!memory_.read(address, header))
            return;
        const auto data = elf::load<std::uint64_t>(header, 16);
        const auto mask = elf::load<std::uint64_t>(header, 24);
        if (data != 0 && mask < most_groups)
            groups(data, mask + 1);
    }

    void groups(std::uint64_t address, std::uint64_t count) {
        if (!has_budget(budget_))
            return;
        for_each_record(memory_, address, count, size_, [&](std::span<const std::byte> group) {
            --budget_.blocks;
            for (std::size_t i = 0; i < slots && budget_.entries > 0; ++i)
                if ((elf::load<std::uint8_t>(group, i) & free_bit) == 0) {
                    --budget_.entries;
                    const auto slot = group.subspan(8 + i * slot_, slot_);
                    visit_(slot.first(types_.key), slot.subspan(types_.key, types_.value));
                }
            return has_budget(budget_);
        });
    }

    const TargetMemory& memory_;
    const MapTypes& types_;
    WalkBudget& budget_;
    const VisitEntry& visit_;
    std::size_t slot_; ///< size
    std::size_t size_; ///< of a group
};

} // namespace

MapFormat map_format(const GoVersion& version, std::string_view build) {
    const bool as_before = build.find("noswissmap") != std::string_view::npos;
    return version.minor < first_with_groups || as_before ? MapFormat::buckets : MapFormat::groups;
}

std::optional<std::uint64_t> for_each_entry(const TargetMemory& memory, MapFormat format,
                                            std::uint64_t map, const MapTypes& types,
                                            WalkBudget& budget, const VisitEntry& visit) {
    if (map == 0)
        return 0;
    return format == MapFormat::buckets ? Buckets(memory, types, budget, visit).walk(map)
                                        : Groups(memory, types, budget, visit).walk(map);
}

std::optional<std::uint64_t> map_length(const TargetMemory& memory, std::uint64_t map) {
    if (map == 0)
        return 0;
    const auto length = memory.value<std::uint64_t>(map);
    return length && *length <= max_map_entries ? length : std::nullopt;
}

} // namespace holter::golang
