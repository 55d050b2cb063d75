// SPDX-License-Identifier: Apache-2.0
//
// Which Holter this is. Both come from the build.
#pragma once

namespace holter::agent {

const char* version();
const char* revision();

} // namespace holter::agent
