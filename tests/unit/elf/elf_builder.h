// SPDX-License-Identifier: Apache-2.0
//
// Small ELF files, made byte by byte, so that a test says what is in them and what is wrong
// with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holter::test {

using Bytes = std::vector<std::byte>;

template <typename T> void put(Bytes& bytes, const T& value) {
    const auto* raw = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), raw, raw + sizeof value);
}

inline void put_text(Bytes& bytes, std::string_view text) {
    const auto* raw = reinterpret_cast<const std::byte*>(text.data());
    bytes.insert(bytes.end(), raw, raw + text.size());
}

template <typename T> void overwrite(Bytes& bytes, std::size_t offset, const T& value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

/// Adds contents in the order of the calls; build() writes header, program headers, contents
/// and section headers.
class ElfBuilder {
  public:
    explicit ElfBuilder(std::uint16_t type = ET_EXEC, std::uint16_t machine = EM_X86_64)
        : type_(type), machine_(machine) {}

    /// A PT_LOAD segment; `more_memory` bytes of it are not in the file.
    ElfBuilder& load(std::uint32_t flags, std::uint64_t address, const Bytes& contents,
                     std::uint64_t more_memory = 0) {
        Elf64_Phdr segment{};
        segment.p_type = PT_LOAD;
        segment.p_flags = flags;
        segment.p_vaddr = address;
        segment.p_offset = contents_.size();
        segment.p_filesz = contents.size();
        segment.p_memsz = contents.size() + more_memory;
        segments_.push_back(segment);
        contents_.insert(contents_.end(), contents.begin(), contents.end());
        return *this;
    }

    /// Another program header over bytes of a PT_LOAD segment, e.g. PT_DYNAMIC.
    ElfBuilder& view(std::uint32_t type, std::uint64_t address, std::uint64_t size) {
        Elf64_Phdr segment{};
        segment.p_type = type;
        segment.p_vaddr = address;
        segment.p_offset = offset_in_contents(address);
        segment.p_filesz = segment.p_memsz = size;
        segments_.push_back(segment);
        return *this;
    }

    /// A section over bytes of a PT_LOAD segment.
    ElfBuilder& section(const std::string& name, std::uint64_t address, std::uint64_t size) {
        add_section(name, SHT_PROGBITS, address, offset_in_contents(address), size, 0);
        return *this;
    }

    /// A section that is not loaded; `link` is the index of another one (the first added is 1).
    ElfBuilder& extra(const std::string& name, std::uint32_t type, const Bytes& contents,
                      std::uint32_t link = 0) {
        add_section(name, type, 0, contents_.size(), contents.size(), link);
        contents_.insert(contents_.end(), contents.begin(), contents.end());
        return *this;
    }

    ElfBuilder& without_sections() {
        with_sections_ = false;
        return *this;
    }

    Bytes build() const {
        const std::size_t start = sizeof(Elf64_Ehdr) + segments_.size() * sizeof(Elf64_Phdr);
        Bytes names{std::byte{0}};
        std::vector<Elf64_Shdr> headers(1);
        for (const auto& [name, header] : sections_) {
            headers.push_back(header);
            headers.back().sh_name = static_cast<Elf64_Word>(names.size());
            headers.back().sh_offset += start;
            put_text(names, name + '\0');
        }
        Elf64_Shdr names_header{};
        names_header.sh_type = SHT_STRTAB;
        names_header.sh_offset = start + contents_.size();
        names_header.sh_size = names.size();
        headers.push_back(names_header);

        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = type_;
        header.e_machine = machine_;
        header.e_phoff = sizeof(Elf64_Ehdr);
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = static_cast<Elf64_Half>(segments_.size());
        if (with_sections_) {
            header.e_shoff = names_header.sh_offset + names.size();
            header.e_shentsize = sizeof(Elf64_Shdr);
            header.e_shnum = static_cast<Elf64_Half>(headers.size());
            header.e_shstrndx = static_cast<Elf64_Half>(headers.size() - 1);
        }
        Bytes file;
        put(file, header);
        for (Elf64_Phdr segment : segments_) {
            segment.p_offset += start;
            put(file, segment);
        }
        file.insert(file.end(), contents_.begin(), contents_.end());
        if (with_sections_) {
            file.insert(file.end(), names.begin(), names.end());
            for (const Elf64_Shdr& entry : headers) {
                put(file, entry);
            }
        }
        return file;
    }

  private:
    void add_section(const std::string& name, std::uint32_t type, std::uint64_t address,
                     std::uint64_t offset, std::uint64_t size, std::uint32_t link) {
        Elf64_Shdr header{};
        header.sh_type = type;
        header.sh_addr = address;
        header.sh_offset = offset;
        header.sh_size = size;
        header.sh_link = link;
        sections_.emplace_back(name, header);
    }

    std::uint64_t offset_in_contents(std::uint64_t address) const {
        for (const Elf64_Phdr& s : segments_) {
            if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz) {
                return s.p_offset + (address - s.p_vaddr);
            }
        }
        return 0;
    }

    std::uint16_t type_;
    std::uint16_t machine_;
    bool with_sections_ = true;
    Bytes contents_;
    std::vector<Elf64_Phdr> segments_;
    std::vector<std::pair<std::string, Elf64_Shdr>> sections_;
};

inline Elf64_Sym symbol(std::uint32_t name, unsigned binding, std::uint64_t address,
                        std::uint64_t size, std::uint16_t section = 1) {
    Elf64_Sym entry{};
    entry.st_name = name;
    entry.st_info = static_cast<unsigned char>(ELF64_ST_INFO(binding, STT_FUNC));
    entry.st_shndx = section;
    entry.st_value = address;
    entry.st_size = size;
    return entry;
}

inline Elf64_Rela relative(std::uint64_t address, std::uint64_t addend,
                           std::uint32_t type = R_X86_64_RELATIVE) {
    return {address, ELF64_R_INFO(0, type), static_cast<Elf64_Sxword>(addend)};
}

} // namespace holter::test
