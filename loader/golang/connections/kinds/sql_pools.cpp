// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/kinds/sql_pools.h"

#include "loader/golang/connections/memory/go_map.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace holter::golang {

namespace {

/// Connections of one pool; the kernel gives no process more descriptors.
constexpr std::int64_t most_connections = std::int64_t{1} << 20;
/// More than any program has had.
constexpr std::int64_t most_waits = std::int64_t{1} << 48;

} // namespace

void SqlPools::on_object(const holter_go_object& event) {
    if (event.kind != HOLTER_GO_SQL_DB || event.address == 0)
        return;
    if (pools_.size() >= max_pools && !pools_.count(event.address)) {
        estranged_ += event.created; // its waits are told all the same
        return;
    }
    Pool& pool = pools_[event.address];
    if (event.created) {
        pool = {};
        pool.last = Closed{}; // all that it closes from now on counts
    }
}

std::optional<SqlReading> SqlPools::read() {
    if (!all_known({fields_.connector, fields_.free, fields_.open, fields_.closed, fields_.limit,
                    fields_.wait_count, fields_.waiting, fields_.closed_max_idle,
                    fields_.closed_max_idle_time, fields_.closed_max_lifetime}))
        return std::nullopt;
    SqlReading out;
    for (auto at = pools_.begin(); at != pools_.end();) {
        const Look seen = look(at->first, at->second, out);
        any_ = any_ || seen == Look::open;
        corrections_ += seen == Look::implausible ? 1 : 0;
        estranged_ += seen == Look::implausible ? 1 : 0;
        at = seen == Look::open ? std::next(at) : pools_.erase(at);
    }
    if (!any_)
        return std::nullopt;
    out.waits = static_cast<std::uint64_t>(ended_);
    out.estranged = estranged_;
    out.closed_max_idle = closed_.max_idle;
    out.closed_max_idle_time = closed_.max_idle_time;
    out.closed_max_lifetime = closed_.max_lifetime;
    return out;
}

std::int64_t SqlPools::waiting(std::uint64_t address) const {
    const auto field = address + *fields_.waiting;
    const auto word = memory_.value<std::uint64_t>(waiting_in_map_ ? field : field + 8);
    const auto count = word && waiting_in_map_ ? map_length(memory_, *word) : word;
    return count && *count <= max_map_entries ? static_cast<std::int64_t>(*count) : 0;
}

SqlPools::Look SqlPools::look(std::uint64_t address, Pool& pool, SqlReading& out) {
    const auto offsets = {*fields_.connector + 8, // an interface
                          *fields_.free + 8,
                          *fields_.open,
                          *fields_.closed,
                          *fields_.limit,
                          *fields_.wait_count,
                          *fields_.closed_max_idle,
                          *fields_.closed_max_idle_time,
                          *fields_.closed_max_lifetime};
    const std::uint64_t first = std::min(offsets);
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::max(offsets) - first) + 8);
    if (!memory_.read(address + first, bytes))
        return Look::implausible;
    const auto number = [&](std::uint64_t offset) {
        return elf::load<std::int64_t>(bytes, static_cast<std::size_t>(offset - first));
    };
    const auto closed_flag =
        elf::load<std::uint8_t>(bytes, static_cast<std::size_t>(*fields_.closed - first));
    const auto connector = static_cast<std::uint64_t>(number(*fields_.connector + 8));
    const std::int64_t idle = number(*fields_.free + 8);
    const std::int64_t open = number(*fields_.open);
    const std::int64_t limit = number(*fields_.limit);
    const std::int64_t waits = number(*fields_.wait_count);
    const Closed closed{static_cast<std::uint64_t>(number(*fields_.closed_max_idle)),
                        static_cast<std::uint64_t>(number(*fields_.closed_max_idle_time)),
                        static_cast<std::uint64_t>(number(*fields_.closed_max_lifetime))};
    const bool fresh = !pool.last;
    const Closed before = pool.last.value_or(closed);
    if (closed_flag > 1 || connector == 0 || (pool.connector != 0 && connector != pool.connector) ||
        idle < 0 || idle > most_connections || open < 0 || open > most_connections ||
        waits < pool.waits || waits > most_waits || closed.max_idle < before.max_idle ||
        closed.max_idle_time < before.max_idle_time || closed.max_lifetime < before.max_lifetime)
        return Look::implausible;
    closed_.max_idle += closed.max_idle - before.max_idle;
    closed_.max_idle_time += closed.max_idle_time - before.max_idle_time;
    closed_.max_lifetime += closed.max_lifetime - before.max_lifetime;
    // The two numbers are not read at once: what has ended never gets less.
    const std::int64_t ended = std::max(waits - waiting(address), pool.ended);
    if (fresh)
        ++estranged_;
    else
        ended_ += ended - pool.ended;
    pool = {closed, waits, ended, connector};
    if (closed_flag != 0)
        return Look::closed;
    // The pool counts a connection as open before it is made, and the two are not read at once.
    out.idle += static_cast<std::uint64_t>(idle);
    out.used += static_cast<std::uint64_t>(std::max<std::int64_t>(open - idle, 0));
    if (limit > 0)
        out.limit = out.limit.value_or(0) + static_cast<std::uint64_t>(limit);
    return Look::open;
}

} // namespace holter::golang
