// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/open_requests.h"

#include "bpf/events.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

namespace holter::tracer {

namespace {

constexpr std::uint32_t at_a_time = 4096;

/// Calls `visit(key, in_progress)` for each element of the target until that returns false.
template <typename Visitor> void each_of(int map, Slot slot, Visitor&& visit) {
    bpf_map_info info{};
    std::uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(map, &info, &size) != 0 || info.value_size < sizeof(std::uint64_t))
        return;
    std::vector<holter_request_key> keys(at_a_time);
    std::vector<std::byte> values(std::size_t{at_a_time} * info.value_size);
    std::uint32_t position = 0;
    bool more = true;
    for (bool first = true; more; first = false) {
        std::uint32_t count = at_a_time;
        more = bpf_map_lookup_batch(map, first ? nullptr : &position, &position, keys.data(),
                                    values.data(), &count, nullptr) == 0;
        if (!more && errno != ENOENT)
            return;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (keys[i].target != slot)
                continue;
            std::uint64_t began_ns = 0;
            std::memcpy(&began_ns, values.data() + std::size_t{i} * info.value_size,
                        sizeof(began_ns));
            if (!visit(keys[i], began_ns != 0))
                return;
        }
    }
}

} // namespace

bool OpenRequests::any(Slot slot) const {
    bool found = false;
    each_of(map_, slot, [&](const holter_request_key&, bool in_progress) {
        found = in_progress;
        return !found;
    });
    return found;
}

std::size_t OpenRequests::drop(Slot slot) const {
    std::vector<holter_request_key> keys; // walking and deleting at once would miss some
    std::size_t in_progress = 0;
    each_of(map_, slot, [&](const holter_request_key& key, bool open) {
        keys.push_back(key);
        in_progress += open ? 1 : 0;
        return true;
    });
    for (const auto& key : keys)
        bpf_map_delete_elem(map_, &key);
    return in_progress;
}

} // namespace holter::tracer
