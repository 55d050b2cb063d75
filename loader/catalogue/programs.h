// SPDX-License-Identifier: Apache-2.0
//
// The words a catalogue file may use for the programs of a BPF object and their
// arguments, as bpf/events.h lists them.
#pragma once

#include <string>
#include <vector>

namespace holter::catalogue {

/// The position of a word is its number in a probe's cookie.
struct Vocabulary {
    std::vector<std::string> programs;
    std::vector<std::string> arguments;
};

/// Names of the objects that probes can be attached with.
std::vector<std::string> object_names();

/// The vocabulary of one of them; empty for any other name.
const Vocabulary& vocabulary(const std::string& object);

} // namespace holter::catalogue
