// SPDX-License-Identifier: Apache-2.0
#include "loader/resolve/hotspot_classes.h"

#include "catch.h"
#include "resolve/fake_jvm.h"

using holter::resolve::HotspotClasses;
using holter::test::FakeJvm;

TEST_CASE("Java classes are named by their compressed pointers") {
    FakeJvm jvm;
    SECTION("as JDK 25 lays its tables out") {
        jvm.tables();
    }
    SECTION("as JDK 17 and 21 do") {
        jvm.tables("_narrow_klass.");
    }
    jvm.add_class(16, "java/lang/NullPointerException");
    jvm.add_class(32, "Target$OrderRejected");
    auto classes = HotspotClasses::open(jvm.reader(), jvm.addresses);
    REQUIRE(classes);
    CHECK(classes->name_of(16) == "java.lang.NullPointerException");
    CHECK(classes->name_of(32) == "Target$OrderRejected");

    const std::size_t reads = jvm.reads;
    CHECK(classes->name_of(16) == "java.lang.NullPointerException");
    CHECK(jvm.reads == reads);
}

TEST_CASE("A class that cannot be read has no name") {
    FakeJvm jvm;
    jvm.tables();
    jvm.add_class(16, "");
    jvm.add_class(32, "cut/off", 0xffff);
    auto classes = HotspotClasses::open(jvm.reader(), jvm.addresses);
    REQUIRE(classes);
    CHECK(classes->name_of(16).empty());
    // Far outside of what is mapped.
    CHECK(classes->name_of(0xffffffff).empty());
    // A length that cannot be is cut, and what follows is made printable.
    const std::string cut = classes->name_of(32);
    CHECK(cut.substr(0, 7) == "cut.off");
    CHECK(cut.find('\0') == std::string::npos);

    // A shift that no JVM has.
    jvm.add_class(48, "later/Loaded");
    jvm.put(FakeJvm::base_variable + 8, std::uint32_t{60});
    CHECK(classes->name_of(48).empty());
}

TEST_CASE("Without all of its tables, a JVM's classes have no names") {
    FakeJvm jvm;
    SECTION("a variable is missing") {
        jvm.tables();
        jvm.addresses.erase("gHotSpotVMStructs");
    }
    SECTION("a field is missing") {
        jvm.entry("Klass", "_name", false, 24, 0);
    }
    SECTION("the tables have no end in mapped memory") {
        jvm.tables();
        jvm.put(jvm.addresses["gHotSpotVMStructs"], FakeJvm::at + 0xfff8);
    }
    SECTION("an entry is smaller than what is in it") {
        jvm.tables();
        jvm.put(jvm.addresses["gHotSpotVMStructEntryArrayStride"], std::uint64_t{16});
    }
    SECTION("an offset that overflows") {
        jvm.tables();
        jvm.put(jvm.addresses["gHotSpotVMStructEntryOffsetOffset"], ~std::uint64_t{0} - 4);
    }
    const auto classes = HotspotClasses::open(jvm.reader(), jvm.addresses);
    REQUIRE_FALSE(classes);
    CHECK(classes.error().reason == "no_vm_structs");
}
