// SPDX-License-Identifier: Apache-2.0
//
// Small ELF files with hand-made sections, for the readers of debug information.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <string>
#include <string_view>
#include <vector>
#include <zlib.h>

namespace holter::testing {

/// Bytes as DWARF writes them.
class Encoder {
  public:
    Encoder& fixed(std::uint64_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i) {
            text_.push_back(static_cast<char>(value >> (8 * i)));
        }
        return *this;
    }
    Encoder& u8(std::uint64_t value) { return fixed(value, 1); }
    Encoder& uleb(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) {
            u8((value & 0x7f) | 0x80);
        }
        return u8(value);
    }
    Encoder& string(std::string_view value) {
        text_.append(value);
        return u8(0);
    }
    Encoder& bytes(std::string_view value) {
        text_.append(value);
        return *this;
    }
    std::size_t size() const { return text_.size(); }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

struct ImageSection {
    std::string name;
    std::string contents;
    std::uint64_t flags = 0;
};

inline std::string deflated(std::string_view text) {
    uLongf size = compressBound(text.size());
    std::string out(size, '\0');
    compress(reinterpret_cast<Bytef*>(out.data()), &size,
             reinterpret_cast<const Bytef*>(text.data()), text.size());
    out.resize(size);
    return out;
}

/// As SHF_COMPRESSED has it.
inline ImageSection compressed(const ImageSection& section, std::uint32_t type = ELFCOMPRESS_ZLIB) {
    Elf64_Chdr header = {};
    header.ch_type = type;
    header.ch_size = section.contents.size();
    header.ch_addralign = 1;
    std::string contents(sizeof header, '\0');
    std::memcpy(contents.data(), &header, sizeof header);
    return {section.name, contents + deflated(section.contents), SHF_COMPRESSED};
}

/// As Go did it until 1.18: ".zdebug_…", "ZLIB" and the size.
inline ImageSection compressed_the_old_way(const ImageSection& section) {
    std::string contents = "ZLIB";
    for (int shift = 56; shift >= 0; shift -= 8) {
        contents.push_back(static_cast<char>(section.contents.size() >> shift));
    }
    return {".z" + section.name.substr(1), contents + deflated(section.contents), 0};
}

inline std::vector<std::byte> elf_image(const std::vector<ImageSection>& sections) {
    constexpr std::size_t headers_size = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
    std::string names(1, '\0');
    std::string body;
    std::vector<Elf64_Shdr> headers(1);
    const auto add = [&](const ImageSection& section, std::uint32_t type) {
        Elf64_Shdr header = {};
        header.sh_name = static_cast<std::uint32_t>(names.size());
        header.sh_type = type;
        header.sh_flags = section.flags;
        header.sh_offset = headers_size + body.size();
        names += section.name + '\0';
        if (type == SHT_STRTAB) {
            body += names;
            header.sh_size = names.size();
        } else {
            body += section.contents;
            header.sh_size = section.contents.size();
        }
        headers.push_back(header);
    };
    for (const ImageSection& section : sections) {
        add(section, SHT_PROGBITS);
    }
    add({".shstrtab", {}, 0}, SHT_STRTAB);

    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<std::uint16_t>(headers.size());
    header.e_shstrndx = static_cast<std::uint16_t>(headers.size() - 1);
    header.e_shoff = headers_size + body.size();
    header.e_phoff = sizeof(Elf64_Ehdr);
    header.e_phnum = 1;

    std::vector<std::byte> image(header.e_shoff + headers.size() * sizeof(Elf64_Shdr));
    std::memcpy(image.data(), &header, sizeof header);
    // The one program header stays zero: PT_NULL.
    std::memcpy(image.data() + headers_size, body.data(), body.size());
    std::memcpy(image.data() + header.e_shoff, headers.data(), headers.size() * sizeof(Elf64_Shdr));
    return image;
}

} // namespace holter::testing
