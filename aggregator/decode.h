// SPDX-License-Identifier: Apache-2.0
//
// From the bytes of one ring record to a typed event. Kernel side and user side are
// built from the same header, so a record has exactly the size of its struct; what
// has not is not ours. The visitor is a template so that the way from the ring to a
// counter holds no indirect call.
#pragma once

#include "bpf/events.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace holter::aggregator {

/// Label value for an `enum holter_event_type`; `unknown` for any other number.
std::string_view event_name(std::uint32_t type);

/// Calls `visit(event)` with the event's own struct. False when the record is malformed; `type` is
/// then what it claims to be, or 0 when it is too short even for that.
template <typename Visitor>
bool decode(std::span<const std::byte> record, std::uint32_t& type, Visitor&& visit) {
    const auto as = [&]<typename Event>(Event event) {
        if (record.size() != sizeof(event))
            return false;
        std::memcpy(&event, record.data(), sizeof(event));
        if constexpr (requires { event.kind; })
            if (event.kind >= HOLTER_GO_PAUSE_KINDS || event.trigger >= HOLTER_GO_TRIGGERS)
                return false;
        visit(event);
        return true;
    };
    holter_event event;
    if (record.size() < sizeof(event)) {
        type = 0;
        return false;
    }
    std::memcpy(&event, record.data(), sizeof(event));
    type = event.type;
    switch (event.type) {
    case HOLTER_EVENT_GO_GC_PAUSE:
        return as(holter_go_gc_pause{});
    case HOLTER_EVENT_GO_STOP:
        return as(holter_go_stop{});
    default:
        return false;
    }
}

} // namespace holter::aggregator
