// SPDX-License-Identifier: Apache-2.0
//
// A Go release, as far as layouts depend on it.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace holter::golang {

/// Go 1.`minor`.`patch`. Ordered as the releases are.
struct GoVersion {
    int minor = 0;
    /// 0 for "go1.26"; -1 for what came before it: betas, candidates and development versions.
    int patch = 0;

    auto operator<=>(const GoVersion&) const = default;
};

/// Reads what `runtime.Version()` gives: "go1.22.12", "go1.26", "go1.27rc1", "devel go1.28-abc",
/// "go1.22.12 X:experiment", "go1.21.0-fips". nullopt for anything else, also for another major.
std::optional<GoVersion> parse_go_version(std::string_view text);

/// "1.22.12"; "1.28-devel" for what came before 1.28.0.
std::string to_string(const GoVersion& version);

} // namespace holter::golang
