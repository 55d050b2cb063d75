// SPDX-License-Identifier: Apache-2.0
#include "aggregator/decode.h"

namespace holter::aggregator {

std::string_view event_name(std::uint32_t type) {
    switch (type) {
    case HOLTER_EVENT_GO_GC_PAUSE:
        return "go_gc_pause";
    case HOLTER_EVENT_GO_STOP:
        return "go_stop";
    default:
        return "unknown";
    }
}

} // namespace holter::aggregator
