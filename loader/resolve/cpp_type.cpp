// SPDX-License-Identifier: Apache-2.0
#include "loader/resolve/cpp_type.h"

#include "loader/symbols/demangle.h"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>

namespace holter::resolve {

std::string cpp_type(std::string_view mangled) {
    // A `*` in front says that the name is to be compared by address.
    std::string name(mangled.starts_with('*') ? mangled.substr(1) : mangled);
    if (symbols::is_too_complex("_Z" + name))
        return name;
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
    return demangled && status == 0 ? demangled.get() : name;
}

} // namespace holter::resolve
