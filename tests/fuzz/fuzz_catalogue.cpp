// SPDX-License-Identifier: Apache-2.0
//
// A catalogue file of any content. It is refused in one line, or it says something about a small
// ELF file that has one of everything: every probe has places, or a reason why not.
#include "bpf/events.h"
#include "elf/elf_builder.h"
#include "loader/catalogue/catalogue.h"
#include "loader/modules/specification_table.h"
#include "usdt/note_builder.h"

#include <cstdlib>
#include <string>

using namespace holter;

namespace {

const test::Bytes& program() {
    static const test::Bytes image = [] {
        constexpr std::uint64_t code = 0x1000, data = 0x3000;
        test::Bytes text(0x100, std::byte{0x90}), table, strings{std::byte{0}}, notes;
        test::put(table, Elf64_Sym{});
        std::uint64_t address = code;
        for (const char* name : {"main", "reject", "_ZN4shop6rejectEi", "_dl_debug_state"}) {
            test::put(table, test::symbol(static_cast<std::uint32_t>(strings.size()), STB_GLOBAL,
                                          address += 0x10, 16));
            test::put_text(strings, name + std::string(1, '\0'));
        }
        test::put_note(notes, {"shop", "begin", "-4@%edi 8@8(%rsp)", code + 0x80, 0, data});
        test::put_note(notes, {"shop", "begin", "1@$7 4@%foo", code + 0x90, 0, data});
        test::put_note(notes, {"shop", "end", "", code + 0xa0});
        test::ElfBuilder builder(ET_DYN);
        builder.load(PF_R | PF_X, code, text)
            .load(PF_R | PF_W, data, test::Bytes(0x20))
            .extra(".symtab", SHT_SYMTAB, table, 2)
            .extra(".strtab", SHT_STRTAB, strings)
            .extra(".note.stapsdt", SHT_NOTE, notes);
        return builder.build();
    }();
    return image;
}

void check(const std::string& message) {
    if (message.empty() || message.find('\n') != std::string::npos)
        std::abort();
}

void check(const modules::PublishedPlan& plan) {
    for (const auto& group : plan.plan.groups)
        for (const auto& probe : group.probes) {
            if (probe.places.empty() != probe.failure.has_value() ||
                probe.places.size() > modules::max_places_of_probe)
                std::abort();
            for (const auto& place : probe.places)
                if (place.file_offset >= program().size() ||
                    place.specification.condition_values > HOLTER_MAX_CONDITION_VALUES)
                    std::abort();
        }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string content(reinterpret_cast<const char*>(data), size);
    try {
        catalogue::parse_runtime(content, "f.yaml");
    } catch (const catalogue::YamlError& error) {
        check(error.what());
    }
    static const auto file = elf::ElfFile::over(program());
    static modules::SpecificationTable table(-1,
                                             {[](auto, const auto&, const auto&) {}, [](auto) {}});
    try {
        auto definition = std::make_shared<const catalogue::Definition>(
            catalogue::parse_definition(content, "f.yaml"));
        if (auto plan = modules::plan_file(definition, *file, "libshop.so", {"/nowhere", "/x"}))
            check(*table.publish(std::move(*plan)));
    } catch (const catalogue::YamlError& error) {
        check(error.what());
    }
    return 0;
}
