// SPDX-License-Identifier: Apache-2.0
//
// Which container or systemd unit a process belongs to is written in the path of
// its control group, by whoever made the group: docker, containerd, cri-o and
// podman each have their spelling, with the systemd driver and without, on
// cgroup v1 and v2. All of them put the container's 64 hex digits into a
// component of the path.
#pragma once

#include <string>
#include <string_view>

namespace holter::process {

struct Cgroup {
    std::string container_id; ///< 64 hex digits; empty outside a container
    /// Name of the service without `.service`; empty for sessions, scopes and containers.
    std::string systemd_unit;
};

/// Reads the content of /proc/PID/cgroup. What it does not understand it leaves empty.
Cgroup parse_cgroup(std::string_view content);

} // namespace holter::process
