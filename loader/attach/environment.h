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
    std::string kernel_release; ///< `5.15.0-91-generic`; empty: uname(2)
};

/// Everything that stands in the way, each with one line that says what to do; empty: nothing.
/// Reasons: `no_permission`, `old_kernel`, `no_btf`, `lockdown`.
std::vector<Error> environment_problems(const EnvironmentSources& sources = {});

/// Kernels before 5.11 charge BPF maps to RLIMIT_MEMLOCK; lifts it for this process. Newer ones
/// don't care, so there the answer is always success. Errors: `no_permission`.
Status lift_memlock_limit(const EnvironmentSources& sources = {});

} // namespace holter::attach
