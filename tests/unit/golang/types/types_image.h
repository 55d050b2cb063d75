// SPDX-License-Identifier: Apache-2.0
//
// The types of a Go binary in miniature: descriptors, names, methods and fields as the
// compiler lays them out, in one segment.
#pragma once

#include "loader/golang/functions/module_data.h"
#include "tests/unit/elf/elf_builder.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holter::test {

class TypesImage {
  public:
    static constexpr std::uint64_t base = 0x600000;
    static constexpr std::uint8_t kind_text = 24, kind_interface = 20, kind_pointer = 22,
                                  kind_slice = 23, kind_struct = 25;
    static constexpr std::uint8_t has_methods = 1, extra_star = 2;

    struct Field {
        std::uint32_t name;
        std::uint64_t type;
        std::uint64_t offset;
    };

    TypesImage() { bytes_.resize(16); }

    /// Offset of a name from the types.
    std::uint32_t name(std::string_view text) {
        const auto at = static_cast<std::uint32_t>(bytes_.size());
        bytes_.push_back(std::byte{1});
        if (text.size() < 0x80)
            bytes_.push_back(static_cast<std::byte>(text.size()));
        else {
            bytes_.push_back(static_cast<std::byte>(0x80 | (text.size() & 0x7f)));
            bytes_.push_back(static_cast<std::byte>(text.size() >> 7));
        }
        put_text(bytes_, text);
        return at;
    }

    /// Address of a descriptor; what lies behind it follows by put(), methods by methods().
    std::uint64_t type(std::uint8_t kind, std::uint32_t name, std::uint8_t flags = 0) {
        align();
        const std::uint64_t address = base + bytes_.size();
        put(bytes_, std::uint64_t{64}); // size
        put(bytes_, std::uint64_t{64}); // of which pointers
        put(bytes_, std::uint32_t{0xabcdef});
        put(bytes_, flags);
        put(bytes_, std::uint8_t{8});
        put(bytes_, std::uint8_t{8});
        put(bytes_, kind);
        put(bytes_, std::uint64_t{0});
        put(bytes_, std::uint64_t{0});
        put(bytes_, name);
        put(bytes_, std::uint32_t{0});
        return address;
    }

    void word(std::uint64_t value) { put(bytes_, value); }
    void methods(const std::vector<std::uint32_t>& names) {
        put(bytes_, std::uint32_t{0});
        put(bytes_, static_cast<std::uint16_t>(names.size()));
        put(bytes_, static_cast<std::uint16_t>(names.size()));
        put(bytes_, std::uint32_t{16}); // right behind this
        put(bytes_, std::uint32_t{0});
        for (const std::uint32_t name : names) {
            put(bytes_, name);
            put(bytes_, std::uint32_t{0});
            put(bytes_, std::uint64_t{0});
        }
    }

    std::uint64_t pointer_to(std::uint64_t element, std::uint32_t name,
                             const std::vector<std::uint32_t>& with) {
        const std::uint64_t address = type(kind_pointer, name, with.empty() ? 0 : has_methods);
        word(element);
        if (!with.empty())
            methods(with);
        return address;
    }
    std::uint64_t slice_of(std::uint64_t element, std::uint32_t name) {
        const std::uint64_t address = type(kind_slice, name);
        word(element);
        return address;
    }
    std::uint64_t structure(const std::vector<Field>& fields, std::uint32_t name,
                            const std::vector<std::uint32_t>& with = {}) {
        align();
        const std::uint64_t list = base + bytes_.size();
        for (const Field& field : fields) {
            word(base + field.name);
            word(field.type);
            word(field.offset);
        }
        const std::uint64_t address =
            type(kind_struct, name,
                 static_cast<std::uint8_t>(extra_star | (with.empty() ? 0 : has_methods)));
        word(0);
        word(list);
        word(fields.size());
        word(fields.size());
        if (!with.empty())
            methods(with);
        return address;
    }
    std::uint64_t interface(const std::vector<std::uint32_t>& names, std::uint32_t name) {
        align();
        const std::uint64_t list = base + bytes_.size();
        for (const std::uint32_t method : names) {
            put(bytes_, method);
            put(bytes_, std::uint32_t{0});
        }
        const std::uint64_t address = type(kind_interface, name);
        word(0);
        word(list);
        word(names.size());
        word(names.size());
        return address;
    }

    Bytes file() const { return ElfBuilder().load(PF_R, base, bytes_).build(); }
    golang::ModuleData module_data() const {
        golang::ModuleData data;
        data.types = base;
        data.types_end = base + bytes_.size();
        return data;
    }
    Bytes& bytes() { return bytes_; }

  private:
    void align() { bytes_.resize((bytes_.size() + 7) / 8 * 8); }

    Bytes bytes_;
};

/// Wrappers of each sort.
inline TypesImage wrappers() {
    TypesImage image;
    const std::uint32_t unwrap = image.name("Unwrap"), error_method = image.name("Error");
    const std::uint64_t text = image.type(TypesImage::kind_text, image.name("string"));
    const std::uint64_t error = image.interface({error_method}, image.name("error"));
    const std::uint64_t errors = image.slice_of(error, image.name("[]error"));
    const std::uint64_t other = image.interface({unwrap}, image.name("main.other"));
    const std::uint32_t msg = image.name("msg"), err = image.name("err"),
                        first = image.name("first");
    image.pointer_to(
        image.structure({{msg, text, 0}, {err, error, 16}}, image.name("*fmt.wrapError")),
        image.name("*fmt.wrapError"), {error_method, unwrap});
    image.pointer_to(
        image.structure({{msg, text, 0}, {err, errors, 16}}, image.name("*fmt.wrapErrors")),
        image.name("*fmt.wrapErrors"), {error_method, unwrap});
    image.pointer_to(
        image.structure({{first, error, 0}, {err, error, 16}}, image.name("*main.twofold")),
        image.name("*main.twofold"), {error_method, unwrap});
    image.structure({{msg, other, 0}, {err, error, 32}}, image.name("*main.value"),
                    {error_method, unwrap});
    image.pointer_to(image.structure({{msg, text, 0}}, image.name("*main.promoted")),
                     image.name("*main.promoted"), {unwrap});
    image.pointer_to(image.structure({{err, error, 0}}, image.name("*main.plain")),
                     image.name("*main.plain"), {error_method});
    return image;
}

} // namespace holter::test
