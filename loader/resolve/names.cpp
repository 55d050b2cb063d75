// SPDX-License-Identifier: Apache-2.0
#include "loader/resolve/names.h"

#include "loader/resolve/cpp_type.h"

namespace holter::resolve {

Names::Names(const process::Procfs& procfs, const process::Identity& identity)
    : procfs_(procfs), identity_(identity) {}

Names::~Names() = default;

std::string Names::of(catalogue::Field::As as, std::uint64_t, std::string_view text) {
    switch (as) {
    case catalogue::Field::As::cpp_type:
        return cpp_type(text);
    default:
        return std::string(text);
    }
}

} // namespace holter::resolve
