// SPDX-License-Identifier: Apache-2.0
#include "loader/process/naming/resource_attributes.h"

#include "catch.h"

namespace holter::process {
namespace {

TEST_CASE("resource attributes: pairs, decoded") {
    const auto attributes =
        parse_resource_attributes(" service.name = a%2Cb%3dc , k8s.pod.name=p,empty=,x=y=z,");
    REQUIRE(attributes);
    CHECK(*attributes ==
          ResourceAttributes{
              {"service.name", "a,b=c"}, {"k8s.pod.name", "p"}, {"empty", ""}, {"x", "y=z"}});
    CHECK(parse_resource_attributes("")->empty());
}

TEST_CASE("resource attributes: one mistake discards all") {
    for (const char* text : {"a=b,c", "a=%", "a=%4", "a=%zz", "a=%4z", "a=%-1", "=b", "%=b"}) {
        INFO(text);
        CHECK_FALSE(parse_resource_attributes(text));
    }
}

} // namespace
} // namespace holter::process
