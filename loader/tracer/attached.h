// SPDX-License-Identifier: Apache-2.0
//
// A target with the parts that are attached to it, and the numbers by which its probes are
// known. A library that comes and goes must not use these up: what is gone leaves its numbers to
// the next that has the same probes.
#pragma once

#include "loader/attach/link_bin.h"
#include "loader/golang/binary.h"
#include "loader/modules/examiner.h"
#include "loader/process/identity.h"
#include "loader/result.h"
#include "loader/tracer/part.h"
#include "loader/tracer/target.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holter::tracer {

struct Attached {
    process::Identity identity;
    std::shared_ptr<const golang::Binary> binary; ///< null: not Go
    std::vector<Part> parts;
    std::uint32_t probes = 0;      ///< numbers that are given out
    std::vector<Error> unreadable; ///< files that could not be looked at
    /// First numbers of parts that are gone, by the probes that they had.
    std::multimap<std::vector<std::string>, std::uint32_t> free_numbers;

    bool has(const modules::PublishedPlan& plan, const process::FileIdentity& file) const;
    void append(Part part);
    /// The number of the first probe of a part that is to be appended.
    std::uint32_t numbers_for(const modules::PublishedPlan& plan);
    /// Before it is removed.
    void drop(Part& part, attach::LinkBin& links);
    /// Of all of its probes, and why others are missing.
    std::vector<ProbeState> states() const;
};

} // namespace holter::tracer
