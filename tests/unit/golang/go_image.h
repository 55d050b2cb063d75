// SPDX-License-Identifier: Apache-2.0
//
// A Go binary in miniature: pclntab, module data and inline trees as the linker of a given
// release lays them out, around text that nobody runs.
#pragma once

#include "elf/elf_builder.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holter::test {

struct GoFunction {
    std::string name;
    std::uint32_t size = 32;
    std::vector<std::string> inlined; ///< names in its inline tree, in order
    unsigned char function_id = 0;
};

struct GoImage {
    int minor = 22;
    bool pie = false;        ///< pointers are relative relocations, their places hold zero
    bool named_table = true; ///< pclntab has a section; false: external linking or no sections
    bool module_data = true; ///< the writable segment has it
    bool sections = true;
    std::vector<GoFunction> functions;

    static constexpr std::uint64_t text = 0x401100; ///< not the start of its segment
    static constexpr std::uint64_t read_only = 0x600000;
    static constexpr std::uint64_t writable = 0x800000;
    static constexpr std::uint64_t types = 0x600000;

    // Filled in by build(), for tests that damage or check something: offsets in the file.
    std::size_t pclntab_at = 0;
    std::size_t functab_at = 0;
    std::size_t records_at = 0;
    std::uint64_t pclntab_address = 0;
    std::uint64_t module_data_address = 0;
    std::uint64_t gofunc_address = 0;

    Bytes build() {
        Bytes trees(64); // other funcdata comes before the trees
        const Bytes table = pclntab(trees);
        Bytes rodata(48); // something before the table
        pclntab_address = read_only + rodata.size();
        rodata.insert(rodata.end(), table.begin(), table.end());
        rodata.resize((rodata.size() + 31) / 32 * 32);
        gofunc_address = read_only + rodata.size();
        rodata.insert(rodata.end(), trees.begin(), trees.end());

        std::vector<Elf64_Rela> relocations;
        Bytes data(16);
        put(data, pclntab_address); // a pointer to the table that is not the module data
        module_data_address = writable + data.size();
        if (module_data) {
            for (const std::uint64_t word : module_words()) {
                if (pie && word != 0) {
                    relocations.push_back(relative(writable + data.size(), word));
                }
                put(data, pie ? std::uint64_t{0} : word);
            }
        }
        if (pie && minor < 26) {
            relocations.push_back(relative(pclntab_address + 24, text));
        }
        const std::uint64_t module_data_end = writable + data.size();
        const std::uint64_t relocations_at = module_data_end;
        for (const Elf64_Rela& entry : relocations) {
            put(data, entry);
        }
        const std::uint64_t dynamic_at = writable + data.size();
        put(data, Elf64_Dyn{DT_RELA, {relocations_at}});
        put(data, Elf64_Dyn{DT_RELASZ, {relocations.size() * sizeof(Elf64_Rela)}});
        put(data, Elf64_Dyn{DT_NULL, {0}});

        ElfBuilder builder(pie ? ET_DYN : ET_EXEC);
        builder.load(PF_R | PF_X, 0x401000, Bytes(0x100 + text_size()));
        builder.load(PF_R, read_only, rodata);
        builder.load(PF_R | PF_W, writable, data);
        builder.view(PT_DYNAMIC, dynamic_at, 3 * sizeof(Elf64_Dyn));
        if (named_table) {
            builder.section(".gopclntab", pclntab_address, table.size());
        }
        if (module_data && minor >= 26) {
            builder.section(".go.module", module_data_address,
                            module_data_end - module_data_address);
        }
        if (!sections) {
            builder.without_sections();
        }
        Bytes image = builder.build();
        // Four program headers, then the contents in the order above.
        pclntab_at = sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr) + 0x100 + text_size() + 48;
        std::uint64_t functions_offset = 0;
        std::memcpy(&functions_offset, image.data() + pclntab_at + 64, 8);
        functab_at = pclntab_at + functions_offset;
        records_at = functab_at + 8 * functions.size() + 8;
        return image;
    }

  private:
    bool has_start_line() const { return minor >= 20; }

    std::size_t text_size() const {
        std::size_t size = 0;
        for (const GoFunction& f : functions) {
            size += f.size;
        }
        return size;
    }

    std::vector<std::uint64_t> module_words() const {
        std::vector<std::uint64_t> words(60);
        words[0] = pclntab_address;
        words[1] = pclntab_address + 72; // the function names, first behind the header
        words[22] = text;
        words[23] = text + text_size();
        const std::size_t types_word = minor >= 20 ? 37 : 35;
        const std::size_t types_end_word = minor >= 27 ? 39 : types_word + 1;
        const std::size_t gofunc_word = minor >= 27 ? 43 : minor >= 20 ? 40 : 38;
        words[types_word] = types;
        words[types_end_word] = types + 40;
        words[gofunc_word] = gofunc_address;
        return words;
    }

    Bytes pclntab(Bytes& trees) const {
        Bytes names;
        std::map<std::string, std::uint32_t> offsets;
        const auto add_name = [&](const std::string& name) {
            if (offsets.emplace(name, static_cast<std::uint32_t>(names.size())).second) {
                put_text(names, name + '\0');
            }
        };
        for (const GoFunction& f : functions) {
            add_name(f.name);
            std::for_each(f.inlined.begin(), f.inlined.end(), add_name);
        }
        Bytes values(1); // offset 0 means "no table"
        Bytes functab;
        Bytes records;
        std::uint32_t entry = 0;
        const auto records_start = static_cast<std::uint32_t>(8 * functions.size() + 8);
        for (const GoFunction& f : functions) {
            put(functab, entry);
            put(functab, static_cast<std::uint32_t>(records_start + records.size()));
            put_record(records, entry, offsets.at(f.name), f, values, trees, offsets);
            entry += f.size;
        }
        put(functab, entry);
        put(functab, std::uint32_t{0});

        Bytes table;
        put(table, minor >= 20 ? 0xfffffff1U : 0xfffffff0U);
        put_text(table, std::string_view("\0\0\x01\x08", 4));
        const std::uint64_t names_at = 72;
        const std::uint64_t units_at = names_at + names.size();
        const std::uint64_t values_at = units_at + 4;
        const std::uint64_t functions_at = (values_at + values.size() + 7) / 8 * 8;
        const std::uint64_t text_start = pie || minor >= 26 ? 0 : text;
        for (const std::uint64_t word :
             {std::uint64_t{functions.size()}, std::uint64_t{1}, text_start, names_at, units_at,
              units_at, values_at, functions_at}) {
            put(table, word);
        }
        table.insert(table.end(), names.begin(), names.end());
        put(table, std::uint32_t{0});
        table.insert(table.end(), values.begin(), values.end());
        table.resize(functions_at);
        table.insert(table.end(), functab.begin(), functab.end());
        table.insert(table.end(), records.begin(), records.end());
        return table;
    }

    void put_record(Bytes& records, std::uint32_t entry, std::uint32_t name, const GoFunction& f,
                    Bytes& values, Bytes& trees,
                    const std::map<std::string, std::uint32_t>& offsets) const {
        const bool has_tree = !f.inlined.empty();
        const std::size_t start = records.size();
        put(records, entry);
        put(records, name);
        records.resize(start + 28);
        put(records, std::uint32_t{has_tree ? 3U : 0U}); // pcdata
        put(records, std::uint32_t{0});
        if (has_start_line()) {
            put(records, std::uint32_t{1});
        }
        records.push_back(std::byte{f.function_id});
        records.resize(records.size() + 2);
        records.push_back(std::byte{static_cast<unsigned char>(has_tree ? 4 : 0)});
        if (!has_tree) {
            return;
        }
        put(records, std::uint32_t{0});
        put(records, std::uint32_t{0});
        put(records, static_cast<std::uint32_t>(values.size()));
        for (int i = 0; i < 3; ++i) {
            put(records, UINT32_MAX);
        }
        put(records, static_cast<std::uint32_t>(trees.size()));

        // pc-values: -1 first (delta 0), then 0, 1, … for four bytes each.
        values.push_back(std::byte{0});
        values.push_back(std::byte{4});
        for (const std::string& inlined : f.inlined) {
            values.push_back(std::byte{2}); // +1, zigzag
            values.push_back(std::byte{4});
            const std::size_t at = trees.size();
            if (!has_start_line()) {
                trees.resize(at + 12);
                put(trees, offsets.at(inlined));
                put(trees, std::uint32_t{4});
            } else {
                trees.resize(at + 4);
                put(trees, offsets.at(inlined));
                trees.resize(at + 16);
            }
        }
        values.push_back(std::byte{0});
        // What follows looks like one more entry, but is not counted by the pc-values.
        const std::size_t end = trees.size();
        trees.resize(end + (has_start_line() ? 4 : 12));
        put(trees, offsets.at(f.inlined.front()));
        trees.resize(end + 20);
    }
};

} // namespace holter::test
