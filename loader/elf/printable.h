// SPDX-License-Identifier: Apache-2.0
//
// Text from a foreign file ends on metric pages, in logs and on terminals.
#pragma once

#include <string>
#include <string_view>

namespace holter::elf {

/// `text` as valid UTF-8 without control characters: each offending byte becomes U+FFFD.
std::string printable(std::string_view text);

} // namespace holter::elf
