// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/targets_in_kernel.h"

#include "bpf/events.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <iterator>

namespace holter::tracer {

void TargetsInKernel::describe(Slot slot, const process::Identity& identity) {
    holter_target target{};
    target.tgid = static_cast<std::uint32_t>(identity.pid);
    target.generation = ++generation_;
    bpf_map_update_elem(objects_.map("targets"), &slot, &target, BPF_ANY);
    bpf_map_update_elem(objects_.map("slots"), &target.tgid, &slot, BPF_ANY);
}

void TargetsInKernel::hide(Slot slot, const process::Identity& identity) {
    const holter_target nobody{}; // from now on its hits are dropped, wherever its links are
    bpf_map_update_elem(objects_.map("targets"), &slot, &nobody, BPF_ANY);
    const auto tgid = static_cast<std::uint32_t>(identity.pid);
    bpf_map_delete_elem(objects_.map("slots"), &tgid);
    drop_open_requests(slot);
}

void TargetsInKernel::drop_open_requests(Slot slot) {
    const int map = objects_.map("open_requests");
    holter_request_key key{}, next{};
    bool has_next = bpf_map_get_next_key(map, nullptr, &next) == 0;
    // Bounded: where an element goes while we stand on it, the kernel begins anew.
    for (int i = 0; has_next && i < 2 * HOLTER_MAX_OPEN_REQUESTS; ++i) {
        key = next;
        has_next = bpf_map_get_next_key(map, &key, &next) == 0;
        if (key.target == slot)
            bpf_map_delete_elem(map, &key);
    }
}

std::vector<Loss> TargetsInKernel::losses() const {
#define HOLTER_NAME(ID, name) #name,
    static constexpr const char* types[] = {"", HOLTER_EVENTS(HOLTER_NAME)};
    static constexpr const char* causes[] = {HOLTER_LOSS_CAUSES(HOLTER_NAME)};
#undef HOLTER_NAME
    const int map = objects_.map("losses");
    std::vector<Loss> losses;
    for (std::uint32_t type = 1; type < HOLTER_EVENT_TYPES; ++type)
        for (std::uint32_t cause = 0; cause < HOLTER_LOSSES; ++cause) {
            const std::uint32_t index = type * HOLTER_LOSSES + cause;
            Loss loss{types[type], causes[cause], 0};
            bpf_map_lookup_elem(map, &index, &loss.count);
            losses.push_back(loss);
        }
    return losses;
}

std::vector<std::uint64_t> TargetsInKernel::hits(Slot slot, std::size_t probes) const {
    holter_hits counts{};
    bpf_map_lookup_elem(objects_.map("hits"), &slot, &counts);
    const std::size_t known = std::min<std::size_t>(probes, HOLTER_MAX_PROBES);
    return {std::begin(counts.of_probe), std::begin(counts.of_probe) + known};
}

} // namespace holter::tracer
