// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/module_versions.h"

#include "catch.h"
#include "elf/elf_builder.h"
#include "loader/elf/window.h"

using namespace holter;
using catalogue::MinorRelease;
using golang::BuildInfo;
using golang::minor_release;
using golang::module_version;
using test::Bytes;
using test::ElfBuilder;
using test::put_text;

namespace {

const std::string grpc = "google.golang.org/grpc";

std::optional<std::string> version_in(const Bytes& read_only, const BuildInfo& info = {}) {
    ElfBuilder builder;
    builder.load(PF_R | PF_X, 0x401000, Bytes(64));
    builder.load(PF_R, 0x500000, read_only);
    const Bytes image = builder.build();
    const auto file = elf::ElfFile::over(image);
    REQUIRE(file);
    return module_version(*file, info, grpc);
}

Bytes text(const std::string& content, std::size_t before = 100) {
    Bytes bytes(before);
    put_text(bytes, content);
    bytes.resize(bytes.size() + 100);
    return bytes;
}

} // namespace

TEST_CASE("minor releases of modules") {
    CHECK(minor_release("v1.66.2") == MinorRelease{1, 66});
    CHECK(minor_release("v0.51.0") == MinorRelease{0, 51});
    CHECK(minor_release("v1.79.0-dev") == MinorRelease{1, 79});
    CHECK_FALSE(minor_release("v1.66"));
    CHECK_FALSE(minor_release("(devel)"));
    CHECK_FALSE(minor_release(""));
}

TEST_CASE("build information has the last word on a module's version") {
    BuildInfo info;
    info.dependencies.push_back({grpc, "v1.64.1", std::nullopt});
    CHECK(version_in(text("grpc-go/1.33.3"), info) == "v1.64.1");
    info.dependencies = {{"golang.org/x/net", "v0.51.0", std::nullopt}};
    CHECK_FALSE(version_in(text("grpc-go/1.33.3"), info));
}

TEST_CASE("without modules a constant of the library tells its version") {
    CHECK(version_in(text("grpc-go/1.33.3")) == "v1.33.3");
    CHECK(version_in(text("xgrpc-go/1.64.09 digits of the next text")) == "v1.64.0");
    CHECK(version_in(text("grpc-go/ and later grpc-go/1.40.0-dev")) == "v1.40.0");
    CHECK_FALSE(version_in(text("grpc-go/x.64.0")));
    CHECK_FALSE(version_in(text("nothing")));
    CHECK_FALSE(version_in(Bytes(3)));
    // Across the border of two windows.
    for (std::size_t before = elf::Window::default_capacity - 40;
         before < elf::Window::default_capacity + 4; ++before)
        CHECK(version_in(text("grpc-go/1.33.3", before)) == "v1.33.3");
}
