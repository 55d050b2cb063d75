// SPDX-License-Identifier: Apache-2.0
#include "catch.h"
#include "golang/types/types_image.h"
#include "loader/golang/types/error_links.h"
#include "loader/golang/types/type_names.h"

#include <map>

using namespace holter;
using namespace holter::golang;
using test::TypesImage;

namespace {

/// name -> (offset, is a slice)
std::map<std::string, std::pair<std::uint64_t, bool>> links(const TypesImage& image, int minor) {
    const auto bytes = image.file();
    const TypeReader types(*elf::ElfFile::over(bytes), image.module_data());
    std::map<std::string, std::pair<std::uint64_t, bool>> found;
    for (const ErrorLink& link : find_error_links(types, {minor, 0}, 100))
        found[types.name(link.type).value_or("?")] = {link.offset, link.slice};
    return found;
}

} // namespace

TEST_CASE("types are named as Go names them", "[types]") {
    TypesImage image;
    const auto pointer = image.pointer_to(0, image.name("*net.OpError"), {});
    const auto value = image.structure({}, image.name("*main.valueError"));
    const std::string longest(TypeReader::longest_name, 'x');
    const auto large = image.type(TypesImage::kind_text, image.name(longest));
    const auto too_long = image.type(TypesImage::kind_text, image.name(longest + "x"));
    const auto odd_name = image.type(TypesImage::kind_text, image.name("main.\n"));
    const auto no_name = image.type(TypesImage::kind_text, 0);
    const auto far_name = image.type(TypesImage::kind_text, 0x7fffffff);
    const auto negative = image.type(TypesImage::kind_text, 0xfffffff0);
    const auto no_star = image.type(TypesImage::kind_struct, image.name("main.x"), 2);
    const auto no_kind = image.type(27, image.name("main.x"));
    const auto old_flags = image.type(TypesImage::kind_text | 0x20, image.name("main.direct"));
    const auto bytes = image.file();
    const auto data = image.module_data();
    const TypeReader types(*elf::ElfFile::over(bytes), data);
    CHECK(types.name(pointer) == "*net.OpError");
    CHECK(types.name(value) == "main.valueError");
    CHECK(types.name(large) == longest);
    CHECK(types.name(old_flags) == "main.direct");
    for (const auto address :
         {too_long, odd_name, no_name, far_name, negative, no_star, no_kind, pointer + 1,
          pointer - 8, data.types_end, data.types_end - 8, std::uint64_t{0}, ~std::uint64_t{0}})
        CHECK_FALSE(types.name(address));
    CHECK(types.constant(TypesImage::base + 18, 0) == std::nullopt);
    CHECK(types.constant(0, 10) == std::nullopt);
    CHECK(types.constant(TypesImage::base, ~std::uint64_t{0}) == std::nullopt);

    TypeNames names(types, 0x10000);
    CHECK(names.name(pointer + 0x10000) == "*net.OpError");
    CHECK(names.name(pointer) == "unknown");
    CHECK(names.constant(5, 5).empty());
}

TEST_CASE("types that wrap errors are found by their methods and fields", "[types]") {
    const auto found = links(test::wrappers(), 22);
    CHECK(found ==
          std::map<std::string, std::pair<std::uint64_t, bool>>{{"*fmt.wrapError", {16, false}},
                                                                {"*fmt.wrapErrors", {16, true}},
                                                                {"*main.twofold", {16, false}},
                                                                {"main.value", {32, false}}});
    // The offsets of Go 1.18 carry a bit more.
    CHECK(links(test::wrappers(), 18).at("main.value").first == 16);
}

TEST_CASE("damaged types are survived", "[types]") {
    const TypesImage whole = test::wrappers();
    for (std::size_t at = 0; at < TypesImage(whole).bytes().size(); ++at)
        for (const auto value : {std::byte{0}, std::byte{0x7f}, std::byte{0xff}}) {
            TypesImage damaged = whole;
            damaged.bytes()[at] = value;
            CHECK(links(damaged, 22).size() <= 8);
        }
}
