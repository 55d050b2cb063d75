// SPDX-License-Identifier: Apache-2.0
//
// The memory of a JVM, with what libjvm's tables for debuggers say of its classes.
#pragma once

#include "loader/resolve/hotspot_classes.h"

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace holter::test {

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

    resolve::HotspotClasses::Read reader() {
        return [this](std::uint64_t address, std::span<std::byte> out) {
            ++reads;
            if (address < at || address - at > bytes_.size() ||
                bytes_.size() - (address - at) < out.size())
                return false;
            std::memcpy(out.data(), &bytes_[address - at], out.size());
            return true;
        };
    }

    const std::vector<char>& bytes() const { return bytes_; }

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

} // namespace holter::test
