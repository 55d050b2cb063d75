// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a function of either machine. What comes out must lie inside the bytes. The first
// 16 bytes of the input are the callee and a morestack, so that calls can be found.
#include "loader/site/site.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

using namespace holter::site;

namespace {

constexpr std::uint64_t link_address = 0x401000;

void require_inside(const Code& code, const Site& site) {
    if (site.address - code.address >= code.bytes.size()) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::uint64_t callees[2] = {};
    if (size < sizeof callees) {
        return 0;
    }
    std::memcpy(callees, data, sizeof callees);
    const std::span<const std::byte> bytes(
        reinterpret_cast<const std::byte*>(data) + sizeof callees, size - sizeof callees);
    for (const Machine machine : {Machine::x86_64, Machine::arm64}) {
        const Code code{machine, link_address, bytes};
        if (const auto site = entry_site(code, callees)) {
            require_inside(code, *site);
        }
        for (const auto find : {call_sites, result_sites}) {
            if (const auto sites = find(code, callees[0])) {
                for (const Site& site : *sites) {
                    require_inside(code, site);
                }
            }
        }
    }
    return 0;
}
