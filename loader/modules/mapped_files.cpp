// SPDX-License-Identifier: Apache-2.0
#include "loader/modules/mapped_files.h"

#include "loader/process/procfs/maps.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace holter::modules {

namespace {

constexpr std::string_view deleted = " (deleted)";

std::string link_of(const process::Procfs& procfs, pid_t pid, const process::Mapping& mapping) {
    char range[40];
    std::snprintf(range, sizeof(range), "%llx-%llx", static_cast<unsigned long long>(mapping.start),
                  static_cast<unsigned long long>(mapping.end));
    return procfs.root() + "/" + std::to_string(pid) + "/map_files/" + range;
}

} // namespace

Result<std::vector<MappedFile>> mapped_files(const process::Procfs& procfs, pid_t pid) {
    const auto maps = procfs.maps(pid);
    if (!maps)
        return maps.error();
    std::vector<MappedFile> files;
    std::set<std::pair<std::string_view, std::uint64_t>> seen;
    process::for_each_mapping(*maps, [&](const process::Mapping& mapping) {
        if (!mapping.executable || mapping.inode == 0 ||
            !seen.emplace(mapping.path, mapping.inode).second)
            return true;
        MappedFile& file = files.emplace_back();
        std::string_view path = mapping.path;
        if (path.ends_with(deleted))
            path.remove_suffix(deleted.size());
        file.path = path;
        file.name = path.substr(path.rfind('/') + 1);
        file.link = link_of(procfs, pid, mapping);
        file.start = mapping.start;
        file.offset = mapping.offset;
        return true;
    });
    return files;
}

Result<process::Descriptor> open_mapped(const MappedFile& file) {
    process::Descriptor descriptor(
        ::open(file.link.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!descriptor) {
        const int code = errno;
        return Error{code == ENOENT || code == ESRCH   ? "vanished"
                     : code == EPERM || code == EACCES ? "no_permission"
                                                       : "not_readable",
                     file.path + ": " + std::strerror(code)};
    }
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0)
        return Error{"not_readable", file.path + ": " + std::strerror(errno)};
    if (!S_ISREG(status.st_mode))
        return Error{"no_regular_file", file.path + ": not a regular file"};
    return descriptor;
}

} // namespace holter::modules
