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

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holter::resolve {

/// Of one process. What was looked up once is remembered.
class Names {
  public:
    /// `procfs` must outlive it.
    Names(const process::Procfs& procfs, const process::Identity& identity);
    Names(const Names&) = delete;
    Names& operator=(const Names&) = delete;

    /// The text for a field; empty when it cannot be had.
    std::string of(catalogue::Field::As as, std::uint64_t number, std::string_view text);

  private:
    Result<HotspotClasses> find_hotspot_classes() const;

    const process::Procfs& procfs_;
    process::Identity identity_;
    std::optional<Result<HotspotClasses>> hotspot_classes_; ///< once it was looked for
};

} // namespace holter::resolve
