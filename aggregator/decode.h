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

/// Whether an event of the right size holds nothing that cannot be. For types that can be wrong.
template <typename Event> bool plausible(const Event&) {
    return true;
}
inline bool plausible(const holter_go_panic& event) {
    return event.kind < HOLTER_GO_PANIC_KINDS;
}
inline bool plausible(const holter_go_gc_pause& event) {
    return event.kind < HOLTER_GO_PAUSE_KINDS && event.trigger < HOLTER_GO_TRIGGERS;
}

inline bool plausible(const holter_probe_text_hit& event) {
    return event.length[0] <= HOLTER_TEXT_SIZE && event.length[1] <= HOLTER_TEXT_SIZE;
}

inline bool plausible(const holter_go_object& event) {
    return event.kind < HOLTER_GO_OBJECT_KINDS;
}
inline bool plausible(const holter_go_http_dial& event) {
    return event.result < HOLTER_GO_DIAL_RESULTS;
}
inline bool plausible(const holter_go_grpc_transition& event) {
    return event.from < HOLTER_GO_GRPC_STATES && event.to < HOLTER_GO_GRPC_STATES;
}

template <typename Event>
requires requires(const Event& event) {
    event.facts.text_length;
}
bool plausible(const Event& event) {
    return event.facts.kind < HOLTER_REQUEST_KINDS && event.facts.text_length <= sizeof(event.text);
}

inline bool plausible(const holter_traced_request& event) {
    return event.facts.kind < HOLTER_REQUEST_KINDS &&
           event.facts.text_length <= sizeof(event.text) &&
           event.trace_length <= sizeof(event.trace) && event.id_length <= sizeof(event.id);
}

/// Calls `visit(event)` with the event's own struct, in place. False when the record is malformed;
/// `type` is then what it claims to be, or 0 when it is too short even for that. Records of a ring
/// are aligned to 8 bytes; one that is not is malformed.
template <typename Visitor>
bool decode(std::span<const std::byte> record, std::uint32_t& type, Visitor&& visit) {
    const void* const data = record.data();
    type = HOLTER_EVENT_NONE;
    if (record.size() < sizeof(holter_event) ||
        reinterpret_cast<std::uintptr_t>(data) % alignof(std::uint64_t) != 0)
        return false;
    type = static_cast<const holter_event*>(data)->type;
    const auto whole = [&]<typename Event>(const Event* event) {
        if (record.size() != sizeof(Event) || !plausible(*event))
            return false;
        visit(*event);
        return true;
    };
    switch (type) {
#define HOLTER_CASE(TYPE, name)                                                                    \
    case HOLTER_EVENT_##TYPE:                                                                      \
        return whole(static_cast<const holter_##name*>(data));
        HOLTER_EVENTS(HOLTER_CASE)
#undef HOLTER_CASE
    default:
        return false;
    }
}

} // namespace holter::aggregator
