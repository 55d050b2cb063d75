// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/open_requests.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>

namespace holter::tracer {

OpenRequests::OpenRequests(int map) : map_(map) {
    bpf_map_info info{};
    std::uint32_t size = sizeof(info);
    if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size) != 0)
        return;
    value_size_ = info.value_size;
    keys_.resize(elements_per_batch);
    values_.resize(std::size_t{elements_per_batch} * value_size_);
}

template <typename Visit> bool OpenRequests::go_on(Walk& walk, Slot slot, Visit&& visit) {
    if (value_size_ < sizeof(std::uint64_t))
        return true;
    while (batches_left_ > 0) {
        --batches_left_;
        std::uint32_t count = elements_per_batch, next = 0;
        const bool more = bpf_map_lookup_batch(map_, walk.begun ? &walk.position : nullptr, &next,
                                               keys_.data(), values_.data(), &count, nullptr) == 0;
        if (!more && errno != ENOENT) { // which says that these are the last
            walk.failed = true;
            return true;
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            if (keys_[i].target != slot)
                continue;
            std::uint64_t began_ns = 0;
            std::memcpy(&began_ns, values_.data() + std::size_t{i} * value_size_, sizeof(began_ns));
            if (!visit(keys_[i], began_ns != 0))
                return false; // from this batch on the next time
        }
        if (!more)
            return true;
        walk.position = next;
        walk.begun = true;
    }
    return false;
}

bool OpenRequests::any(Slot slot) {
    Walk& walk = asked_[slot];
    const bool none =
        go_on(walk, slot, [](const auto&, bool in_progress) { return !in_progress; }) &&
        !walk.failed;
    if (none || walk.failed)
        asked_.erase(slot);
    return !none;
}

bool OpenRequests::forget(Slot slot, std::uint64_t& forgotten) {
    const bool done = go_on(asked_[slot], slot, [&](const auto& key, bool in_progress) {
        if (in_progress && bpf_map_delete_elem(map_, &key) == 0)
            ++forgotten;
        return true;
    });
    if (done)
        asked_.erase(slot);
    return !done;
}

bool OpenRequests::remove_more(Walk& walk, Slot slot) {
    return go_on(walk, slot, [this](const auto& key, bool) {
        bpf_map_delete_elem(map_, &key);
        return true;
    });
}

void OpenRequests::remove(Slot slot) {
    asked_.erase(slot);
    gone_[slot] = {};
}

void OpenRequests::end_round() {
    while (batches_left_ > 0 && !gone_.empty() &&
           remove_more(gone_.begin()->second, gone_.begin()->first))
        gone_.erase(gone_.begin());
}

void OpenRequests::finish(Slot slot) {
    const auto found = gone_.find(slot);
    if (found == gone_.end())
        return;
    do {
        begin_round();
    } while (!remove_more(found->second, slot));
    gone_.erase(found);
}

} // namespace holter::tracer
