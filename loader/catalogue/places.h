// SPDX-License-Identifier: Apache-2.0
//
// The reader of what a catalogue file says of a place: where it is, what is read there,
// and when a hit counts.
#pragma once

#include "loader/catalogue/definition.h"
#include "loader/catalogue/strict_yaml.h"

namespace holter::catalogue {

/// Throws YamlError.
Place parse_place(const YamlValue& value, Place::Role role);

} // namespace holter::catalogue
