// SPDX-License-Identifier: Apache-2.0
#include "loader/usdt/notes.h"

#include "catch.h"
#include "elf/elf_builder.h"
#include "usdt/note_builder.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

namespace holter::usdt {
namespace {

using test::Bytes;
using test::ElfBuilder;
using test::NoteOf;
using test::put;
using test::put_note;
using test::put_text;

constexpr std::uint64_t code = 0x1000;
constexpr std::uint64_t data = 0x3000;
constexpr std::uint64_t base = 0x1080; // .stapsdt.base, in the code segment as it happens

/// Code, a little data, and the notes in a section of their own, as linkers write it.
ElfBuilder with_notes(const Bytes& notes) {
    ElfBuilder builder(ET_DYN);
    builder.load(PF_R | PF_X, code, Bytes(0x100))
        .load(PF_R | PF_W, data, Bytes(0x20), 0x10000)
        .section(".stapsdt.base", base, 1)
        .extra(".note.stapsdt", SHT_NOTE, notes);
    return builder;
}

Bytes notes_of(std::initializer_list<NoteOf> list) {
    Bytes notes;
    for (const NoteOf& note : list) {
        put_note(notes, note);
    }
    return notes;
}

struct Opened {
    explicit Opened(Bytes bytes) : image(std::move(bytes)), file(*elf::ElfFile::over(image)) {}
    Bytes image;
    elf::ElfFile file;
};

std::string reason(const elf::ElfFile& file, const ProbeName& name) {
    const auto probes = find_probe(file, name);
    return probes ? "" : probes.error().reason;
}

/// What readelf says about the same file, or -1 without readelf.
int count_by_readelf(const std::string& path) {
    const std::string command = "LC_ALL=C readelf -n '" + path + "' 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::array<char, 4096> line{};
    int lines = 0;
    int count = 0;
    while (pipe && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
        ++lines;
        count += std::string_view(line.data()).find("Provider: ") != std::string_view::npos ? 1 : 0;
    }
    return lines == 0 ? -1 : count;
}

TEST_CASE("a note says where its probe is, and how to find its arguments") {
    const Opened elf(with_notes(notes_of({{"app", "begin", "-4@%edi", code + 4, base},
                                          {"app", "end", "", code + 8, base, data + 2},
                                          {"app", "begin", "-4@%esi", code + 12, base}}))
                         .build());
    const auto begin = find_probe(elf.file, {"app", "begin"});
    REQUIRE(begin);
    REQUIRE(begin->size() == 2);
    CHECK(begin->at(0).address == code + 4);
    CHECK(elf.file.address_of(begin->at(0).offset) == code + 4);
    CHECK(begin->at(0).arguments == "-4@%edi");
    CHECK(begin->at(0).semaphore == 0);
    CHECK(begin->at(0).semaphore_offset == 0);
    CHECK(begin->at(1).arguments == "-4@%esi");

    const auto end = find_probe(elf.file, {"app", "end"});
    REQUIRE(end);
    CHECK(end->at(0).semaphore == data + 2);
    CHECK(elf.file.address_of(end->at(0).semaphore_offset) == data + 2);
}

TEST_CASE("addresses move with the section that notes are anchored to") {
    const Opened elf(
        with_notes(notes_of({{"app", "p", "", code + 4 - 0x400, base - 0x400, data - 0x400}}))
            .build());
    const auto probes = find_probe(elf.file, {"app", "p"});
    REQUIRE(probes);
    CHECK(probes->at(0).address == code + 4);
    CHECK(probes->at(0).semaphore == data);
}

TEST_CASE("notes are found without section headers") {
    Bytes notes = notes_of({{"app", "p", "8@%rax", code + 4, base}});
    const Opened elf(ElfBuilder(ET_DYN)
                         .load(PF_R | PF_X, code, Bytes(0x100))
                         .load(PF_R, 0x8000, notes)
                         .view(PT_NOTE, 0x8000, notes.size())
                         .without_sections()
                         .build());
    const auto probes = find_probe(elf.file, {"app", "p"});
    REQUIRE(probes);
    CHECK(probes->at(0).address == code + 4);
}

TEST_CASE("a semaphore may be in .bss, as far as the file's last page goes") {
    const auto place = [](std::uint64_t semaphore) {
        const Opened elf(
            with_notes(notes_of({{"app", "p", "", code + 4, base, semaphore}})).build());
        return reason(elf.file, {"app", "p"});
    };
    CHECK(place(data + 0x20).empty());
    CHECK(place(data + 0x1000) == "malformed_notes");
    CHECK(place(data + 0x9000) == "malformed_notes");
    CHECK(place(code) == "malformed_notes"); // nobody can count there
    CHECK(place(0xdead0000) == "malformed_notes");
}

TEST_CASE("what is missing is said") {
    const Opened none(ElfBuilder().load(PF_R | PF_X, code, Bytes(16)).build());
    CHECK(reason(none.file, {"app", "p"}) == "no_usdt_probes");
    const Opened other(with_notes(notes_of({{"app", "q", "", code, base}})).build());
    CHECK(reason(other.file, {"app", "p"}) == "no_such_usdt_probe");
    CHECK(reason(other.file, {"ap", "q"}) == "no_such_usdt_probe");
}

TEST_CASE("malformed notes are skipped and counted") {
    NoteOf no_code{"app", "bad", "", 0x7000, base};
    NoteOf no_name{"app", "", "", code, base};
    NoteOf cut{"app", "bad", "", code, base};
    cut.description_size = 30; // ends inside the provider
    NoteOf good{"app", "good", "", code + 1, base};
    NoteOf foreign{"app", "foreign", "", code, base};
    foreign.owner = std::string("GNU\0", 4);
    const Opened elf(with_notes(notes_of({no_code, no_name, cut, foreign, good})).build());
    std::vector<std::string> seen;
    const NoteCounts counts = for_each_probe(elf.file, [&](const ProbeView& probe) {
        seen.emplace_back(probe.name);
        return true;
    });
    CHECK(seen == std::vector<std::string>{"good"});
    CHECK(counts.usable == 1);
    CHECK(counts.malformed == 3);
}

TEST_CASE("a length beyond the end ends the list") {
    Bytes notes = notes_of({{"app", "good", "", code, base}, {"app", "bad", "", code, base}});
    Bytes last;
    put_note(last, {"app", "bad", "", code, base});
    test::overwrite(notes, notes.size() - last.size() + 4, std::uint32_t{0xfffffff0});
    const Opened elf(with_notes(notes).build());
    const NoteCounts counts = for_each_probe(elf.file, [](const ProbeView&) { return true; });
    CHECK(counts.usable == 1);
    CHECK(counts.malformed == 1);
}

TEST_CASE("a visitor may stop, and one name does not fill the memory") {
    Bytes notes;
    for (std::size_t i = 0; i < max_places + 10; ++i) {
        put_note(notes, {"app", "p", "", code, base});
    }
    const Opened elf(with_notes(notes).build());
    int visits = 0;
    for_each_probe(elf.file, [&](const ProbeView&) { return ++visits < 3; });
    CHECK(visits == 3);
    const std::vector<ProbeName> names{{"app", "p"}};
    const FoundProbes found = find_probes(elf.file, names);
    CHECK(found.places[0].size() == max_places);
    CHECK(found.beyond_limit == 10);
}

TEST_CASE("real files have the notes that readelf shows") {
    const std::string paths[] = {"/usr/bin/python3", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
                                 "/usr/lib/aarch64-linux-gnu/libstdc++.so.6"};
    for (const std::string& path : paths) {
        const int expected = std::filesystem::exists(path) ? count_by_readelf(path) : -1;
        if (expected < 0) {
            continue;
        }
        const auto file = elf::ElfFile::open(path);
        REQUIRE(file);
        const NoteCounts counts = for_each_probe(*file, [](const ProbeView&) { return true; });
        INFO(path << ": readelf " << expected << ", holter " << counts.usable);
        CHECK(static_cast<int>(counts.usable) == expected);
        CHECK(counts.malformed == 0);
    }
}

} // namespace
} // namespace holter::usdt
