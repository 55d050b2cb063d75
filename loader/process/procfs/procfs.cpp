// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/procfs.h"

#include "loader/process/procfs/maps.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace holter::process {
namespace {

constexpr std::size_t stat_limit = 4096;
constexpr std::size_t system_stat_limit = 4U << 20U; // grows with the number of interrupts
constexpr std::size_t cgroup_limit = 64U << 10U;
constexpr std::size_t command_line_limit = 32U << 10U;
constexpr std::size_t environment_limit = 1U << 20U;
constexpr std::size_t maps_limit = 16U << 20U;
constexpr std::size_t auxv_limit = 4096;
constexpr std::size_t socket_statistics_limit = 4096;
constexpr std::uint64_t smallest_page = 4096;
constexpr std::string_view deleted_suffix = " (deleted)";

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Error system_error(int number, const std::string& path) {
    const char* reason = "not_readable";
    if (number == ENOENT || number == ESRCH) {
        reason = "vanished";
    } else if (number == EACCES || number == EPERM) {
        reason = "no_permission";
    }
    return {reason, path + ": " + std::strerror(number)};
}

Result<Descriptor> open_file(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) {
        return system_error(errno, path);
    }
    return file;
}

/// procfs files have no size: read until the end or the limit.
Result<std::string> read_file(const std::string& path, std::size_t limit) {
    Result<Descriptor> file = open_file(path);
    if (!file) {
        return file.error();
    }
    constexpr std::size_t first_chunk = 4096;
    std::string content;
    std::size_t used = 0;
    while (used < limit) {
        if (used == content.size()) {
            content.resize(std::min(limit, std::max(first_chunk, 2 * used)));
        }
        const ssize_t got = ::read(file->get(), content.data() + used, content.size() - used);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return system_error(errno, path);
        }
        if (got == 0) {
            break;
        }
        used += static_cast<std::size_t>(got);
    }
    content.resize(used);
    return content;
}

Result<std::string> read_link(const std::string& path) {
    std::array<char, 4097> target{}; // a page is the most that the kernel gives
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0) {
        return system_error(errno, path);
    }
    return std::string(target.data(), static_cast<std::size_t>(length));
}

std::optional<int> parse_number(std::string_view name) {
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size() || number < 0) {
        return std::nullopt;
    }
    return number;
}

Error no_procfs(const std::string& path, const std::string& why) {
    return {"no_procfs", path + ": " + why + "; is procfs mounted there (--path.procfs)?"};
}

/// The numeric entries of a folder.
Result<std::vector<int>> numbers_in(const std::string& path) {
    const Directory directory(::opendir(path.c_str()));
    if (!directory) {
        return system_error(errno, path);
    }
    std::vector<int> numbers;
    while (const dirent* entry = ::readdir(directory.get())) {
        if (const auto number = parse_number(entry->d_name)) {
            numbers.push_back(*number);
        }
    }
    return numbers;
}

FileIdentity identity_of(const struct stat& status) {
    constexpr std::int64_t second = 1'000'000'000;
    return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
            status.st_mtim.tv_sec * second + status.st_mtim.tv_nsec,
            static_cast<std::uint64_t>(status.st_size)};
}

std::optional<std::uint64_t> find_entry(std::string_view auxv) {
    Elf64_auxv_t item{};
    while (auxv.size() >= sizeof(item)) {
        std::memcpy(&item, auxv.data(), sizeof(item));
        if (item.a_type == AT_ENTRY) {
            return item.a_un.a_val;
        }
        if (item.a_type == AT_NULL) {
            break;
        }
        auxv.remove_prefix(sizeof(item));
    }
    return std::nullopt;
}

} // namespace

Procfs::Procfs(std::string root) : root_(std::move(root)) {}

std::string Procfs::folder(pid_t pid) const {
    return root_ + "/" + std::to_string(pid);
}

/// Where the address space can be reached. A main thread that ended before the others has none
/// left, so ask one of those.
std::string Procfs::image_folder(pid_t pid) const {
    std::string own = folder(pid);
    if (read_link(own + "/exe")) {
        return own;
    }
    const Result<std::vector<pid_t>> threads = numbers_in(own + "/task");
    if (threads) {
        for (const pid_t thread : *threads) {
            std::string candidate = own + "/task/" + std::to_string(thread);
            if (read_link(candidate + "/exe")) {
                return candidate;
            }
        }
    }
    return own;
}

Result<std::string> Procfs::read_image_file(pid_t pid, const char* name, std::size_t limit) const {
    return read_file(image_folder(pid) + "/" + name, limit);
}

Result<std::vector<pid_t>> Procfs::pids() const {
    Result<std::vector<pid_t>> pids = numbers_in(root_);
    if (!pids) {
        return no_procfs(root_, pids.error().message);
    }
    return pids;
}

Result<pid_t> Procfs::own_pid() const {
    const Result<std::string> self = read_link(root_ + "/self");
    if (!self) {
        return no_procfs(root_, self.error().message);
    }
    const auto pid = parse_number(*self);
    if (!pid) {
        return no_procfs(root_, "no process of ours in it");
    }
    return *pid;
}

std::uint32_t Procfs::pid_namespace() const {
    // Of the namespace's first process, which every procfs shows as process 1; or our own, if we
    // may not look at that one and this procfs knows us by our own number.
    struct stat status {};
    if (::stat((folder(1) + "/ns/pid").c_str(), &status) == 0) {
        return static_cast<std::uint32_t>(status.st_ino);
    }
    const Result<pid_t> own = own_pid();
    if (own && *own == ::getpid() && ::stat((folder(*own) + "/ns/pid").c_str(), &status) == 0) {
        return static_cast<std::uint32_t>(status.st_ino);
    }
    return 0;
}

Result<double> Procfs::boot_time() const {
    const Result<std::string> content = read_file(root_ + "/stat", system_stat_limit);
    if (!content) {
        return no_procfs(root_, content.error().message);
    }
    constexpr std::string_view key = "\nbtime ";
    const std::size_t found = content->find(key);
    std::uint64_t seconds = 0;
    if (found != std::string::npos) {
        const char* begin = content->data() + found + key.size();
        if (std::from_chars(begin, content->data() + content->size(), seconds).ec == std::errc()) {
            return static_cast<double>(seconds);
        }
    }
    return no_procfs(root_, "no btime in " + root_ + "/stat");
}

Result<Stat> Procfs::stat(pid_t pid) const {
    const std::string path = folder(pid) + "/stat";
    const Result<std::string> line = read_file(path, stat_limit);
    if (!line) {
        return line.error();
    }
    const auto stat = parse_stat(*line);
    if (!stat) {
        return Error{"not_readable", path + ": not a line of proc_pid_stat(5)"};
    }
    return *stat;
}

Result<Identity> Procfs::identity(pid_t pid) const {
    const Result<Stat> stat = this->stat(pid);
    if (!stat) {
        return stat.error();
    }
    return Identity{pid, stat->start_time};
}

Result<double> Procfs::cpu_seconds(pid_t pid) const {
    const Result<Stat> stat = this->stat(pid);
    if (!stat) {
        return stat.error();
    }
    return ticks_to_seconds(stat->user_ticks + stat->system_ticks);
}

Result<std::uint64_t> Procfs::open_files(pid_t pid) const {
    const Result<std::vector<pid_t>> files = numbers_in(folder(pid) + "/fd");
    if (!files) {
        return files.error();
    }
    return files->size();
}

Result<std::string> Procfs::executable_path(pid_t pid) const {
    const std::string folder = image_folder(pid);
    Result<std::string> path = read_link(folder + "/exe");
    if (path && path->ends_with(deleted_suffix)) {
        // A file may be called so without being deleted.
        struct stat status {};
        if (::lstat((folder + "/root" + *path).c_str(), &status) != 0) {
            path->resize(path->size() - deleted_suffix.size());
        }
    }
    return path;
}

Result<std::string> Procfs::executable_link(pid_t pid) const {
    std::string link = image_folder(pid) + "/exe";
    if (const Result<std::string> target = read_link(link); !target) {
        return target.error();
    }
    return link;
}

Result<Descriptor> Procfs::open_executable(pid_t pid) const {
    return open_file(image_folder(pid) + "/exe");
}

Result<FileIdentity> Procfs::executable_identity(pid_t pid) const {
    struct stat status {};
    if (::stat((folder(pid) + "/exe").c_str(), &status) == 0) {
        return identity_of(status);
    }
    const std::string path = image_folder(pid) + "/exe";
    if (::stat(path.c_str(), &status) != 0) {
        return system_error(errno, path);
    }
    return identity_of(status);
}

Result<std::string> Procfs::command_line(pid_t pid) const {
    return read_image_file(pid, "cmdline", command_line_limit);
}

Result<std::string> Procfs::environment(pid_t pid) const {
    return read_image_file(pid, "environ", environment_limit);
}

Result<std::uint64_t> Procfs::network_namespace(pid_t pid) const {
    const std::string path = folder(pid) + "/ns/net";
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return system_error(errno, path);
    }
    return static_cast<std::uint64_t>(status.st_ino);
}

Result<Descriptor> Procfs::open_network_namespace(pid_t pid) const {
    return open_file(folder(pid) + "/ns/net");
}

Result<Descriptor> Procfs::open_files_folder(pid_t pid) const {
    return open_file(folder(pid) + "/fd");
}

Result<std::string> Procfs::socket_statistics(pid_t pid) const {
    return read_file(folder(pid) + "/net/sockstat", socket_statistics_limit);
}

Result<Cgroup> Procfs::cgroup(pid_t pid) const {
    const Result<std::string> content = read_file(folder(pid) + "/cgroup", cgroup_limit);
    if (!content) {
        return content.error();
    }
    return parse_cgroup(*content);
}

Result<std::string> Procfs::maps(pid_t pid) const {
    return read_image_file(pid, "maps", maps_limit);
}

Result<std::uint64_t> Procfs::load_bias(pid_t pid, const LinkedImage& image) const {
    // The kernel hands the program its own entry point: exact, whatever the file system says about
    // device and inode. A process may rewrite that, so a result that cannot be is not believed.
    const Result<std::string> auxv = read_image_file(pid, "auxv", auxv_limit);
    if (!auxv) {
        return auxv.error();
    }
    if (const auto entry = find_entry(*auxv)) {
        const std::uint64_t bias = *entry - image.entry;
        if (bias % smallest_page == 0) {
            return bias;
        }
    }
    const Result<FileIdentity> file = executable_identity(pid);
    if (!file) {
        return file.error();
    }
    const Result<std::string> text = maps(pid);
    if (!text) {
        return text.error();
    }
    std::optional<std::uint64_t> bias;
    for_each_mapping(*text, [&](const Mapping& mapping) {
        if (mapping.inode != file->inode) {
            return true;
        }
        bias =
            mapping.start + (image.first_load_offset - mapping.offset) - image.first_load_address;
        return false;
    });
    if (!bias || *bias % smallest_page != 0) {
        return Error{"no_load_address",
                     folder(pid) + "/maps: the main executable is not where its file puts it"};
    }
    return *bias;
}

Result<Descriptor> Procfs::open_memory(pid_t pid) const {
    return open_file(image_folder(pid) + "/mem");
}

Result<FileIdentity> file_identity(const Descriptor& file) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return Error{"not_readable", std::string("fstat: ") + std::strerror(errno)};
    }
    return identity_of(status);
}

std::string_view environment_variable(std::string_view block, std::string_view name) {
    while (!block.empty()) {
        const std::size_t nul = block.find('\0');
        const std::string_view entry = block.substr(0, nul);
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
            return entry.substr(name.size() + 1);
        }
        if (nul == std::string_view::npos) {
            break;
        }
        block.remove_prefix(nul + 1);
    }
    return {};
}

} // namespace holter::process
