// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/debug_file.h"

#include "loader/elf/bytes.h"
#include "loader/elf/printable.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>

namespace holter::symbols {
namespace {

const std::string debug_root = "/usr/lib/debug";

// A checksum reads all of the file; the debug file of libjvm has 180 MB.
constexpr std::uint64_t max_checked = std::uint64_t{1} << 30;
constexpr std::size_t max_link_section = 4096;

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

/// Opens what the target means by `path`. An absolute symbolic link in a container means a file of
/// that container, and nothing leads out of it.
Result<elf::ElfFile> open_inside(const std::string& root, const std::string& path) {
    const Descriptor directory(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const Descriptor file(
        static_cast<int>(::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how)));
    if (file.get() < 0) {
        return Error{"vanished", path + ": not there"};
    }
    return elf::ElfFile::open("/proc/self/fd/" + std::to_string(file.get()));
}

std::optional<std::uint32_t> checksum_of(const elf::ElfFile& file) {
    if (file.size() > max_checked) {
        return std::nullopt;
    }
    elf::Window window(file, 0, file.size());
    uLong sum = ::crc32(0, nullptr, 0);
    for (std::uint64_t offset = 0; offset < file.size();) {
        const auto bytes = window.from(offset);
        if (bytes.empty()) {
            return std::nullopt;
        }
        sum = ::crc32(sum, reinterpret_cast<const Bytef*>(bytes.data()),
                      static_cast<uInt>(bytes.size()));
        offset += bytes.size();
    }
    return static_cast<std::uint32_t>(sum);
}

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

struct Candidate {
    std::string path;
    std::optional<std::uint32_t> checksum; ///< what has to be right if there is no build id
};

std::vector<Candidate> candidates(const std::optional<std::string>& build_id,
                                  const std::optional<DebugLink>& link, const std::string& binary) {
    std::vector<Candidate> found;
    if (build_id && build_id->size() > 2) {
        found.push_back({debug_root + "/.build-id/" + build_id->substr(0, 2) + "/" +
                             build_id->substr(2) + ".debug",
                         std::nullopt});
    }
    if (link) {
        const std::string directory = directory_of(binary);
        for (const std::string& place :
             {directory, directory + "/.debug", debug_root + directory}) {
            found.push_back({place + "/" + link->name, link->checksum});
        }
    }
    return found;
}

bool is_of_same_build(const elf::ElfFile& file, const std::optional<std::string>& build_id,
                      const Candidate& candidate) {
    if (build_id) {
        return file.build_id() == build_id;
    }
    return candidate.checksum && checksum_of(file) == candidate.checksum;
}

} // namespace

std::optional<DebugLink> debug_link(const elf::ElfFile& file) {
    const elf::Section* section = file.section(".gnu_debuglink");
    if (section == nullptr || section->size > max_link_section) {
        return std::nullopt;
    }
    const auto bytes = file.at_offset(section->offset, static_cast<std::size_t>(section->size));
    if (!bytes) {
        return std::nullopt;
    }
    const auto end = std::find(bytes->begin(), bytes->end(), std::byte{0});
    const auto length = static_cast<std::size_t>(end - bytes->begin());
    const std::size_t checksum_at = (length + 1 + 3) / 4 * 4;
    DebugLink link;
    if (end == bytes->end() || checksum_at + sizeof link.checksum > bytes->size()) {
        return std::nullopt;
    }
    link.name.assign(reinterpret_cast<const char*>(bytes->data()), length);
    link.checksum = elf::load<std::uint32_t>(*bytes, checksum_at);
    if (link.name.empty() || link.name == "." || link.name == ".." ||
        link.name.find('/') != std::string::npos) {
        return std::nullopt;
    }
    return link;
}

Result<DebugFile> find_debug_file(const elf::ElfFile& file, const FileSystem& where) {
    const auto build_id = file.build_id();
    const auto link = debug_link(file);
    std::string tried;
    for (const Candidate& candidate : candidates(build_id, link, where.path)) {
        auto opened = open_inside(where.root, candidate.path);
        if (opened && opened->identity() != file.identity() &&
            is_of_same_build(*opened, build_id, candidate)) {
            return DebugFile{candidate.path, std::move(*opened)};
        }
        tried += (tried.empty() ? "" : ", ") + elf::printable(candidate.path) +
                 (opened ? " (of another build)" : "");
    }
    return Error{"no_debug_file", tried.empty()
                                      ? "the file names no debug file: no build id, no debug link"
                                      : "no debug file: " + tried};
}

} // namespace holter::symbols
