// SPDX-License-Identifier: Apache-2.0
#include "loader/resolve/hotspot_classes.h"

#include "catch.h"

#include <cstring>
#include <map>
#include <string>
#include <vector>

using namespace holter;
using resolve::HotspotClasses;

namespace {

/// A process's memory: one range, in which libjvm's tables are laid out as a version has them.
class FakeJvm {
  public:
    static constexpr std::uint64_t at = 0x10000;

    FakeJvm() : bytes_(0x10000) {
        const std::uint64_t offsets[] = {0, 8, 24, 32, 40};
        const char* names[] = {"TypeName", "FieldName", "IsStatic", "Offset", "Address"};
        for (std::size_t i = 0; i < 5; ++i)
            variable(std::string("gHotSpotVMStructEntry") + names[i] + "Offset", offsets[i]);
        variable("gHotSpotVMStructEntryArrayStride", stride);
        variable("gHotSpotVMStructs", table);
    }

    void entry(const char* type, const char* field, bool is_static, std::uint64_t offset,
               std::uint64_t address) {
        const std::uint64_t here = table + entries_++ * stride;
        put(here, text(type));
        put(here + 8, text(field));
        put(here + 24, std::uint32_t{is_static});
        put(here + 32, offset);
        put(here + 40, address);
    }

    /// Tables as JDK 25 has them; `prefix` as 17 and 21 have.
    void tables(const std::string& prefix = "") {
        entry("oopDesc", "_mark", false, 0, 0);
        entry("Klass", "_name", false, 24, 0);
        entry("Symbol", "_length", false, 4, 0);
        entry("Symbol", "_body[0]", false, 6, 0);
        entry("CompressedKlassPointers", (prefix + "_base").c_str(), true, 0, base_variable);
        entry("CompressedKlassPointers", (prefix + "_shift").c_str(), true, 0, base_variable + 8);
        put(base_variable, at + 0x8000);
        put(base_variable + 8, std::uint32_t{3});
    }

    /// A class whose compressed pointer is `compressed`.
    void add_class(std::uint32_t compressed, const std::string& name, std::uint16_t length = 0) {
        const std::uint64_t klass = at + 0x8000 + (std::uint64_t{compressed} << 3);
        put(klass + 24, next_);
        put(next_ + 4, length ? length : static_cast<std::uint16_t>(name.size()));
        std::memcpy(&bytes_[next_ + 6 - at], name.data(), name.size());
        next_ += 8 + (name.size() + 7) / 8 * 8;
    }

    template <typename T> void put(std::uint64_t address, T value) {
        std::memcpy(&bytes_[address - at], &value, sizeof(value));
    }

    HotspotClasses::Read reader() {
        return [this](std::uint64_t address, std::span<std::byte> out) {
            ++reads;
            if (address < at || address - at > bytes_.size() ||
                bytes_.size() - (address - at) < out.size())
                return false;
            std::memcpy(out.data(), &bytes_[address - at], out.size());
            return true;
        };
    }

    std::map<std::string, std::uint64_t> addresses;
    std::size_t reads = 0;
    static constexpr std::uint64_t stride = 48;
    static constexpr std::uint64_t table = at + 0x1000;
    static constexpr std::uint64_t base_variable = at + 0x3000;

  private:
    void variable(const std::string& name, std::uint64_t value) {
        const std::uint64_t address = at + 8 * addresses.size();
        addresses[name] = address;
        put(address, value);
    }

    std::uint64_t text(const char* text) {
        const std::uint64_t here = next_;
        std::memcpy(&bytes_[here - at], text, std::strlen(text) + 1);
        next_ += 64;
        return here;
    }

    std::vector<char> bytes_;
    std::size_t entries_ = 0;
    std::uint64_t next_ = at + 0x4000;
};

} // namespace

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
