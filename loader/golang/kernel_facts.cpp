// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/kernel_facts.h"

#include "bpf/events.h"

#include <cstring>

namespace holter::golang {

namespace {

template <typename Element> KernelFact fact(const char* map, const Element& element) {
    KernelFact fact{map, std::vector<std::byte>(sizeof(element))};
    std::memcpy(fact.element.data(), &element, sizeof(element));
    return fact;
}

KernelFact gc_account(const Binary& binary, const RuntimeVariables& variables) {
    const auto in_memstats = [&](const char* field) -> std::uint64_t {
        const auto offset = binary.offsets.field(field);
        return variables.memstats && offset ? *variables.memstats + *offset : 0;
    };
    holter_go_gc_target target{};
    target.numgc_address = in_memstats("runtime.mstats.numgc");
    target.pause_total_address = in_memstats("runtime.mstats.pause_total_ns");
    if (const auto offset = binary.offsets.field("runtime.m.preemptoff"))
        target.preemptoff_offset = static_cast<std::uint32_t>(*offset);
    return fact("go_gc_targets", target);
}

KernelFact wrapping_types(const Binary& binary, std::uint64_t load_bias) {
    holter_go_error_target target{};
    if (binary.functions && binary.functions->module_data) {
        const std::uint64_t types = binary.functions->module_data->types;
        target.types = types + load_bias;
        for (const ErrorLink& link : binary.error_links)
            target.links[target.count++] = {
                static_cast<std::uint32_t>(link.type - types),
                static_cast<std::uint16_t>(link.offset),
                link.slice ? std::uint16_t{HOLTER_GO_LINK_ERRORS}
                           : std::uint16_t{HOLTER_GO_LINK_ERROR}};
    }
    return fact("go_error_targets", target);
}

} // namespace

std::vector<KernelFact> kernel_facts(const Binary& binary, const RuntimeVariables& variables,
                                     std::uint64_t load_bias) {
    return {gc_account(binary, variables), wrapping_types(binary, load_bias)};
}

} // namespace holter::golang
