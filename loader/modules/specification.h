// SPDX-License-Identifier: Apache-2.0
//
// From the fields that a catalogue file wants at a place to what the kernel side is
// told: where the arguments are there, which pointers to follow, what to compare.
#pragma once

#include "loader/modules/file_plan.h"
#include "loader/symbols/functions.h"
#include "loader/usdt/notes.h"

namespace holter::modules {

/// Fills `planned.specification` and `planned.arguments`. Error: `unreadable_argument`.
Status specify_usdt(const elf::ElfFile& file, const usdt::Probe& probe,
                    const catalogue::Place& place, const catalogue::DeclaredProbe& declared,
                    PlannedPlace& planned);

/// The same at a function's entry or return, by the C calling convention.
Status specify_function(const elf::ElfFile& file, const symbols::Function& function,
                        const catalogue::Place& place, const catalogue::DeclaredProbe& declared,
                        PlannedPlace& planned);

/// Name of the BPF program that does what it says: texts need one that may sleep.
const char* program_of(const holter_specification& specification);

} // namespace holter::modules
