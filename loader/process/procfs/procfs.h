// SPDX-License-Identifier: Apache-2.0
//
// Everything that is read from /proc about a process, in one place, because the
// root is configurable: an agent in a container looks at the host's procfs where
// it is mounted. Files are reached through links of the process itself
// (/proc/PID/exe), so executables that were deleted or replaced, and those that
// exist only in another mount namespace, are found all the same.
//
// A process can end between any two reads. None of these functions minds: they
// fail with `vanished`. Content is the target's to choose, so reads are bounded.
#pragma once

#include "loader/process/identity.h"
#include "loader/process/procfs/cgroup.h"
#include "loader/process/procfs/descriptor.h"
#include "loader/process/procfs/stat.h"
#include "loader/result.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holter::process {

/// Which file, and which content of it: the time and size change when it is written in place.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t modified_ns = 0; ///< since 1970
    std::uint64_t size = 0;       ///< bytes
    auto operator<=>(const FileIdentity&) const = default;
};

/// What the ELF file says about where it wants to be.
struct LinkedImage {
    std::uint64_t entry = 0;              ///< e_entry
    std::uint64_t first_load_address = 0; ///< p_vaddr of the first PT_LOAD
    std::uint64_t first_load_offset = 0;  ///< p_offset of the first PT_LOAD
};

class Procfs {
  public:
    explicit Procfs(std::string root = "/proc");

    const std::string& root() const { return root_; }

    /// All processes (thread group leaders), in no order. Errors: `no_procfs`.
    Result<std::vector<pid_t>> pids() const;
    /// Holter's own number there. Errors: `no_procfs`, also when this procfs does not show us.
    Result<pid_t> own_pid() const;
    /// Inode of the PID namespace that this procfs shows; 0 when it cannot be known.
    std::uint32_t pid_namespace() const;
    /// Unix time of boot, in seconds. Errors: `no_procfs`.
    Result<double> boot_time() const;

    /// All that follow fail with `vanished` when the process has ended and `no_permission` when it
    /// may not be looked at.
    Result<Stat> stat(pid_t pid) const;
    Result<Identity> identity(pid_t pid) const;
    /// User and system CPU time of all threads, in seconds.
    Result<double> cpu_seconds(pid_t pid) const;
    /// Number of open files.
    Result<std::uint64_t> open_files(pid_t pid) const;
    /// Opens the folder of its open files. Use Sockets (sockets.h), which checks whose it is.
    Result<Descriptor> open_files_folder(pid_t pid) const;
    /// Path as the process sees it, also when the file has been deleted since.
    Result<std::string> executable_path(pid_t pid) const;
    /// Opens for reading the very file that runs. Also `not_readable`.
    Result<Descriptor> open_executable(pid_t pid) const;
    Result<FileIdentity> executable_identity(pid_t pid) const;
    /// A path that opens the very file that runs, for as long as the process does not exec.
    Result<std::string> executable_link(pid_t pid) const;
    /// Arguments, each ended by a NUL; no more than the first 32 KiB.
    Result<std::string> command_line(pid_t pid) const;
    /// `NAME=value` as given at exec, each ended by a NUL; no more than the first MiB.
    Result<std::string> environment(pid_t pid) const;
    Result<Cgroup> cgroup(pid_t pid) const;
    /// Inode of its network namespace.
    Result<std::uint64_t> network_namespace(pid_t pid) const;
    Result<Descriptor> open_network_namespace(pid_t pid) const;
    /// /proc/PID/net/sockstat: the kernel's totals for that namespace.
    Result<std::string> socket_statistics(pid_t pid) const;
    /// Text for for_each_mapping; no more than the first 16 MiB.
    Result<std::string> maps(pid_t pid) const;
    /// What to add to a linked address of the main executable to get the one in memory. Also
    /// `no_load_address`.
    Result<std::uint64_t> load_bias(pid_t pid, const LinkedImage& image) const;
    /// Opens memory for reading. Use Memory (memory.h), which checks whose it is.
    Result<Descriptor> open_memory(pid_t pid) const;

  private:
    std::string folder(pid_t pid) const;
    std::string image_folder(pid_t pid) const;
    Result<std::string> read_image_file(pid_t pid, const char* name, std::size_t limit) const;

    std::string root_;
};

/// Device, inode, time and size of an open file. Errors: `not_readable`.
Result<FileIdentity> file_identity(const Descriptor& file);

/// Value of a variable in an environment block; empty when it is not set (or set to nothing: for
/// OpenTelemetry that is the same).
std::string_view environment_variable(std::string_view block, std::string_view name);

} // namespace holter::process

template <> struct std::hash<holter::process::FileIdentity> {
    std::size_t operator()(const holter::process::FileIdentity& file) const noexcept {
        std::uint64_t mixed = file.inode;
        for (const std::uint64_t part :
             {file.device, static_cast<std::uint64_t>(file.modified_ns), file.size}) {
            mixed = (mixed ^ (mixed >> 29)) * 0x9e3779b97f4a7c15U + part;
        }
        return static_cast<std::size_t>(mixed);
    }
};
