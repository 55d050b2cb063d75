// SPDX-License-Identifier: Apache-2.0
#include "loader/elf/elf_file.h"

#include "loader/elf/bytes.h"

#include <algorithm>
#include <cerrno>
#include <elf.h>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace holter::elf {
namespace {

// A section name longer than this is nobody's we look for; it bounds what a hostile table costs.
constexpr std::size_t max_section_name = 64;
constexpr std::uint64_t max_section_names = 1 << 20;
constexpr std::uint64_t max_dynamic = 1 << 16;
// The kernel runs nothing that has more.
constexpr std::size_t max_segments_size = 1 << 16;

Error system_error(const std::string& path, int error) {
    const std::string message = path + ": " + std::generic_category().message(error);
    if (error == ENOENT || error == ESRCH) {
        return {"vanished", message};
    }
    if (error == EACCES || error == EPERM) {
        return {"permission_denied", message};
    }
    return {"unreadable", message};
}

std::string name_at(std::span<const std::byte> names, std::uint64_t offset) {
    std::string name;
    for (; offset < names.size() && names[offset] != std::byte{0} && name.size() < max_section_name;
         ++offset) {
        name += static_cast<char>(names[offset]);
    }
    return name;
}

} // namespace

struct ElfFile::Source {
    explicit Source(int fd) : fd_(fd) {}
    explicit Source(std::span<const std::byte> image) : image_(image) {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    bool read(std::uint64_t offset, std::span<std::byte> out) const {
        if (fd_ < 0) {
            if (offset > image_.size() || out.size() > image_.size() - offset) {
                return false;
            }
            std::copy_n(image_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(),
                        out.begin());
            return true;
        }
        while (!out.empty()) {
            const ssize_t got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                return false;
            }
            offset += static_cast<std::uint64_t>(got);
            out = out.subspan(static_cast<std::size_t>(got));
        }
        return true;
    }

    int descriptor() const { return fd_; }

  private:
    int fd_ = -1;
    std::span<const std::byte> image_;
};

Result<ElfFile> ElfFile::open(const std::string& path) {
    // O_NONBLOCK: a FIFO in place of a binary must not hang the agent.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return system_error(path, errno);
    }
    auto source = std::make_shared<const Source>(fd);
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return system_error(path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return Error{"not_elf", path + ": not a regular file"};
    }
    constexpr std::int64_t ns_per_s = 1'000'000'000;
    const Identity identity{status.st_dev, status.st_ino,
                            static_cast<std::uint64_t>(status.st_size),
                            status.st_mtim.tv_sec * ns_per_s + status.st_mtim.tv_nsec};
    return parse(std::move(source), identity, path);
}

Result<ElfFile> ElfFile::over(std::span<const std::byte> image) {
    return parse(std::make_shared<const Source>(image), Identity{.size = image.size()}, "image");
}

Result<ElfFile> ElfFile::parse(std::shared_ptr<const Source> source, const Identity& identity,
                               const std::string& what) {
    ElfFile file;
    file.source_ = std::move(source);
    file.identity_ = identity;

    Elf64_Ehdr header{};
    const auto header_bytes = std::as_writable_bytes(std::span(&header, 1));
    if (!file.read(0, header_bytes.first(EI_NIDENT)) ||
        std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return Error{"not_elf", what + ": no ELF magic"};
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
        return Error{"unsupported_machine", what + ": not a 64-bit little-endian ELF"};
    }
    if (!file.read(0, header_bytes)) {
        return Error{"malformed_elf", what + ": ends inside the ELF header"};
    }
    if (header.e_machine == EM_X86_64) {
        file.machine_ = Machine::x86_64;
    } else if (header.e_machine == EM_AARCH64) {
        file.machine_ = Machine::arm64;
    } else {
        return Error{"unsupported_machine",
                     what + ": ELF machine " + std::to_string(header.e_machine)};
    }
    file.pie_ = header.e_type == ET_DYN;
    file.entry_ = header.e_entry;

    const std::size_t segments_size = std::size_t{header.e_phnum} * sizeof(Elf64_Phdr);
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
        segments_size > max_segments_size) {
        return Error{"malformed_elf", what + ": no usable program headers"};
    }
    const auto table = file.at_offset(header.e_phoff, segments_size);
    if (!table) {
        return Error{"malformed_elf", what + ": program headers lie outside the file"};
    }
    std::uint64_t loaded = 0;
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        const auto entry = load<Elf64_Phdr>(*table, i * sizeof(Elf64_Phdr));
        file.segments_.push_back({entry.p_type, entry.p_flags, entry.p_offset, entry.p_vaddr,
                                  entry.p_filesz, entry.p_memsz});
        if (entry.p_type == PT_LOAD && entry.p_offset < file.size()) {
            loaded += std::min(entry.p_filesz, file.size() - entry.p_offset);
        }
    }
    // Segments may share a page, not the file: whoever scans them reads it once, not a thousand
    // times.
    if (loaded / 2 > file.size()) {
        return Error{"malformed_elf", what + ": loads the same bytes over and over"};
    }
    file.read_sections(header_bytes);
    file.read_dynamic();
    return file;
}

void ElfFile::read_sections(std::span<const std::byte> header_bytes) {
    const auto header = load<Elf64_Ehdr>(header_bytes, 0);
    if (header.e_shoff == 0 || header.e_shentsize != sizeof(Elf64_Shdr)) {
        return;
    }
    // Tables beyond 0xff00 sections hide their length elsewhere; no executable has one.
    const std::size_t count = header.e_shnum;
    const auto table = at_offset(header.e_shoff, count * sizeof(Elf64_Shdr));
    if (!table || header.e_shstrndx >= count) {
        return;
    }
    const auto names_header = load<Elf64_Shdr>(*table, header.e_shstrndx * sizeof(Elf64_Shdr));
    if (names_header.sh_size > max_section_names) {
        return;
    }
    const auto names = at_offset(names_header.sh_offset, names_header.sh_size);
    if (!names) {
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto entry = load<Elf64_Shdr>(*table, i * sizeof(Elf64_Shdr));
        sections_.push_back({name_at(*names, entry.sh_name), entry.sh_type, entry.sh_flags,
                             entry.sh_addr, entry.sh_offset, entry.sh_size, entry.sh_link});
    }
}

void ElfFile::read_dynamic() {
    const auto segment = std::find_if(segments_.begin(), segments_.end(),
                                      [](const Segment& s) { return s.type == PT_DYNAMIC; });
    if (segment == segments_.end()) {
        return;
    }
    const auto length = std::min(segment->file_size, max_dynamic) / sizeof(Elf64_Dyn);
    const auto table = at_offset(segment->offset, length * sizeof(Elf64_Dyn));
    for (std::size_t i = 0; table && i < length; ++i) {
        const auto entry = load<Elf64_Dyn>(*table, i * sizeof(Elf64_Dyn));
        if (entry.d_tag == DT_NULL) {
            break;
        }
        dynamic_.try_emplace(entry.d_tag, entry.d_un.d_val);
    }
}

std::vector<Segment> ElfFile::writable_segments() const {
    std::vector<Segment> found;
    std::copy_if(segments_.begin(), segments_.end(), std::back_inserter(found),
                 [](const Segment& s) { return s.type == PT_LOAD && (s.flags & PF_W) != 0; });
    return found;
}

const Section* ElfFile::section(std::string_view name) const {
    const auto found = std::find_if(sections_.begin(), sections_.end(),
                                    [&](const Section& s) { return s.name == name; });
    return found == sections_.end() ? nullptr : &*found;
}

int ElfFile::descriptor() const {
    return source_->descriptor();
}

bool ElfFile::read(std::uint64_t offset, std::span<std::byte> out) const {
    return offset <= size() && out.size() <= size() - offset && source_->read(offset, out);
}

std::optional<Bytes> ElfFile::at_offset(std::uint64_t offset, std::size_t length) const {
    if (length > max_read || offset > size() || length > size() - offset) {
        return std::nullopt;
    }
    Bytes bytes(length);
    if (!read(offset, bytes)) {
        return std::nullopt;
    }
    return bytes;
}

std::optional<Bytes> ElfFile::at_address(std::uint64_t address, std::size_t length) const {
    const auto offset = offset_of(address);
    if (!offset || length > contiguous_from(address)) {
        return std::nullopt;
    }
    return at_offset(*offset, length);
}

const Segment* ElfFile::loaded_at(std::uint64_t address) const {
    const auto found = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& s) {
        const std::uint64_t inside = address - s.address;
        return s.type == PT_LOAD && address >= s.address && inside < s.file_size &&
               s.offset < size() && inside < size() - s.offset;
    });
    return found == segments_.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> ElfFile::offset_of(std::uint64_t address) const {
    const Segment* segment = loaded_at(address);
    if (segment == nullptr) {
        return std::nullopt;
    }
    return segment->offset + (address - segment->address);
}

std::optional<std::uint64_t> ElfFile::address_of(std::uint64_t offset) const {
    const Segment* found = nullptr;
    for (const Segment& s : segments_) {
        const bool inside =
            s.type == PT_LOAD && offset >= s.offset && offset - s.offset < s.file_size;
        if (inside && (found == nullptr || (found->flags & PF_X) < (s.flags & PF_X))) {
            found = &s;
        }
    }
    if (found == nullptr) {
        return std::nullopt;
    }
    return found->address + (offset - found->offset);
}

bool ElfFile::is_code(std::uint64_t address, std::uint64_t size) const {
    const Segment* segment = loaded_at(address);
    return segment != nullptr && (segment->flags & PF_X) != 0 && size <= contiguous_from(address);
}

std::uint64_t ElfFile::contiguous_from(std::uint64_t address) const {
    const Segment* segment = loaded_at(address);
    if (segment == nullptr) {
        return 0;
    }
    return std::min(segment->file_size, size() - segment->offset) - (address - segment->address);
}

} // namespace holter::elf
