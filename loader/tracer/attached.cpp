// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/attached.h"

#include <algorithm>
#include <utility>

namespace holter::tracer {

bool Attached::has(const modules::PublishedPlan& plan, const process::FileIdentity& file) const {
    return std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
        return part.plan().get() == &plan && part.identity() == file;
    });
}

void Attached::append(Part part) {
    if (part.first_probe() == probes)
        probes += part.probes();
    parts.push_back(std::move(part));
}

std::uint32_t Attached::numbers_for(const modules::PublishedPlan& plan) {
    std::vector<std::string> names;
    for (const auto& group : plan.plan.groups)
        for (const auto& probe : group.probes)
            names.push_back(probe.probe->name);
    const auto free = free_numbers.find(names);
    if (free == free_numbers.end())
        return probes;
    const std::uint32_t first = free->second;
    free_numbers.erase(free);
    return first;
}

void Attached::drop(Part& part, attach::LinkBin& links) {
    std::vector<std::string> names;
    part.name_probes(names);
    free_numbers.emplace(std::move(names), part.first_probe());
    part.detach_all(links);
}

std::vector<ProbeState> Attached::states() const {
    std::vector<ProbeState> states;
    if (binary && binary->failure)
        states.push_back(
            {"all", "", "failed", "", binary->failure->reason, binary->failure->message});
    for (const auto& part : parts)
        part.report(states);
    for (const auto& error : unreadable)
        states.push_back({"all", "", "failed", "", error.reason, error.message});
    if (!binary)
        return states;
    if (!binary->failure && !binary->offsets.exact())
        states.push_back({"runtime_account", "", "failed", "", "unknown_version",
                          "struct layouts are those of " + binary->offsets.source()});
    for (const auto& [module, offsets] : binary->layouts_of_modules)
        if (!offsets.exact())
            states.push_back({"layouts_of_" + module, "", "failed", "", "unknown_version",
                              "struct layouts are those of " + offsets.source()});
    return states;
}

} // namespace holter::tracer
