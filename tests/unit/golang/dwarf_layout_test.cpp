// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/build_info.h"
#include "loader/golang/layout/dwarf_layout.h"
#include "loader/golang/layout/offsets.h"

#include "debug_image.h"

#include "catch.h"

#include <cstdlib>
#include <dwarf.h>
#include <iostream>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

using holter::elf::ElfFile;
using holter::elf::Machine;
using namespace holter::golang;
using namespace holter::testing;

namespace {

constexpr std::uint64_t any_size = std::uint64_t{1} << 20;

/// Codes of the declarations below, in the forms that Go uses.
enum Code : std::uint64_t {
    code_unit = 1,
    code_struct,
    code_member,
    code_typedef,
    code_variable,
    code_function,
    code_parameter,
};

std::string abbreviations() {
    Encoder out;
    const auto declare = [&](Code code, std::uint64_t tag, bool children,
                             std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> list) {
        out.uleb(code).uleb(tag).u8(children ? 1 : 0);
        for (const auto& [name, form] : list) {
            out.uleb(name).uleb(form);
        }
        out.uleb(0).uleb(0);
    };
    declare(code_unit, DW_TAG_compile_unit, true,
            {{DW_AT_name, DW_FORM_string}, {DW_AT_stmt_list, DW_FORM_sec_offset}});
    declare(code_struct, DW_TAG_structure_type, true,
            {{DW_AT_name, DW_FORM_string}, {DW_AT_byte_size, DW_FORM_udata}});
    declare(code_member, DW_TAG_member, false,
            {{DW_AT_name, DW_FORM_string},
             {DW_AT_data_member_location, DW_FORM_udata},
             {DW_AT_type, DW_FORM_ref_addr}});
    declare(code_typedef, DW_TAG_typedef, false,
            {{DW_AT_name, DW_FORM_string}, {DW_AT_type, DW_FORM_ref_addr}});
    declare(code_variable, DW_TAG_variable, false,
            {{DW_AT_name, DW_FORM_string},
             {DW_AT_location, DW_FORM_block1},
             {DW_AT_type, DW_FORM_ref_addr}});
    declare(code_function, DW_TAG_subprogram, true,
            {{DW_AT_name, DW_FORM_string}, {DW_AT_low_pc, DW_FORM_addr}});
    declare(code_parameter, DW_TAG_formal_parameter, false,
            {{DW_AT_name, DW_FORM_string}, {DW_AT_type, DW_FORM_ref_addr}});
    out.uleb(0);
    return out.text();
}

/// .debug_info, unit by unit.
class Info {
  public:
    std::uint32_t here() const {
        return static_cast<std::uint32_t>(done_.size() + 4 + unit_.size());
    }

    void begin_unit(const char* name, unsigned version = 4) {
        unit_ = Encoder{};
        unit_.fixed(version, 2);
        if (version == 5) {
            unit_.u8(DW_UT_compile).u8(8).fixed(0, 4);
        } else {
            unit_.fixed(0, 4).u8(8);
        }
        unit_.uleb(code_unit).string(name).fixed(0, 4);
    }
    void end_unit() {
        unit_.uleb(0);
        done_.fixed(unit_.size(), 4).bytes(unit_.text());
        unit_ = Encoder{};
    }
    std::uint32_t begin_struct(const char* name, std::uint64_t size) {
        const auto at = here();
        unit_.uleb(code_struct).string(name).uleb(size);
        return at;
    }
    void member(const char* name, std::uint64_t offset, std::uint32_t type = 0) {
        unit_.uleb(code_member).string(name).uleb(offset).fixed(type, 4);
    }
    void end_children() { unit_.uleb(0); }
    std::uint32_t type_definition(const char* name, std::uint32_t type) {
        const auto at = here();
        unit_.uleb(code_typedef).string(name).fixed(type, 4);
        return at;
    }
    void variable(const char* name, std::uint32_t type) {
        unit_.uleb(code_variable).string(name).u8(2).fixed(0xffff, 2).fixed(type, 4);
    }
    void function(const char* name) {
        unit_.uleb(code_function).string(name).fixed(0x401000, 8);
        unit_.uleb(code_parameter).string("x").fixed(0, 4).uleb(0);
    }
    void raw(const std::string& bytes) { unit_.bytes(bytes); }
    const std::string& text() const { return done_.text(); }

  private:
    Encoder done_;
    Encoder unit_;
};

/// Three packages; the types of all in the unit of the runtime.
std::string usual_info(unsigned version = 4) {
    Info info;
    info.begin_unit("main", version);
    info.function("main.main");
    const auto decoy = info.begin_struct("runtime.a", 1);
    info.member("x", 1);
    info.end_children();
    (void)decoy;
    info.end_unit();

    info.begin_unit("runtime", version);
    info.function("runtime.gcStart");
    const auto list = info.begin_struct("runtime.list", 16);
    info.member("size", 8);
    info.end_children();
    const auto list_name = info.type_definition("runtime.list", list);
    const auto anonymous = info.begin_struct("struct { runtime.lock uint32; runtime.n int }", 24);
    info.member("lock", 0);
    info.member("n", 4);
    info.member("free", 8, list_name);
    info.end_children();
    info.begin_struct("runtime.a", 64);
    info.member("y", 8);
    info.member("x", 16);
    info.member("inner", 40, anonymous);
    info.end_children();
    info.end_unit();
    // The linker may put code and variables of a package into another unit of that name.
    info.begin_unit("runtime", version);
    info.variable("runtime.work", anonymous);
    info.end_unit();

    info.begin_unit("behind", version);
    info.raw("\xff\xff\xff this is never read");
    info.end_unit();
    return info.text();
}

ModuleLayouts wanted() {
    const auto table = OffsetTable::parse("measured\tstd\tgo1.20\n"
                                          "variable\tstd\truntime.workType\truntime.work\n"
                                          "size\tstd\truntime.a\tany\tgo1.20\tgo1.20\t1\n"
                                          "size\tstd\truntime.workType\tany\tgo1.20\tgo1.20\t1\n"
                                          "size\tstd\truntime.gone\tany\tgo1.20\tgo1.20\t1\n"
                                          "offset\tstd\truntime.a.x\tany\tgo1.20\tgo1.20\t1\n"
                                          "offset\tstd\truntime.a.inner.free.size\tany\tgo1.20\t"
                                          "go1.20\t1\n"
                                          "offset\tstd\truntime.a.x.y\tany\tgo1.20\tgo1.20\t1\n"
                                          "offset\tstd\truntime.gone.x\tany\tgo1.20\tgo1.20\t1\n"
                                          "offset\tstd\truntime.workType.n\tany\tgo1.20\tgo1.20\t"
                                          "1\n",
                                          "t")
                           .value();
    return *table.module("std");
}

/// Over a file of its own, in memory but with a descriptor.
ElfFile file_of(const std::vector<ImageSection>& sections) {
    const auto image = elf_image(sections);
    const int fd = ::memfd_create("image", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(::write(fd, image.data(), image.size()) == static_cast<ssize_t>(image.size()));
    auto file = ElfFile::open("/proc/self/fd/" + std::to_string(fd));
    ::close(fd);
    REQUIRE(file);
    return std::move(file).value();
}

std::map<std::string, std::optional<std::uint32_t>> read(const std::vector<ImageSection>& sections,
                                                         std::uint64_t bound = any_size) {
    const auto layouts = wanted();
    const auto figures = read_dwarf_layouts(file_of(sections), layouts, bound);
    if (!figures) {
        return {{figures.error().reason, 0}};
    }
    std::map<std::string, std::optional<std::uint32_t>> out;
    for (std::size_t i = 0; i < layouts.figures.size(); ++i) {
        out[layouts.figures[i].name] = figures.value()[i];
    }
    return out;
}

const std::map<std::string, std::optional<std::uint32_t>> expected = {
    {"runtime.a", 64},
    {"runtime.a.inner.free.size", 40 + 8 + 8},
    {"runtime.a.x", 16},
    {"runtime.a.x.y", std::nullopt},
    {"runtime.gone", std::nullopt},
    {"runtime.gone.x", std::nullopt},
    {"runtime.workType", 24},
    {"runtime.workType.n", 4},
};

const ImageSection abbrev_section = {".debug_abbrev", abbreviations(), 0};

std::map<std::string, std::optional<std::uint32_t>> failure(const char* reason) {
    return {{reason, 0}};
}

} // namespace

TEST_CASE("fields are found through nested structs, typedefs and variables") {
    for (const unsigned version : {4U, 5U}) {
        INFO("DWARF " << version);
        CHECK(read({abbrev_section, {".debug_info", usual_info(version), 0}}) == expected);
    }
}

TEST_CASE("both ways of compressing sections are read") {
    const ImageSection info = {".debug_info", usual_info(), 0};
    CHECK(read({compressed(abbrev_section), compressed(info)}) == expected);
    CHECK(read({compressed_the_old_way(abbrev_section), compressed_the_old_way(info)}) == expected);
}

TEST_CASE("an unknown compression, or none where one is promised, is an error") {
    const ImageSection info = {".debug_info", usual_info(), 0};
    CHECK(read({abbrev_section, compressed(info, 2)}) == failure("malformed_dwarf"));
    CHECK(read({abbrev_section, {".zdebug_info", usual_info(), 0}}).size() == 1);
    auto broken = compressed(info);
    broken.contents.resize(30);
    CHECK(read({abbrev_section, broken}) == failure("malformed_dwarf"));
}

TEST_CASE("a binary without DWARF is told from one with too much of it") {
    CHECK(read({}) == failure("no_dwarf"));
    CHECK(read({abbrev_section}) == failure("no_dwarf"));
    const ImageSection info = {".debug_info", usual_info(), 0};
    const std::uint64_t size = info.contents.size() + abbrev_section.contents.size();
    CHECK(read({abbrev_section, info}, size) == expected);
    CHECK(read({abbrev_section, info}, size - 1) == failure("dwarf_too_large"));
    for (const auto& compress : {compressed(info), compressed_the_old_way(info)}) {
        CHECK(read({abbrev_section, compress}, size) == expected);
        CHECK(read({abbrev_section, compress}, size - 1) == failure("dwarf_too_large"));
    }
}

TEST_CASE("what a section says of its size is bounded, not believed") {
    ImageSection huge = compressed({".debug_line", "x", 0});
    const std::uint64_t size = ~std::uint64_t{0};
    std::memcpy(huge.contents.data() + offsetof(Elf64_Chdr, ch_size), &size, sizeof size);
    CHECK(read({abbrev_section, {".debug_info", usual_info(), 0}, huge}) ==
          failure("dwarf_too_large"));
}

TEST_CASE("DWARF that would make libdw open another file is not read") {
    CHECK(read({abbrev_section,
                {".debug_info", usual_info(), 0},
                {".gnu_debugaltlink", std::string("/dev/stdin\0id", 13), 0}}) ==
          failure("unsupported_dwarf"));
}

TEST_CASE("DWARF without types of Go is an error") {
    Info info;
    info.begin_unit("main");
    info.function("main.main");
    info.end_unit();
    CHECK(read({abbrev_section, {".debug_info", info.text(), 0}}) == failure("malformed_dwarf"));
}

TEST_CASE("a truncated section costs figures, but makes none wrong") {
    const auto check = [](const std::string& abbreviated, const std::string& info) {
        const auto got = read({{".debug_abbrev", abbreviated, 0}, {".debug_info", info, 0}});
        if (got.size() == 1) {
            CHECK(got == failure("malformed_dwarf"));
            return;
        }
        for (const auto& [name, figure] : got) {
            INFO(name << " of " << abbreviated.size() << " and " << info.size() << " bytes");
            CHECK((!figure || figure == expected.at(name)));
        }
    };
    const std::string info = usual_info();
    for (std::size_t length = 0; length <= info.size(); ++length) {
        check(abbrev_section.contents, info.substr(0, length));
    }
    for (std::size_t length = 0; length <= abbrev_section.contents.size(); ++length) {
        check(abbrev_section.contents.substr(0, length), info);
    }
}

TEST_CASE("a member outside of its struct is not believed") {
    Info info;
    info.begin_unit("runtime");
    info.begin_struct("runtime.a", 8);
    info.member("x", 4096);
    info.end_children();
    info.end_unit();
    const auto got = read({abbrev_section, {".debug_info", info.text(), 0}});
    CHECK(got.at("runtime.a") == 8);
    CHECK(got.at("runtime.a.x") == std::nullopt);
}

TEST_CASE("a typedef that leads to itself ends") {
    Info info;
    info.begin_unit("runtime");
    const auto loop = info.here();
    info.type_definition("runtime.loop", loop);
    info.begin_struct("runtime.a", 64);
    info.member("inner", 8, loop);
    info.member("x", 16, loop);
    info.end_children();
    info.end_unit();
    const auto got = read({abbrev_section, {".debug_info", info.text(), 0}});
    CHECK(got.at("runtime.a.inner.free.size") == std::nullopt);
    CHECK(got.at("runtime.a.x") == 16);
}

TEST_CASE("the table answers for the releases it knows, DWARF for the others") {
    const auto table = OffsetTable::parse("measured\tstd\tgo1.20\n"
                                          "size\tstd\truntime.a\tany\tgo1.20\tgo1.20\t1\n"
                                          "offset\tstd\truntime.a.x\tany\tgo1.20\tgo1.20\t8\n",
                                          "t")
                           .value();
    const std::vector<ImageSection> with_dwarf = {abbrev_section, {".debug_info", usual_info(), 0}};
    const auto check = [&](const std::vector<ImageSection>& sections, const std::string& version,
                           std::uint64_t bound, const std::string& source, bool exact,
                           std::uint64_t x) {
        INFO(version);
        const auto offsets = Offsets::of_binary(file_of(sections), "std", version, table, bound);
        CHECK(offsets.source() == source);
        CHECK(offsets.exact() == exact);
        CHECK(offsets.field("runtime.a.x") == x);
    };
    check(with_dwarf, "go1.20", any_size, "table go1.20", true, 8);
    for (const std::string version : {"go1.99.1", "go1.20.1", "go1.20rc1", "go1.20-vendor",
                                      "go1.20 X:fieldtrack", "devel go1.20-0a1b2c"}) {
        check(with_dwarf, version, any_size, "DWARF", true, 16);
        const std::string nearest = "table go1.20 (nearest to " + version + ")";
        check(with_dwarf, version, 100, nearest, false, 8);
        check({}, version, any_size, nearest, false, 8);
    }
}

// Run by tests/e2e/test_go_layouts, which has the binaries: paths, one to a line.
TEST_CASE("DWARF of real binaries says what the table says", "[.go_layouts]") {
    const char* paths = std::getenv("HOLTER_GO_BINARIES");
    REQUIRE(paths != nullptr);
    std::istringstream lines(paths);
    std::size_t binaries = 0;
    const auto& table = OffsetTable::embedded();
    const auto& layouts = *table.module("std");
    for (std::string path; std::getline(lines, path); ++binaries) {
        INFO(path);
        const auto file = ElfFile::open(path).value();
        const auto version = read_build_info(file).value().version;
        const auto known = table.look_up("std", version, file.machine());
        REQUIRE(known.exact);
        const auto read = read_dwarf_layouts(file, layouts, Offsets::max_dwarf);
        REQUIRE(read);
        std::size_t there = 0;
        for (std::size_t i = 0; i < layouts.figures.size(); ++i) {
            const std::string& name = layouts.figures[i].name;
            INFO(name);
            // A program has the types of the packages that it uses, and the runtime's always.
            if (!read.value()[i] && !name.starts_with("runtime."))
                continue;
            CHECK(read.value()[i] == known.figures[i]);
            there += known.figures[i].has_value() ? 1U : 0U;
        }
        std::cout << version << ": " << there << " of " << layouts.figures.size() << " figures\n";
    }
    CHECK(binaries > 0);
}
