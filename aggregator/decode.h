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
#include <span>
#include <string_view>

namespace holter::aggregator {

/// Label value for an `enum holter_event_type`; `unknown` for any other number.
std::string_view event_name(std::uint32_t type);

/// Calls `visit(event)` with the event's own struct, in place. False when the record is malformed;
/// `type` is then what it claims to be, or 0 when it is too short even for that. Records of a ring
/// are aligned to 8 bytes; one that is not is malformed.
template <typename Visitor>
bool decode(std::span<const std::byte> record, std::uint32_t& type, Visitor&& visit) {
    const void* const data = record.data();
    type = 0;
    if (record.size() < sizeof(holter_event) ||
        reinterpret_cast<std::uintptr_t>(data) % alignof(holter_go_gc_pause) != 0)
        return false;
    type = static_cast<const holter_event*>(data)->type;
    switch (type) {
    case HOLTER_EVENT_GO_GC_PAUSE: {
        const auto& event = *static_cast<const holter_go_gc_pause*>(data);
        if (record.size() != sizeof(event) || event.kind >= HOLTER_GO_PAUSE_KINDS ||
            event.trigger >= HOLTER_GO_TRIGGERS)
            return false;
        visit(event);
        return true;
    }
    case HOLTER_EVENT_GO_STOP: {
        const auto& event = *static_cast<const holter_go_stop*>(data);
        if (record.size() != sizeof(event))
            return false;
        visit(event);
        return true;
    }
    default:
        return false;
    }
}

} // namespace holter::aggregator
