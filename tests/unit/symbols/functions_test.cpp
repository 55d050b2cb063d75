// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/functions.h"

#include "catch.h"
#include "elf/elf_builder.h"
#include "loader/symbols/mini_symbols.h"
#include "loader/symbols/variable.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <lzma.h>
#include <zlib.h>

namespace holter::symbols {
namespace {

using test::Bytes;
using test::ElfBuilder;
using test::put;
using test::put_text;

constexpr std::uint64_t code = 0x1000;

struct Named {
    std::string name;
    std::uint64_t address = 0;
    unsigned binding = STB_GLOBAL;
    unsigned type = STT_FUNC;
};

struct Tables {
    Bytes symbols;
    Bytes strings{std::byte{0}};
};

Tables tables_of(const std::vector<Named>& list) {
    Tables tables;
    put(tables.symbols, Elf64_Sym{});
    for (const Named& named : list) {
        Elf64_Sym entry = test::symbol(static_cast<std::uint32_t>(tables.strings.size()),
                                       named.binding, named.address, 16);
        entry.st_info = static_cast<unsigned char>(ELF64_ST_INFO(named.binding, named.type));
        put(tables.symbols, entry);
        put_text(tables.strings, named.name + '\0');
    }
    return tables;
}

ElfBuilder program() {
    ElfBuilder builder(ET_DYN);
    builder.load(PF_R | PF_X, code, Bytes(0x1000));
    return builder;
}

ElfBuilder with_symbols(const std::vector<Named>& list, std::uint32_t type = SHT_SYMTAB) {
    const Tables tables = tables_of(list);
    ElfBuilder builder = program();
    builder.extra(type == SHT_SYMTAB ? ".symtab" : ".dynsym", type, tables.symbols, 2)
        .extra(type == SHT_SYMTAB ? ".strtab" : ".dynstr", SHT_STRTAB, tables.strings);
    return builder;
}

struct Opened {
    explicit Opened(Bytes bytes) : image(std::move(bytes)), file(*elf::ElfFile::over(image)) {}
    Bytes image;
    elf::ElfFile file;
};

std::vector<std::uint64_t> addresses(const elf::ElfFile& file, const std::string& pattern,
                                     const std::optional<FileSystem>& where = std::nullopt) {
    std::vector<std::uint64_t> result;
    const FoundFunctions found = find_functions(file, std::span(&pattern, 1), where);
    for (const Function& f : found.functions[0]) {
        result.push_back(f.address);
    }
    return result;
}

std::string reason(const elf::ElfFile& file, const std::string& pattern) {
    const std::span<const std::string> patterns(&pattern, 1);
    return missing_function(patterns, 0, find_functions(file, patterns)).reason;
}

Bytes compressed(const Bytes& plain) {
    Bytes packed(lzma_stream_buffer_bound(plain.size()));
    std::size_t size = 0;
    REQUIRE(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const std::uint8_t*>(plain.data()),
                                    plain.size(), reinterpret_cast<std::uint8_t*>(packed.data()),
                                    &size, packed.size()) == LZMA_OK);
    packed.resize(size);
    return packed;
}

using Addresses = std::vector<std::uint64_t>;

TEST_CASE("functions are found by all of their names, in the order of their addresses") {
    const Opened elf(with_symbols({{"collect.constprop.0", code + 0x40, STB_LOCAL},
                                   {"collect", code + 0x20},
                                   {"collect.cold", code + 0x80, STB_LOCAL},
                                   {"alias", code + 0x20},
                                   {"_ZN1A1fEv", code + 0x60},
                                   {"_ZN1A1fEi", code + 0x50, STB_WEAK},
                                   {"resolver", code + 0x90, STB_GLOBAL, STT_GNU_IFUNC},
                                   {"label", code + 0xa0, STB_LOCAL, STT_NOTYPE},
                                   {"elsewhere", 0x9000}})
                         .build());
    CHECK(addresses(elf.file, "collect") == Addresses{code + 0x20, code + 0x40});
    CHECK(addresses(elf.file, "alias") == Addresses{code + 0x20});
    CHECK(addresses(elf.file, "A::f") == Addresses{code + 0x50, code + 0x60});
    CHECK(addresses(elf.file, "A::f()") == Addresses{code + 0x60});
    CHECK(addresses(elf.file, "label") == Addresses{code + 0xa0});
    CHECK(addresses(elf.file, "labe*").empty());
    CHECK(addresses(elf.file, "resolver").empty());
    CHECK(addresses(elf.file, "elsewhere").empty()); // that is no code
    CHECK(reason(elf.file, "nope") == "no_such_function");
    const std::string pattern = "A::f(int)";
    const auto found = find_functions(elf.file, std::span(&pattern, 1));
    CHECK(found.functions[0].at(0).symbol == "_ZN1A1fEi");
    CHECK(found.functions[0].at(0).name == "A::f(int)");
    CHECK(found.functions[0].at(0).size == 16);
}

TEST_CASE("names whose ends are shared are found whole") {
    // Linkers let `collect` be the end of `gc_collect`.
    Tables tables = tables_of({{"gc_collect", code}});
    put(tables.symbols, test::symbol(4, STB_GLOBAL, code + 0x10, 16));
    const Opened elf(program()
                         .extra(".symtab", SHT_SYMTAB, tables.symbols, 2)
                         .extra(".strtab", SHT_STRTAB, tables.strings)
                         .build());
    CHECK(addresses(elf.file, "collect") == Addresses{code + 0x10});
    CHECK(addresses(elf.file, "gc_collect") == Addresses{code});
    CHECK(addresses(elf.file, "coll*") == Addresses{code + 0x10});
}

TEST_CASE("one pattern does not fill the memory") {
    std::vector<Named> list;
    for (std::uint64_t i = 0; i < max_functions + 5; ++i) {
        list.push_back({"f" + std::to_string(i), code + i});
    }
    const Opened elf(with_symbols(list).build());
    const std::string pattern = "f*";
    const auto found = find_functions(elf.file, std::span(&pattern, 1));
    CHECK(found.functions[0].size() == max_functions);
    CHECK(found.beyond_limit == 5);
}

TEST_CASE("what a stripped file does not say is told apart from what is not there") {
    const Opened elf(with_symbols({{"exported", code}}, SHT_DYNSYM).build());
    CHECK(addresses(elf.file, "exported") == Addresses{code});
    CHECK(reason(elf.file, "local") == "stripped");
}

TEST_CASE("local functions are found in .gnu_debugdata") {
    const Bytes mini = with_symbols({{"local", code + 0x30, STB_LOCAL}}).build();
    const Opened elf(with_symbols({{"exported", code}}, SHT_DYNSYM)
                         .extra(".gnu_debugdata", SHT_PROGBITS, compressed(mini))
                         .build());
    CHECK(addresses(elf.file, "local") == Addresses{code + 0x30});
    CHECK(addresses(elf.file, "exported") == Addresses{code});
    CHECK(reason(elf.file, "nope") == "no_such_function");
}

TEST_CASE("debug data that cannot be right is an error and no more") {
    const auto unpacked = [](const Bytes& data) {
        const Opened elf(program().extra(".gnu_debugdata", SHT_PROGBITS, data).build());
        const auto mini = mini_symbols(elf.file);
        return mini ? std::string(*mini ? "file" : "none") : mini.error().reason;
    };
    const Bytes mini = with_symbols({{"local", code}}).build();
    Bytes cut = compressed(mini);
    cut.resize(cut.size() / 2);
    Bytes wrong = compressed(mini);
    wrong[wrong.size() / 2] ^= std::byte{0x55};
    CHECK(unpacked(compressed(mini)) == "file");
    CHECK(unpacked(cut) == "malformed_debugdata");
    CHECK(unpacked(wrong) == "malformed_debugdata");
    CHECK(unpacked(Bytes()) == "malformed_debugdata");
    CHECK(unpacked(compressed(Bytes(100))) == "not_elf");
    CHECK(unpacked(compressed(Bytes((std::size_t{64} << 20) + 1))) == "malformed_debugdata");
}

class Root {
  public:
    Root() {
        std::string name = (std::filesystem::temp_directory_path() / "holter-root-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Root() { std::filesystem::remove_all(path_); }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;

    void write(const std::string& path, const Bytes& bytes) const {
        const std::filesystem::path whole = path_ / path;
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream(whole, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
    }
    const std::filesystem::path& path() const { return path_; }
    FileSystem of(const std::string& binary) const { return {path_.string(), binary}; }

  private:
    std::filesystem::path path_;
};

Bytes build_id_note(std::byte filler) {
    Bytes note;
    put(note, Elf64_Nhdr{4, 20, NT_GNU_BUILD_ID});
    put_text(note, std::string_view("GNU\0", 4));
    note.resize(note.size() + 20, filler);
    return note;
}

ElfBuilder& with_build_id(ElfBuilder& builder, std::byte filler) {
    const Bytes note = build_id_note(filler);
    return builder.load(PF_R, 0x8000, note).view(PT_NOTE, 0x8000, note.size());
}

TEST_CASE("a debug file is found by build id, in the target's root") {
    const Root root;
    ElfBuilder stripped = with_symbols({{"exported", code}}, SHT_DYNSYM);
    const Opened elf(with_build_id(stripped, std::byte{0xab}).build());
    const std::string name = "usr/lib/debug/.build-id/ab/" + std::string(38, 'x') + ".debug";
    std::string right = name;
    for (std::size_t i = 0; i < 38; ++i) {
        right[right.find('x')] = i % 2 == 0 ? 'a' : 'b';
    }
    CHECK(find_debug_file(elf.file, root.of("/bin/app")).error().reason == "no_debug_file");

    ElfBuilder other = with_symbols({{"local", code + 0x30, STB_LOCAL}});
    root.write(right, with_build_id(other, std::byte{0xcd}).build());
    CHECK(addresses(elf.file, "local", root.of("/bin/app")).empty());

    ElfBuilder same = with_symbols({{"local", code + 0x30, STB_LOCAL}});
    root.write("elsewhere.debug", with_build_id(same, std::byte{0xab}).build());
    std::filesystem::remove(root.path() / right);
    // Absolute links are the target's, too.
    std::filesystem::create_symlink("/elsewhere.debug", root.path() / right);
    CHECK(addresses(elf.file, "local", root.of("/bin/app")) == Addresses{code + 0x30});
    std::filesystem::remove(root.path() / right);
    std::filesystem::create_symlink("../../../../../../../../../../../../etc/passwd",
                                    root.path() / right);
    CHECK(addresses(elf.file, "local", root.of("/bin/app")).empty());
}

TEST_CASE("a debug file is found by debug link, if its checksum is right") {
    const Root root;
    const Bytes debug = with_symbols({{"local", code + 0x30, STB_LOCAL}}).build();
    const auto sum = static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(debug.data()), static_cast<uInt>(debug.size())));
    const auto linked = [&](std::string_view name, std::uint32_t checksum) {
        Bytes link;
        put_text(link, name);
        link.resize((name.size() + 1 + 3) / 4 * 4);
        put(link, checksum);
        return with_symbols({{"exported", code}}, SHT_DYNSYM)
            .extra(".gnu_debuglink", SHT_PROGBITS, link)
            .build();
    };
    for (const char* place :
         {"opt/app.debug", "opt/.debug/app.debug", "usr/lib/debug/opt/app.debug"}) {
        INFO(place);
        root.write(place, debug);
        const Opened elf(linked("app.debug", sum));
        CHECK(addresses(elf.file, "local", root.of("/opt/app")) == Addresses{code + 0x30});
        const Opened wrong(linked("app.debug", sum + 1));
        CHECK(addresses(wrong.file, "local", root.of("/opt/app")).empty());
        std::filesystem::remove(root.path() / place);
    }
    for (const char* name : {"../app.debug", "..", "", "a/b"}) {
        const Opened elf(linked(name, sum));
        CHECK_FALSE(debug_link(elf.file));
    }
}

TEST_CASE("a variable is one place or none") {
    const Opened elf(with_symbols({{"counter", 0x5000, STB_LOCAL, STT_OBJECT},
                                   {"twice", 0x5008, STB_LOCAL, STT_OBJECT},
                                   {"twice", 0x5010, STB_LOCAL, STT_OBJECT},
                                   {"global", 0x5018, STB_LOCAL, STT_OBJECT},
                                   {"global", 0x5020, STB_GLOBAL, STT_OBJECT},
                                   {"thread", 0x8, STB_GLOBAL, STT_TLS}})
                         .build());
    CHECK(variable_address(elf.file, "counter") == 0x5000);
    CHECK_FALSE(variable_address(elf.file, "twice"));
    CHECK(variable_address(elf.file, "global") == 0x5020);
    CHECK_FALSE(variable_address(elf.file, "thread"));
    CHECK_FALSE(variable_address(elf.file, "nope"));
}

} // namespace
} // namespace holter::symbols
