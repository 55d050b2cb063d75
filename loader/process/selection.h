// SPDX-License-Identifier: Apache-2.0
//
// Which processes the user wants. Three ways to name one, of growing cost to
// check: its identity, its executable, its service name (which needs its environment),
// so the name is only worked out when the cheap ways have not decided.
#pragma once

#include "loader/process/identity.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holter::process {

/// A process is wanted when it matches any entry of any list; with all lists empty, every one is.
struct Wanted {
    /// A number that is used again does not mean the process that the user named.
    std::vector<Identity> processes;
    /// fnmatch(3) patterns, held against the full path as the process sees it (`*` crosses `/`) and
    /// against the base name.
    std::vector<std::string> executables;
    /// fnmatch(3) patterns.
    std::vector<std::string> service_names;
};

class Selection {
  public:
    /// `own_pid` is never selected, whatever the lists say.
    Selection(Wanted wanted, pid_t own_pid);

    /// Nothing but the listed processes can ever be selected: others need not be looked at.
    bool only_listed() const;
    const std::vector<Identity>& listed() const { return wanted_.processes; }

    /// `service_name` is called at most once, and only when the answer hangs on it.
    bool selects(const Identity& identity, std::string_view executable,
                 const std::function<std::string()>& service_name) const;

  private:
    Wanted wanted_;
    pid_t own_pid_;
};

} // namespace holter::process
