// SPDX-License-Identifier: Apache-2.0
//
// One attachment of one BPF program to sites in one process. Two ways:
//   multi  one uprobe_multi link for all sites (Linux 6.6); created by the system
//          call itself, since libbpf 1.1 has no call for it
//   perf   one perf event for each site, for kernels without it
// Both end with the file descriptors, so nothing of ours outlives the agent,
// however it ends.
#pragma once

#include "loader/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct bpf_program;

namespace holter::attach {

enum class Method { multi, perf };

const char* to_string(Method method);

struct Point {
    std::uint64_t file_offset = 0;
    std::uint64_t cookie = 0;
    /// Of a counter in the file that is raised in every process as long as somebody looks: a USDT
    /// probe's semaphore. 0: none.
    std::uint64_t semaphore_offset = 0;
};

/// When a hit happens.
enum class When {
    reached,  ///< the instruction is about to run
    returned, ///< the function that begins there returns (never for Go: its stacks move)
};

/// Owns the attachment: destroying it takes every probe of it out of the process.
class Link {
  public:
    Link(Link&&) noexcept;
    Link& operator=(Link&&) noexcept;
    ~Link();

    /// Attaches `program` at all points of the file at `path`, for process `pid` alone.
    /// All or nothing. Errors: `vanished` (the process ended), `not_supported`,
    /// `permission_denied`, `attach_failed`.
    static Result<Link> create(Method method, bpf_program* program, const std::string& path,
                               std::int32_t pid, const std::vector<Point>& points,
                               When when = When::reached);

  private:
    struct Handles;
    explicit Link(std::unique_ptr<Handles> handles);
    std::unique_ptr<Handles> handles_;
};

} // namespace holter::attach
