// SPDX-License-Identifier: Apache-2.0
#include "agent/table.h"

#include "catch.h"

#include <sstream>

using namespace holter;

namespace {

std::string printed(const std::vector<std::string>& header,
                    const std::vector<std::vector<std::string>>& rows, std::size_t most) {
    std::ostringstream out;
    agent::print_table(out, header, rows, most);
    return out.str();
}

} // namespace

TEST_CASE("columns are as wide as their content") {
    CHECK(printed({"A", "COST", "B"}, {{"probe", "0.7 µs", "x"}, {"p", "12 µs", "yz"}},
                  agent::any_width) == "A      COST    B\n"
                                       "probe  0.7 µs  x\n"
                                       "p      12 µs   yz\n");
}

TEST_CASE("the widest columns give way, by characters, but for the first") {
    CHECK(printed({"A", "B", "C"}, {{"short", "a long one µµµµ", "also long"}}, 23) ==
          "A      B        C\n"
          "short  a long…  also l…\n");
    CHECK(printed({"A", "B"}, {{"µµµµ", "µµµµ"}}, 6) == "A     B\nµµµµ  …\n");
    CHECK(printed({"A", "B"}, {{"a", "b"}, {"a", ""}}, 80) == "A  B\na  b\na\n");
    CHECK(printed({"A", "B"}, {{"aaaa", "bbbb"}}, 1) == "A     B\naaaa  …\n"); // no less than this
}
