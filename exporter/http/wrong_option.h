// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace holter::exporter {

/// An option that can never work, as opposed to one that does not work now (a port in use).
class WrongOption : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

} // namespace holter::exporter
