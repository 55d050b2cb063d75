// SPDX-License-Identifier: Apache-2.0
#include "aggregator/decode.h"

namespace holter::aggregator {

std::string_view event_name(std::uint32_t type) {
#define HOLTER_NAME(ID, name) #name,
    static constexpr const char* names[] = {"unknown", HOLTER_EVENTS(HOLTER_NAME)};
#undef HOLTER_NAME
    return type < HOLTER_EVENT_TYPES ? names[type] : names[HOLTER_EVENT_NONE];
}

} // namespace holter::aggregator
