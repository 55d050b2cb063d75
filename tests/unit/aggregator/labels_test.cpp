// SPDX-License-Identifier: Apache-2.0
#include "aggregator/series/labels.h"
#include "catch.h"

using namespace holter::aggregator;

static const std::string replacement = "\xEF\xBF\xBD";

TEST_CASE("well-formed text passes as it is", "[labels]") {
    for (const char* text : {"", "checkout", "a b\tc\nd", "żółć", "日本", "\xF0\x9F\x90\x98",
                             "\x7F", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80"})
        CHECK(clean_label(text) == text);
}

TEST_CASE("what is not UTF-8 is replaced byte by byte", "[labels]") {
    const std::string r = replacement;
    CHECK(clean_label("a\xFFz") == "a" + r + "z");
    CHECK(clean_label("\x80") == r);
    CHECK(clean_label("\xC0\xAF") == r + r);         // overlong
    CHECK(clean_label("\xE0\x80\xAF") == r + r + r); // overlong
    CHECK(clean_label("\xF0\x80\x80\xAF") == r + r + r + r);
    CHECK(clean_label("\xED\xA0\x80") == r + r + r);         // a surrogate
    CHECK(clean_label("\xF4\x90\x80\x80") == r + r + r + r); // beyond U+10FFFF
    CHECK(clean_label("\xF5\x80") == r + r);
    CHECK(clean_label("\xE6\x97") == r + r); // cut off
    CHECK(clean_label("\xE6\x97x") == r + r + "x");
    CHECK(clean_label(std::string_view("a\0b", 3)) == "a" + r + "b");
}

TEST_CASE("long values are cut between characters", "[labels]") {
    CHECK(clean_label(std::string(1000, 'x')) == std::string(256, 'x'));
    std::string wide;
    for (int i = 0; i < 200; ++i)
        wide += "\xE6\x97\xA5";
    CHECK(clean_label(wide).size() == 255);
    CHECK(clean_label(std::string(1000, '\xFF')).size() == 255);
}

TEST_CASE("every label of a service is cleaned", "[labels]") {
    const Service clean = clean_service({"a\xFF", "b\xFF", "c\xFF", "d\xFF"});
    CHECK(clean ==
          Service{"a" + replacement, "b" + replacement, "c" + replacement, "d" + replacement});
}
