// SPDX-License-Identifier: Apache-2.0
#include "agent/version.h"

namespace holter::agent {

const char* version() {
    return HOLTER_VERSION;
}
const char* revision() {
    return HOLTER_REVISION;
}

} // namespace holter::agent
