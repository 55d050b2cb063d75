// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/build_info.h"

#include "catch.h"
#include "elf/elf_builder.h"

using namespace holter;
using elf::ElfFile;
using golang::GoVersion;
using golang::parse_go_version;
using test::Bytes;
using test::ElfBuilder;
using test::put;
using test::put_text;

namespace {

const std::string marker(16, '#');

void put_string(Bytes& bytes, const std::string& text) {
    std::size_t length = text.size();
    for (; length >= 0x80; length >>= 7U) {
        bytes.push_back(static_cast<std::byte>(length | 0x80U));
    }
    bytes.push_back(static_cast<std::byte>(length));
    put_text(bytes, text);
}

Bytes info(const std::string& version, const std::string& modules) {
    Bytes bytes;
    put_text(bytes, std::string_view("\xff Go buildinf:\x08\x02", 16));
    bytes.resize(32);
    put_string(bytes, version);
    put_string(bytes, modules.empty() ? "" : marker + modules + marker);
    return bytes;
}

Bytes program(const Bytes& contents, bool sections = true) {
    Bytes data(4096);
    data.insert(data.end(), contents.begin(), contents.end());
    ElfBuilder builder;
    builder.load(PF_R | PF_X, 0x401000, Bytes(64));
    builder.load(PF_R | PF_W, 0x500000, data);
    if (sections) {
        builder.section(".go.buildinfo", 0x501000, contents.size());
    } else {
        builder.without_sections();
    }
    return builder.build();
}

Result<golang::BuildInfo> read(const Bytes& image) {
    const auto file = ElfFile::over(image);
    REQUIRE(file);
    return golang::read_build_info(*file);
}

} // namespace

TEST_CASE("release, modules and settings are read, with and without a section") {
    const std::string modules = "path\texample.com/app/cmd/app\n"
                                "mod\texample.com/app\t(devel)\t\n"
                                "dep\tgoogle.golang.org/grpc\tv1.69.4\th1:abc=\n"
                                "dep\tgolang.org/x/net\tv0.30.0\n"
                                "=>\tgithub.com/fork/net\tv0.31.0\th1:def=\n"
                                "build\t-compiler=gc\n"
                                "build\t-ldflags=\"-s -w -X \\\"main.v=1\\\"\"\n"
                                "build\tDefaultGODEBUG=httpmuxgo121=1,panicnil=1\n";
    for (const bool sections : {true, false}) {
        const auto found = read(program(info("go1.22.12", modules), sections));
        REQUIRE(found);
        CHECK(found->version == "go1.22.12");
        CHECK(found->go == GoVersion{22, 12});
        CHECK(found->path == "example.com/app/cmd/app");
        REQUIRE(found->main);
        CHECK(found->main->version == "(devel)");
        REQUIRE(found->dependencies.size() == 2);
        REQUIRE(found->module("google.golang.org/grpc") != nullptr);
        CHECK(found->module("google.golang.org/grpc")->version == "v1.69.4");
        CHECK_FALSE(found->module("google.golang.org/grpc")->replaced_by);
        REQUIRE(found->module("golang.org/x/net") != nullptr);
        CHECK(found->module("golang.org/x/net")->version == "v0.31.0");
        CHECK(found->module("golang.org/x/net")->replaced_by == "github.com/fork/net");
        CHECK(found->module("example.com/app") == &*found->main);
        CHECK(found->module("absent") == nullptr);
        CHECK(found->setting("-ldflags") == "-s -w -X \"main.v=1\"");
        CHECK(found->setting("DefaultGODEBUG") == "httpmuxgo121=1,panicnil=1");
        CHECK(found->setting("-pgo").empty());
    }
}

TEST_CASE("a build without modules has a release only") {
    const auto found = read(program(info("go1.27rc1", "")));
    REQUIRE(found);
    CHECK(found->go == GoVersion{27, -1});
    CHECK(found->dependencies.empty());
    CHECK_FALSE(found->main);
}

TEST_CASE("the older form, by pointers, is read") {
    Bytes bytes;
    put_text(bytes, std::string_view("\xff Go buildinf:\x08\x00", 16));
    put(bytes, std::uint64_t{0x501020}); // string headers
    put(bytes, std::uint64_t{0x501030});
    put(bytes, std::uint64_t{0x501040});
    put(bytes, std::uint64_t{8});
    put(bytes, std::uint64_t{0x501048});
    const std::string modules = marker + "path\tcommand\n" + marker;
    put(bytes, std::uint64_t{modules.size()});
    put_text(bytes, "go1.17.3" + modules);
    const auto found = read(program(bytes));
    REQUIRE(found);
    CHECK(found->go == GoVersion{17, 3});
    CHECK(found->path == "command");
}

TEST_CASE("what is no build info, or damaged, is told apart") {
    CHECK(read(program(Bytes(100))).error().reason == "not_go");
    CHECK(read(program(Bytes(100), false)).error().reason == "not_go");

    Bytes bytes = info("go1.22.12", "");
    bytes.resize(36); // ends inside the version
    CHECK(read(program(bytes, false)).error().reason == "malformed_build_info");
    bytes[32] = bytes[33] = bytes[34] = bytes[35] = std::byte{0xff};
    CHECK(read(program(bytes, false)).error().reason == "malformed_build_info");
}

TEST_CASE("foreign text in it is made harmless") {
    const auto found = read(program(info("go1.22\x01", "path\ta\x1b[2J\nbuild\tk=\xff\n")));
    REQUIRE(found);
    CHECK(found->version == "go1.22\ufffd");
    CHECK(found->path == "a\ufffd[2J");
    CHECK(found->setting("k") == "\ufffd");
}

TEST_CASE("releases are parsed and ordered") {
    CHECK(parse_go_version("go1.22.12") == GoVersion{22, 12});
    CHECK(parse_go_version("go1.26") == GoVersion{26, 0});
    CHECK(parse_go_version("go1.26.0") == GoVersion{26, 0});
    CHECK(parse_go_version("go1.27rc1") == GoVersion{27, -1});
    CHECK(parse_go_version("go1.21beta1") == GoVersion{21, -1});
    CHECK(parse_go_version("devel go1.28-0a1b2c Thu Jan 1 00:00:00 2026") == GoVersion{28, -1});
    CHECK(parse_go_version("go1.28-devel_0a1b2c") == GoVersion{28, -1});
    CHECK(parse_go_version("go1.22.12 X:boringcrypto") == GoVersion{22, 12});
    CHECK(parse_go_version("go1.22 X:loopvar") == GoVersion{22, 0});
    CHECK(parse_go_version("go1.21.0-fips") == GoVersion{21, 0});
    CHECK(parse_go_version("go1.24.4 (Red Hat 1.24.4-1.el9)") == GoVersion{24, 4});
    for (const char* text : {"", "go", "go1", "go1.", "go1.x", "go2.0", "go1.22.", "go1.22.x",
                             "go1.-3", "go1.99999", "devel +abcdef", "1.22"}) {
        INFO(text);
        CHECK_FALSE(parse_go_version(text));
    }
    CHECK(GoVersion{22, 12} < GoVersion{23, -1});
    CHECK(GoVersion{23, -1} < GoVersion{23, 0});
    CHECK(GoVersion{26, 9} < GoVersion{26, 11});
    CHECK(to_string(GoVersion{22, 12}) == "1.22.12");
    CHECK(to_string(GoVersion{28, -1}) == "1.28-devel");
}
