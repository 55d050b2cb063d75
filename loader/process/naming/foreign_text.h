// SPDX-License-Identifier: Apache-2.0
//
// Names, paths and arguments come from the target and end in labels and logs. A
// label must be UTF-8, a log line must be one line, and neither may be endless.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holter::process {

/// Valid UTF-8 of at most `limit` bytes: what is malformed and every control character becomes
/// U+FFFD; cut at a character's border.
std::string clean_text(std::string_view text, std::size_t limit);

} // namespace holter::process
