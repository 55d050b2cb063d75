// SPDX-License-Identifier: Apache-2.0
#include "loader/process/selection.h"

#include "catch.h"

#include <string>

namespace holter::process {
namespace {

constexpr pid_t own = 1000;
const Identity someone{7, 100};

std::string unasked() {
    FAIL("the service name was not needed");
    return {};
}

TEST_CASE("selection: everything by default, never ourselves") {
    const Selection all({}, own);
    CHECK_FALSE(all.only_listed());
    CHECK(all.selects(someone, "/bin/x", unasked));
    CHECK_FALSE(all.selects({own, 5}, "/bin/x", unasked));
    const Selection us({{{own, 5}}, {"*"}, {"*"}}, own);
    CHECK_FALSE(us.selects({own, 5}, "/bin/x", unasked));
}

TEST_CASE("selection: by identity") {
    const Selection one({{someone}, {}, {}}, own);
    CHECK(one.only_listed());
    CHECK(one.selects(someone, "/bin/x", unasked));
    CHECK_FALSE(one.selects({8, 100}, "/bin/x", unasked));
    CHECK_FALSE(one.selects({7, 101}, "/bin/x", unasked)); // the number was used again
}

TEST_CASE("selection: by executable") {
    const Selection some({{}, {"/opt/shop/*", "prom*"}, {}}, own);
    CHECK_FALSE(some.only_listed());
    CHECK(some.selects(someone, "/opt/shop/bin/x", unasked));
    CHECK(some.selects(someone, "/usr/bin/prometheus", unasked));
    CHECK_FALSE(some.selects(someone, "/usr/prom/x", unasked));
    CHECK_FALSE(some.selects(someone, "/opt/shops", unasked));
}

TEST_CASE("selection: by service name, asked for only when it decides") {
    const Selection either({{someone}, {"x"}, {"shop-*"}}, own);
    CHECK_FALSE(either.only_listed());
    const Identity other{8, 1};
    int asked = 0;
    const auto name = [&] {
        ++asked;
        return std::string("shop-web");
    };
    CHECK(either.selects(someone, "/bin/y", name));
    CHECK(either.selects(other, "/bin/x", name));
    CHECK(asked == 0);
    CHECK(either.selects(other, "/bin/y", name));
    CHECK(asked == 1);
    CHECK_FALSE(either.selects(other, "/bin/y", [] { return std::string("bank"); }));
}

} // namespace
} // namespace holter::process
