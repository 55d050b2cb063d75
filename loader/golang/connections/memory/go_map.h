// SPDX-License-Identifier: Apache-2.0
//
// The entries of a Go map in the memory of a process that runs. net/http and grpc-go keep the
// set of their connections in maps, so that a scrape can have the whole set, with what was
// there before tracing began, from a few blocks of memory.
//
// The process changes its map meanwhile. What is read is then the map between two states, or
// memory that was the map's: an entry may be missing, twice or invented, so whoever asks must
// check what the entries point to. Work is bounded whatever is found.
#pragma once

#include "loader/golang/connections/memory/target_memory.h"
#include "loader/golang/version.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

namespace holter::golang {

enum class MapFormat {
    buckets, ///< Go 1.23 and earlier, later ones with GOEXPERIMENT=noswissmap
    groups,  ///< "Swiss tables", Go 1.24 and later
};

/// `build`: the version as it is written in the binary, which names experiments: Go 1.24 and 1.25
/// can be told to make maps as before.
MapFormat map_format(const GoVersion& version, std::string_view build);

/// Sizes in bytes of a map's types. Keys are a multiple of 8, as pointers and strings are.
struct MapTypes {
    std::size_t key = 8;
    std::size_t value = 0;
};

/// The most entries that a map may say it has.
inline constexpr std::size_t max_map_entries = std::size_t{1} << 20;

/// What a walk may cost. Maps do not shrink, so most of one may be empty.
struct WalkBudget {
    std::size_t entries = max_map_entries;
    std::size_t blocks = std::size_t{1} << 19; ///< buckets, or groups, of 8 slots each
};

using VisitEntry =
    std::function<void(std::span<const std::byte> key, std::span<const std::byte> value)>;

/// `map` is the map's value: where its header is; 0 is a map without entries. Returns how many
/// entries it says it has, or nullopt when it cannot be read or is none. What it does is taken off
/// the budget, and it stops when that is used up: so it bounds a walk through many maps.
std::optional<std::uint64_t> for_each_entry(const TargetMemory& memory, MapFormat format,
                                            std::uint64_t map, const MapTypes& types,
                                            WalkBudget& budget, const VisitEntry& visit);

/// Only how many it says it has.
std::optional<std::uint64_t> map_length(const TargetMemory& memory, std::uint64_t map);

} // namespace holter::golang
