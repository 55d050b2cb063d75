// SPDX-License-Identifier: Apache-2.0
//
// What numbers and texts in a process's events stand for, where that takes more than
// a table: a look into the process's own memory, or knowledge of a language.
#pragma once

#include "loader/catalogue/definition.h"
#include "loader/process/identity.h"
#include "loader/process/procfs/procfs.h"
#include "loader/resolve/hotspot_classes.h"
#include "loader/result.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace holter::resolve {

/// Of one process. What was looked up once is remembered.
class Names {
  public:
    using Clock = std::chrono::steady_clock;
    /// How long what could not be found is not looked for again. Doubled with every time.
    static constexpr std::chrono::seconds first_pause{1}, longest_pause{64};

    /// `procfs` must outlive it.
    Names(const process::Procfs& procfs, const process::Identity& identity,
          std::function<Clock::time_point()> now = Clock::now);
    Names(const Names&) = delete;
    Names& operator=(const Names&) = delete;

    /// The text for a field; empty when it cannot be had.
    std::string of(catalogue::Field::As as, std::uint64_t number, std::string_view text);

  private:
    /// Null when they could not be found.
    HotspotClasses* hotspot_classes();
    Result<HotspotClasses> find_hotspot_classes() const;

    const process::Procfs& procfs_;
    process::Identity identity_;
    std::function<Clock::time_point()> now_;
    std::optional<HotspotClasses> hotspot_classes_; ///< once they were found
    Clock::time_point look_again_at_;
    Clock::duration pause_ = first_pause;
};

} // namespace holter::resolve
