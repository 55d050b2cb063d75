// SPDX-License-Identifier: Apache-2.0
#include "loader/elf/linkage.h"

#include "catch.h"
#include "elf/elf_builder.h"

namespace holter::elf {
namespace {

using test::ElfBuilder;

/// Linkage of an executable that asks for `loader`, or for none.
Linkage linkage_with(const std::string& loader, std::optional<Error>& missing) {
    ElfBuilder builder;
    test::Bytes contents(64);
    test::put_text(contents, loader + '\0');
    builder.load(PF_R | PF_X, 0x1000, contents);
    if (!loader.empty()) {
        builder.view(PT_INTERP, 0x1040, loader.size() + 1);
    }
    const test::Bytes image = builder.build();
    const auto file = ElfFile::over(image);
    missing = missing_library(*file, "libstdc++.so.6");
    return linkage(*file);
}

TEST_CASE("the loader tells how an executable is linked") {
    std::optional<Error> missing;
    CHECK(linkage_with("/lib64/ld-linux-x86-64.so.2", missing) == Linkage::glibc);
    CHECK_FALSE(missing);
    CHECK(linkage_with("/lib/ld-musl-aarch64.so.1", missing) == Linkage::musl);
    CHECK(missing->reason == "musl");
    CHECK(linkage_with("/opt/loader", missing) == Linkage::other);
    CHECK_FALSE(missing);
    CHECK(linkage_with("", missing) == Linkage::static_alone);
    CHECK(missing->reason == "static_binary");
}

} // namespace
} // namespace holter::elf
