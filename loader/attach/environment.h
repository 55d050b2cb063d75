// SPDX-License-Identifier: Apache-2.0
//
// Whether this machine lets us work at all. Asked once, before anything is loaded,
// because the kernel answers each of these with a bare "operation not permitted".
#pragma once

#include "loader/result.h"

#include <string>
#include <vector>

namespace holter::attach {

/// Where the answers are read; the defaults are the running machine's.
struct EnvironmentSources {
    std::string self_status = "/proc/self/status"; ///< always our own procfs
    std::string btf = "/sys/kernel/btf/vmlinux";
    std::string lockdown = "/sys/kernel/security/lockdown"; ///< may be missing
    std::string pid_namespace = "/proc/self/ns/pid";
    std::string kernel_release; ///< `5.15.0-91-generic`; empty: uname(2)
};

/// Everything that stands in the way, each with one line that says what to do; empty: nothing.
/// Reasons: `no_permission`, `old_kernel`, `no_btf`, `lockdown`, `pid_namespace`.
std::vector<Error> environment_problems(const EnvironmentSources& sources = {});

/// Raises what limits the number of targets: open files up to the hard limit, and, on kernels
/// before 5.11, which charge BPF maps to it, RLIMIT_MEMLOCK. Errors: `no_permission`.
Status lift_limits(const EnvironmentSources& sources = {});

} // namespace holter::attach
