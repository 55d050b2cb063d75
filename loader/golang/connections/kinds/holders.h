// SPDX-License-Identifier: Apache-2.0
//
// Objects that hold connections: servers, Transports. A program may make any number of them, and
// nobody tells when one is given up: its memory then looks like one without connections, or like
// nothing at all. So only so many are remembered, and what had no connections at the last reading
// makes room for what is new, the oldest first. An object that is in use is told of again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace holter::golang {

class Holders {
  public:
    explicit Holders(std::size_t most) : most_(most) {}

    void add(std::uint64_t address) {
        if (address == 0 || known_.count(address) != 0)
            return;
        if (known_.size() >= most_ && !make_room())
            return;
        known_[address].order = ++order_;
    }

    bool has(std::uint64_t address) const { return known_.count(address) != 0; }
    bool empty() const { return known_.empty(); }

    /// `look(address)` says whether it could be read. Those that it fails for several times in a
    /// row are forgotten; returns how many of these had connections. All are without connections
    /// from now on, until `use` says otherwise.
    template <typename Look> std::size_t each(Look&& look) {
        constexpr int patience = 3; // readings
        std::size_t lost = 0;
        for (auto at = known_.begin(); at != known_.end();) {
            Holder& holder = at->second;
            const bool readable = look(at->first);
            holder.failures = readable ? 0 : holder.failures + 1;
            holder.had_connections = holder.in_use || (!readable && holder.had_connections);
            holder.in_use = false;
            const bool keep = holder.failures < patience;
            lost += !keep && holder.had_connections ? 1 : 0;
            at = keep ? std::next(at) : known_.erase(at);
        }
        return lost;
    }

    /// A connection of it was found.
    void use(std::uint64_t address) {
        if (const auto found = known_.find(address); found != known_.end())
            found->second.in_use = true;
    }

  private:
    struct Holder {
        std::uint64_t order = 0;      ///< the oldest has the smallest
        int failures = 0;             ///< in a row
        bool in_use = false;          ///< in the last reading
        bool had_connections = false; ///< when it could last be read
    };

    bool make_room() {
        const auto oldest =
            std::min_element(known_.begin(), known_.end(), [](const auto& a, const auto& b) {
                return std::pair(a.second.in_use, a.second.order) <
                       std::pair(b.second.in_use, b.second.order);
            });
        if (oldest == known_.end() || oldest->second.in_use)
            return false;
        known_.erase(oldest);
        return true;
    }

    std::size_t most_;
    std::uint64_t order_ = 0;
    std::map<std::uint64_t, Holder> known_;
};

} // namespace holter::golang
