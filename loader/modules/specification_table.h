// SPDX-License-Identifier: Apache-2.0
//
// The numbers under which the kernel side knows what places mean. A plan that is
// published has one for each place; they return when nobody uses the plan any more,
// and are given out again as late as possible, so that no event in flight meets
// another meaning.
#pragma once

#include "bpf/events.h"
#include "loader/catalogue/definition.h"
#include "loader/modules/file_plan.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace holter::modules {

/// A plan with its numbers.
struct PublishedPlan {
    FilePlan plan;
    /// By group, probe and place, as in the plan; the first of a probe is the probe's own number,
    /// which its events carry.
    std::vector<std::vector<std::vector<std::uint32_t>>> numbers;

    /// The probe's number; nothing if it has no places.
    std::optional<std::uint32_t> number_of(std::size_t group, std::size_t probe) const {
        const auto& places = numbers[group][probe];
        return places.empty() ? std::nullopt : std::optional(places.front());
    }
};

/// What the table tells of a probe's meaning: at publishing, and when the number is free again.
struct SpecificationListener {
    std::function<void(std::uint32_t number, const std::shared_ptr<const catalogue::Definition>&,
                       const catalogue::DeclaredProbe&)>
        defined;
    std::function<void(std::uint32_t number)> forgotten;
};

class SpecificationTable {
  public:
    /// `map` is the array `specifications`; -1: the plans are only to be looked at.
    SpecificationTable(int map, SpecificationListener listener);

    /// Gives the plan its numbers. Probes for which none are left fail with
    /// `too_many_specifications`. The table must outlive what it returns.
    std::shared_ptr<const PublishedPlan> publish(FilePlan plan);

  private:
    void release(const PublishedPlan& plan);
    void write(std::uint32_t number, const holter_specification& specification) const;

    int map_;
    SpecificationListener listener_;
    std::deque<std::uint32_t> free_; ///< oldest freed first
};

} // namespace holter::modules
