// SPDX-License-Identifier: Apache-2.0
//
// What numbers and texts in a process's events stand for, where that takes more than
// a table: a look into the process's own memory, or knowledge of a language.
#pragma once

#include "loader/catalogue/definition.h"
#include "loader/process/identity.h"
#include "loader/process/procfs/procfs.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holter::resolve {

/// Of one process. What was looked up once is remembered.
class Names {
  public:
    /// `procfs` must outlive it.
    Names(const process::Procfs& procfs, const process::Identity& identity);
    ~Names();
    Names(const Names&) = delete;
    Names& operator=(const Names&) = delete;

    /// The text for a field; empty when it cannot be had.
    std::string of(catalogue::Field::As as, std::uint64_t number, std::string_view text);

  private:
    const process::Procfs& procfs_;
    process::Identity identity_;
};

} // namespace holter::resolve
