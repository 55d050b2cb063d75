// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/targets_in_kernel.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <iterator>
#include <limits>
#include <utility>

namespace holter::tracer {

Status TargetsInKernel::open() {
    auto targets =
        attach::MappedArray<holter_target>::open(objects_.map("targets"), HOLTER_MAX_TARGETS);
    if (!targets)
        return targets.error();
    targets_ = std::move(*targets);
    open_requests_ = OpenRequests(objects_.map("open_requests"));
    return ok;
}

void TargetsInKernel::describe(Slot slot, const process::Identity& identity) {
    open_requests_.finish(slot);
    const auto tgid = static_cast<std::uint32_t>(identity.pid);
    holter_target& target = targets_[slot];
    std::atomic_ref(target.generation).store(++generation_, std::memory_order_relaxed);
    set_window(target, 0, 0, std::numeric_limits<std::uint64_t>::max());
    std::atomic_ref(target.tgid).store(tgid, std::memory_order_release);
    bpf_map_update_elem(objects_.map("slots"), &tgid, &slot, BPF_ANY);
}

void TargetsInKernel::hide(Slot slot, const process::Identity& identity) {
    // From now on its hits are dropped, wherever its links are.
    std::atomic_ref(targets_[slot].tgid).store(0, std::memory_order_release);
    const auto tgid = static_cast<std::uint32_t>(identity.pid);
    bpf_map_delete_elem(objects_.map("slots"), &tgid);
    open_requests_.remove(slot);
}

void TargetsInKernel::count_requests(Slot slot, std::uint32_t window, std::uint64_t from_ns,
                                     std::uint64_t until_ns) {
    set_window(targets_[slot], window, from_ns, until_ns);
}

bool TargetsInKernel::has_open_requests(Slot slot, bool give_up) {
    if (!give_up)
        return open_requests_.any(slot);
    std::uint64_t forgotten = 0;
    const bool more = open_requests_.forget(slot, forgotten);
    cut_off_ += forgotten;
    return more;
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
    losses.push_back({"request", "outlived_window", cut_off_});
    return losses;
}

std::vector<std::uint64_t> TargetsInKernel::hits(Slot slot, std::size_t probes) const {
    holter_hits counts{};
    bpf_map_lookup_elem(objects_.map("hits"), &slot, &counts);
    const std::size_t known = std::min<std::size_t>(probes, HOLTER_MAX_PROBES);
    return {std::begin(counts.of_probe), std::begin(counts.of_probe) + known};
}

} // namespace holter::tracer
