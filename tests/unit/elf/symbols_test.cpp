// SPDX-License-Identifier: Apache-2.0
#include "catch.h"
#include "elf/elf_builder.h"
#include "loader/elf/elf_file.h"

using namespace holter;
using elf::ElfFile;
using test::Bytes;
using test::ElfBuilder;
using test::put;
using test::put_text;
using test::relative;
using test::symbol;

namespace {

constexpr std::string_view strings{"\0collect\0gc_collect\0other\0", 26};

ElfBuilder program() {
    ElfBuilder builder;
    builder.load(PF_R | PF_X, 0x1000, Bytes(256));
    return builder;
}

/// A dynamic symbol table without section headers: hash tables tell its length.
Bytes dynamic_only(bool gnu_hash) {
    constexpr std::uint64_t base = 0x1000;
    Bytes data;
    put(data, Elf64_Sym{});
    put(data, symbol(1, STB_GLOBAL, 0x1010, 8));
    put(data, symbol(9, STB_GLOBAL, 0x1020, 8));
    const std::uint64_t strings_at = base + data.size();
    put_text(data, strings);
    data.resize((data.size() + 7) / 8 * 8);
    const std::uint64_t hash_at = base + data.size();
    if (gnu_hash) {
        for (const std::uint32_t word : {1U, 1U, 1U, 0U, 0U, 0U, 1U, 2U, 3U}) {
            put(data, word); // buckets, first, bloom size, shift, bloom (2), bucket, chain
        }
    } else {
        put(data, std::uint32_t{1});
        put(data, std::uint32_t{3});
    }
    data.resize((data.size() + 7) / 8 * 8);
    const std::uint64_t dynamic_at = base + data.size();
    for (const Elf64_Dyn& entry :
         {Elf64_Dyn{DT_SYMTAB, {base}}, Elf64_Dyn{DT_STRTAB, {strings_at}},
          Elf64_Dyn{DT_STRSZ, {strings.size()}},
          Elf64_Dyn{gnu_hash ? DT_GNU_HASH : DT_HASH, {hash_at}}, Elf64_Dyn{DT_NULL, {0}}}) {
        put(data, entry);
    }
    return ElfBuilder(ET_DYN)
        .load(PF_R | PF_X, base, data)
        .view(PT_DYNAMIC, dynamic_at, 5 * sizeof(Elf64_Dyn))
        .without_sections()
        .build();
}

} // namespace

TEST_CASE("symbols are found by name, also at the end of a longer one") {
    Bytes table;
    put(table, Elf64_Sym{});
    put(table, symbol(20, STB_GLOBAL, 0x1000, 4));
    put(table, symbol(12, STB_LOCAL, 0x1030, 5)); // "collect" inside "gc_collect"
    put(table, symbol(9, STB_GLOBAL, 0x1040, 6));
    put(table, symbol(1, STB_GLOBAL, 0x1050, 7));
    put(table, symbol(1, STB_GLOBAL, 0x1060, 8));
    Bytes text;
    put_text(text, strings);
    const Bytes image =
        program().extra(".symtab", SHT_SYMTAB, table, 2).extra(".strtab", SHT_STRTAB, text).build();
    const auto file = ElfFile::over(image);
    REQUIRE(file);
    const std::vector<std::string> names{"collect", "gc_collect", "absent", "ther", "x", ""};
    const auto found = file->find_symbols(names);
    REQUIRE(found.size() == 2);
    CHECK(found.at("collect").address == 0x1050); // the first global one, not the local one
    CHECK(found.at("collect").size == 7);
    CHECK(found.at("collect").type == STT_FUNC);
    CHECK(found.at("gc_collect").address == 0x1040);
}

TEST_CASE("undefined symbols are not found, and .dynsym fills in for .symtab") {
    Bytes table;
    put(table, Elf64_Sym{});
    put(table, symbol(1, STB_GLOBAL, 0, 0, SHN_UNDEF));
    Bytes dynamic;
    put(dynamic, Elf64_Sym{});
    put(dynamic, symbol(1, STB_GLOBAL, 0x1070, 1));
    Bytes text;
    put_text(text, strings);
    const std::vector<std::string> names{"collect"};
    const Bytes image =
        program().extra(".symtab", SHT_SYMTAB, table, 2).extra(".strtab", SHT_STRTAB, text).build();
    CHECK(ElfFile::over(image)->find_symbols(names).empty());
    const Bytes both = program()
                           .extra(".symtab", SHT_SYMTAB, table, 2)
                           .extra(".strtab", SHT_STRTAB, text)
                           .extra(".dynsym", SHT_DYNSYM, dynamic, 2)
                           .build();
    CHECK(ElfFile::over(both)->find_symbols(names).at("collect").address == 0x1070);
}

TEST_CASE("dynamic symbols are found without section headers") {
    for (const bool gnu_hash : {true, false}) {
        const Bytes image = dynamic_only(gnu_hash);
        const auto file = ElfFile::over(image);
        REQUIRE(file);
        const std::vector<std::string> names{"collect", "gc_collect"};
        const auto found = file->find_symbols(names);
        REQUIRE(found.size() == 2);
        CHECK(found.at("collect").address == 0x1010);
        CHECK(found.at("gc_collect").address == 0x1020);
    }
}

TEST_CASE("tables that point nowhere find nothing") {
    Bytes table;
    put(table, symbol(1, STB_GLOBAL, 0x1050, 7));
    const Bytes image = program().extra(".symtab", SHT_SYMTAB, table, 99).build();
    const std::vector<std::string> names{"collect"};
    CHECK(ElfFile::over(image)->find_symbols(names).empty());
}

TEST_CASE("relative relocations are part of what a word holds") {
    for (const auto& [machine, type] :
         {std::pair<std::uint16_t, std::uint32_t>{EM_X86_64, R_X86_64_RELATIVE},
          std::pair<std::uint16_t, std::uint32_t>{EM_AARCH64, R_AARCH64_RELATIVE}}) {
        Bytes data;
        put(data, std::uint64_t{0});
        put(data, std::uint64_t{0x77});
        put(data, std::uint64_t{0});
        Bytes tables;
        put(tables, relative(0x2000, 0x1234, type));
        put(tables, relative(0x2010, 0x77, type));
        put(tables, relative(0x2008, 0x99, R_X86_64_GLOB_DAT));
        const std::uint64_t dynamic_at = 0x1000 + tables.size();
        put(tables, Elf64_Dyn{DT_RELA, {0x1000}});
        put(tables, Elf64_Dyn{DT_RELASZ, {3 * sizeof(Elf64_Rela)}});
        const Bytes image = ElfBuilder(ET_DYN, machine)
                                .load(PF_R, 0x1000, tables)
                                .load(PF_R | PF_W, 0x2000, data)
                                .view(PT_DYNAMIC, dynamic_at, 2 * sizeof(Elf64_Dyn))
                                .build();
        const auto file = ElfFile::over(image);
        REQUIRE(file);
        CHECK(file->is_pie());
        const auto words = file->words_at(0x2000, 3);
        REQUIRE(words);
        CHECK(*words == std::vector<std::uint64_t>{0x1234, 0x77, 0x77});
        CHECK(file->pointers_to(0x77) == std::vector<std::uint64_t>{0x2008, 0x2010});
        CHECK(file->pointers_to(0x77, 1) == std::vector<std::uint64_t>{0x2008});
        CHECK(file->pointers_to(0x1234) == std::vector<std::uint64_t>{0x2000});
        CHECK_FALSE(file->words_at(0x2000, 1000));
    }
}
