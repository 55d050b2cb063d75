// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/types/type_names.h"

namespace holter::golang {

std::string TypeNames::name(std::uint64_t address) {
    const auto known = names_.find(address);
    if (known != names_.end())
        return known->second;
    std::string name = types_.name(address - load_bias_).value_or("unknown");
    if (names_.size() < kept_names)
        names_.emplace(address, name);
    return name;
}

std::string TypeNames::constant(std::uint64_t address, std::uint64_t length) const {
    return types_.constant(address - load_bias_, length).value_or("");
}

} // namespace holter::golang
