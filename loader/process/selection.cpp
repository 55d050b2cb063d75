// SPDX-License-Identifier: Apache-2.0
#include "loader/process/selection.h"

#include <algorithm>

#include <fnmatch.h>

namespace holter::process {
namespace {

bool matches_any(const std::vector<std::string>& patterns, const std::string& text) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
    });
}

} // namespace

Selection::Selection(Wanted wanted, pid_t own_pid)
    : wanted_(std::move(wanted)), own_pid_(own_pid) {}

bool Selection::only_listed() const {
    return !wanted_.processes.empty() && wanted_.executables.empty() &&
           wanted_.service_names.empty();
}

bool Selection::selects(const Identity& identity, std::string_view executable,
                        const std::function<std::string()>& service_name) const {
    if (identity.pid == own_pid_) {
        return false;
    }
    if (wanted_.processes.empty() && wanted_.executables.empty() && wanted_.service_names.empty()) {
        return true;
    }
    if (std::find(wanted_.processes.begin(), wanted_.processes.end(), identity) !=
        wanted_.processes.end()) {
        return true;
    }
    if (!wanted_.executables.empty()) {
        const std::string path(executable);
        const std::string base = path.substr(path.rfind('/') + 1); // npos + 1 is 0
        if (matches_any(wanted_.executables, path) || matches_any(wanted_.executables, base)) {
            return true;
        }
    }
    return !wanted_.service_names.empty() && matches_any(wanted_.service_names, service_name());
}

} // namespace holter::process
