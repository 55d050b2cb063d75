// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/functions/function_table.h"

#include "catch.h"
#include "golang/go_image.h"

using namespace holter;
using elf::ElfFile;
using golang::FunctionTable;
using golang::GoVersion;
using test::Bytes;
using test::GoImage;

namespace {

GoImage sample(int minor) {
    GoImage image;
    image.minor = minor;
    image.functions = {
        {"runtime.gcStart", 64, {"runtime.lock", "runtime.add"}},
        {"runtime.gcStart.func1", 16, {}},
        {"runtime.gcStart.func2", 48, {"runtime.add"}},
        {"runtime.gcStartle", 16, {}},
        {"runtime.record", 32, {}},
        {"main.main", 96, {"runtime.add", "runtime.record", "runtime.add"}},
    };
    return image;
}

const std::vector<std::string> wanted{"runtime.gcStart", "runtime.gcStart.func*", "main.main",
                                      "runtime.record",  "runtime.absent",        "*never"};

Result<FunctionTable> find(const Bytes& image, int minor,
                           const std::vector<std::string>& names = wanted) {
    const auto file = ElfFile::over(image);
    REQUIRE(file);
    return golang::find_functions(*file, GoVersion{minor, 0}, names);
}

void check_functions(const FunctionTable& table) {
    REQUIRE(table.functions.size() == 5);
    CHECK(table.functions[0].name == "runtime.gcStart");
    CHECK(table.functions[0].address == GoImage::text);
    CHECK(table.functions[0].size == 64);
    CHECK(table.functions[2].name == "runtime.gcStart.func2");
    CHECK(table.functions[2].address == GoImage::text + 80);
    REQUIRE(table.find("main.main") != nullptr);
    CHECK(table.find("main.main")->address == GoImage::text + 176);
    CHECK(table.find("main.main")->size == 96);
    CHECK(table.find("runtime.absent") == nullptr);
    CHECK(table.text_start == GoImage::text);
}

} // namespace

TEST_CASE("functions and inlined copies are found in every layout") {
    for (const int minor : {18, 19, 20, 22, 25, 26, 27}) {
        for (const bool pie : {false, true}) {
            for (const bool named : {true, false}) {
                for (const bool sections : {true, false}) {
                    INFO("Go 1." << minor << " pie " << pie << " named " << named << " sections "
                                 << sections);
                    GoImage image = sample(minor);
                    image.pie = pie;
                    image.named_table = named;
                    image.sections = sections;
                    const Bytes bytes = image.build();
                    const auto table = find(bytes, minor);
                    REQUIRE(table);
                    check_functions(*table);
                    CHECK(table->pclntab_address == image.pclntab_address);
                    CHECK(table->source == (named && sections
                                                ? "pclntab in .gopclntab"
                                                : "pclntab in read-only data (scan)"));
                    REQUIRE(table->module_data);
                    CHECK(table->module_data->address == image.module_data_address);
                    CHECK(table->module_data->gofunc == image.gofunc_address);
                    CHECK(table->module_data->types == GoImage::types);
                    CHECK(table->module_data->types_end == GoImage::types + 40);
                    CHECK(table->module_data->text_end == GoImage::text + 272);
                    CHECK(table->inline_trees_read);
                    REQUIRE(table->inlined.size() == 1);
                    CHECK(table->inlined[0].function == "runtime.record");
                    CHECK(table->inlined[0].host == "main.main");
                    CHECK(table->inlined[0].host_address == GoImage::text + 176);
                    CHECK(table->inlined[0].host_size == 96);
                }
            }
        }
    }
}

TEST_CASE("a copy is reported once per host, and only if it is really in the tree") {
    for (const int minor : {19, 22}) {
        GoImage image = sample(minor);
        const Bytes bytes = image.build();
        const auto table = find(bytes, minor, {"runtime.add", "runtime.lock"});
        REQUIRE(table);
        CHECK(table->functions.empty());
        // Behind gcStart's tree lies something that looks like a copy of runtime.lock.
        REQUIRE(table->inlined.size() == 4);
        CHECK(table->inlined[0].host == "runtime.gcStart");
        CHECK(table->inlined[1].host == "runtime.gcStart.func2");
        CHECK(table->inlined[2].host == "main.main");
        CHECK(table->inlined[3].function == "runtime.lock");
        CHECK(table->inlined[3].host == "runtime.gcStart");
    }
}

TEST_CASE("functions that share a tree are all hosts") {
    GoImage image = sample(22);
    Bytes bytes = image.build();
    // gcStart.func2 gets the tree and the pc-values of gcStart: its record is the third.
    const std::size_t with_tree = 44 + 7 * 4;
    const std::size_t first = image.records_at + 44;
    const std::size_t third = image.records_at + with_tree + 44 + 44;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(first), 28,
                bytes.begin() + static_cast<std::ptrdiff_t>(third));
    const auto table = find(bytes, 22, {"runtime.lock"});
    REQUIRE(table);
    REQUIRE(table->inlined.size() == 2);
    CHECK(table->inlined[0].host == "runtime.gcStart");
    CHECK(table->inlined[1].host == "runtime.gcStart.func2");
}

TEST_CASE("without module data the pclntab still knows the text, up to Go 1.25") {
    for (const bool pie : {false, true}) {
        GoImage image = sample(22);
        image.module_data = false;
        image.pie = pie;
        const auto table = find(image.build(), 22);
        REQUIRE(table);
        check_functions(*table);
        CHECK_FALSE(table->module_data);
        CHECK_FALSE(table->inline_trees_read);
    }
    GoImage image = sample(26);
    image.module_data = false;
    const auto table = find(image.build(), 26);
    REQUIRE_FALSE(table);
    CHECK(table.error().reason == "malformed_pclntab");
}

TEST_CASE("a damaged pclntab is an error with its reason") {
    GoImage image = sample(22);
    const Bytes good = image.build();
    const auto reason = [&](std::size_t offset, auto value) {
        Bytes bad = good;
        test::overwrite(bad, offset, value);
        const auto table = find(bad, 22);
        REQUIRE_FALSE(table);
        return table.error().reason;
    };
    CHECK(reason(image.pclntab_at, std::uint32_t{0xfffffffa}) == "unknown_pclntab");
    CHECK(reason(image.pclntab_at, std::uint32_t{0x12345678}) == "malformed_pclntab");
    CHECK(reason(image.pclntab_at + 8, std::uint64_t{1} << 40U) == "malformed_pclntab"); // count
    CHECK(reason(image.pclntab_at + 8, UINT64_MAX) == "malformed_pclntab");
    CHECK(reason(image.pclntab_at + 32, UINT64_MAX) == "malformed_pclntab"); // names
    CHECK(reason(image.pclntab_at + 64, std::uint64_t{80}) == "malformed_pclntab");
    CHECK(reason(image.functab_at, std::uint32_t{0x7fffffff}) == "malformed_pclntab"); // no text
    CHECK(reason(image.functab_at + 4, std::uint32_t{0x7fffffff}) == "malformed_pclntab");
    CHECK(reason(image.functab_at + 8, std::uint32_t{0x7fffffff}) == "malformed_pclntab");
    CHECK(reason(image.records_at + 28, std::uint32_t{0x7fffffff}) == "malformed_pclntab");
}

TEST_CASE("a damaged tree offset blinds the inline trees, not the functions") {
    GoImage image = sample(22);
    Bytes bytes = image.build();
    test::overwrite(bytes, image.records_at + 44 + 6 * 4, std::uint32_t{0x7fffffff});
    const auto table = find(bytes, 22);
    REQUIRE(table);
    check_functions(*table);
    CHECK_FALSE(table->inline_trees_read);
}

TEST_CASE("a function whose code the file does not have is not found") {
    GoImage image = sample(22);
    Bytes bytes = image.build();
    // The segment of the code claims to lie at the end of the file.
    test::overwrite(bytes, sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset),
                    std::uint64_t{bytes.size() - 0x110});
    const auto table = find(bytes, 22);
    REQUIRE_FALSE(table);
    CHECK(table.error().reason == "malformed_pclntab");
}

TEST_CASE("a file without pclntab says so") {
    const Bytes bytes = test::ElfBuilder().load(PF_R, 0x1000, Bytes(4096)).build();
    const auto table = find(bytes, 22);
    REQUIRE_FALSE(table);
    CHECK(table.error().reason == "no_pclntab");
}

TEST_CASE("a wrapper is told from the function it wraps") {
    for (const auto& [minor, id] : {std::pair{18, 21}, std::pair{21, 21}, std::pair{22, 22},
                                    std::pair{24, 22}, std::pair{25, 23}, std::pair{27, 23}}) {
        GoImage image;
        image.minor = minor;
        image.functions = {{"runtime.goexit1", 32, {}, static_cast<unsigned char>(id)},
                           {"runtime.goexit1", 64, {}, static_cast<unsigned char>(id - 1)},
                           {"main.(*T).promoted", 32, {}, static_cast<unsigned char>(id)}};
        const auto table = find(image.build(), minor, {"*"});
        REQUIRE(table);
        REQUIRE(table->functions.size() == 3);
        CHECK(table->functions[0].wrapper);
        REQUIRE(table->find("runtime.goexit1") != nullptr);
        CHECK(table->find("runtime.goexit1")->size == 64);
        REQUIRE(table->find("main.(*T).promoted") != nullptr);
        CHECK(table->find("main.(*T).promoted")->wrapper);
    }
}

TEST_CASE("a lone star is every function") {
    const auto table = find(sample(22).build(), 22, {"*"});
    REQUIRE(table);
    CHECK(table->functions.size() == 6);
}
