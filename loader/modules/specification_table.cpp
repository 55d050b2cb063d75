// SPDX-License-Identifier: Apache-2.0
#include "loader/modules/specification_table.h"

#include <algorithm>
#include <bpf/bpf.h>

namespace holter::modules {

SpecificationTable::SpecificationTable(int map, SpecificationListener listener)
    : map_(map), listener_(std::move(listener)) {
    for (std::uint32_t number = 0; number < HOLTER_MAX_SPECIFICATIONS; ++number)
        free_.push_back(number);
}

void SpecificationTable::write(std::uint32_t number,
                               const holter_specification& specification) const {
    if (map_ >= 0)
        bpf_map_update_elem(map_, &number, &specification, BPF_ANY);
}

std::shared_ptr<const PublishedPlan> SpecificationTable::publish(FilePlan plan) {
    auto published = std::make_unique<PublishedPlan>();
    published->plan = std::move(plan);
    for (auto& group : published->plan.groups) {
        auto& of_group = published->numbers.emplace_back();
        for (auto& probe : group.probes) {
            auto& of_probe = of_group.emplace_back();
            if (probe.places.size() > free_.size()) {
                probe.places.clear();
                probe.failure =
                    Error{"too_many_specifications",
                          "all " + std::to_string(HOLTER_MAX_SPECIFICATIONS) +
                              " places that catalogue probes can be attached to are in use"};
            }
            for (std::size_t i = 0; i < probe.places.size(); ++i) {
                of_probe.push_back(free_.front());
                free_.pop_front();
            }
        }
    }
    for (std::size_t g = 0; g < published->numbers.size(); ++g) {
        const auto& probes = published->plan.groups[g].probes;
        const auto number_of = [&](const std::string& name) -> std::uint32_t {
            for (std::size_t p = 0; p < probes.size(); ++p)
                if (probes[p].probe->name == name && published->number_of(g, p))
                    return *published->number_of(g, p) + 1;
            return 0;
        };
        for (std::size_t p = 0; p < probes.size(); ++p)
            for (std::size_t i = 0; i < probes[p].places.size(); ++i) {
                holter_specification specification = probes[p].places[i].specification;
                specification.probe = *published->number_of(g, p);
                if (!probes[p].probe->outside.empty())
                    specification.outside = number_of(probes[p].probe->outside);
                write(published->numbers[g][p][i], specification);
            }
        for (std::size_t p = 0; p < probes.size(); ++p)
            if (const auto number = published->number_of(g, p))
                listener_.defined(*number, published->plan.definition, *probes[p].probe);
    }
    return {published.release(), [this](const PublishedPlan* gone) {
                release(*gone);
                delete gone;
            }};
}

void SpecificationTable::release(const PublishedPlan& plan) {
    for (std::size_t g = 0; g < plan.numbers.size(); ++g)
        for (std::size_t p = 0; p < plan.numbers[g].size(); ++p) {
            if (const auto number = plan.number_of(g, p))
                listener_.forgotten(*number);
            free_.insert(free_.end(), plan.numbers[g][p].begin(), plan.numbers[g][p].end());
        }
}

} // namespace holter::modules
