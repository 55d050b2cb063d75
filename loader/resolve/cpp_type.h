// SPDX-License-Identifier: Apache-2.0
//
// Names of C++ types, as std::type_info has them.
#pragma once

#include <string>
#include <string_view>

namespace holter::resolve {

/// `std::out_of_range` for `St12out_of_range`. What is no mangled type, or would cost too much to
/// demangle, stays as it is.
std::string cpp_type(std::string_view mangled);

} // namespace holter::resolve
