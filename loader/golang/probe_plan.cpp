// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/probe_plan.h"

#include <algorithm>

namespace holter::golang {

namespace {

constexpr std::uint64_t largest_function = 1 << 20;
const std::vector<std::string> morestack_names = {"runtime.morestack", "runtime.morestack_noctxt",
                                                  "runtime.morestackc"};

struct Body {
    std::string name;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};

/// Plans the probes of one binary, one after the other.
class Planner {
  public:
    Planner(const elf::ElfFile& file, const FunctionTable& functions)
        : file_(file), functions_(functions) {
        // One name may stand for two functions: the real one and its ABI wrapper.
        for (const Function& function : functions.functions)
            if (std::find(morestack_names.begin(), morestack_names.end(), function.name) !=
                morestack_names.end())
                morestack_.push_back(function.address);
    }

    PlannedProbe plan(const catalogue::Probe& probe) {
        PlannedProbe planned{probe, {}, {}};
        for (const Function& function : functions_.functions)
            if (catalogue::matches(probe.function, function.name))
                add_sites(planned, {function.name, function.address, function.size}, probe.call,
                          probe.argument);
        if (!probe.call.empty() && !planned.failure && !has_expected_calls(planned))
            planned.failure = unexpected_calls(planned);
        if (probe.call.empty() && !planned.failure && planned.sites.empty())
            planned.failure = Error{"function_missing", probe.function + " is not in this binary"};
        if (planned.failure)
            planned.sites.clear();
        add_inlined_copies(planned);
        return planned;
    }

  private:
    void add_sites(PlannedProbe& planned, const Body& body, const std::string& call,
                   std::uint8_t argument) {
        const auto bytes = body.size <= largest_function
                               ? file_.at_address(body.address, static_cast<std::size_t>(body.size))
                               : std::nullopt;
        if (!bytes) {
            planned.failure = Error{"undecodable", "cannot read the code of " + body.name};
            return;
        }
        const site::Code code{file_.machine() == elf::Machine::arm64 ? site::Machine::arm64
                                                                     : site::Machine::x86_64,
                              body.address, *bytes};
        auto sites = sites_in(code, call, planned.probe.result);
        if (!sites) {
            planned.failure = Error{sites.error().reason, body.name + ": " + sites.error().message};
            return;
        }
        for (auto& site : *sites) {
            const auto offset = file_.offset_of(site.address);
            if (offset && !is_site(planned, *offset))
                planned.sites.push_back({std::move(site), body.name, *offset, argument});
        }
    }

    /// One function may have been copied into another several times.
    static bool is_site(const PlannedProbe& planned, std::uint64_t offset) {
        return std::any_of(planned.sites.begin(), planned.sites.end(),
                           [&](const PlannedSite& site) { return site.file_offset == offset; });
    }

    Result<std::vector<site::Site>> sites_in(const site::Code& code, const std::string& call,
                                             bool result) {
        if (call.empty()) {
            auto entry = site::entry_site(code, morestack_);
            if (!entry)
                return entry.error();
            return std::vector<site::Site>{std::move(*entry)};
        }
        const Function* callee = functions_.find(call);
        if (!callee)
            return std::vector<site::Site>{};
        return result ? site::result_sites(code, callee->address)
                      : site::call_sites(code, callee->address);
    }

    /// The function that the called one was copied into, if it is one of those probed.
    const InlinedCopy* inlined_call(const catalogue::Probe& probe) const {
        for (const InlinedCopy& copy : functions_.inlined)
            if (copy.function == probe.call && catalogue::matches(probe.function, copy.host))
                return &copy;
        return nullptr;
    }

    bool has_expected_calls(const PlannedProbe& planned) const {
        const catalogue::Probe& probe = planned.probe;
        if (probe.sites != 0)
            return planned.sites.size() == probe.sites;
        return !planned.sites.empty() && !inlined_call(probe);
    }

    Error unexpected_calls(const PlannedProbe& planned) const {
        const catalogue::Probe& probe = planned.probe;
        if (const InlinedCopy* copy = inlined_call(probe))
            return {"inlined", probe.call + " is inlined into " + copy->host};
        if (!functions_.find(probe.call))
            return {"function_missing", probe.call + " is not in this binary"};
        return {"unexpected_code",
                std::to_string(planned.sites.size()) + " calls of " + probe.call + " in " +
                    probe.function + ", expected " +
                    (probe.sites != 0 ? std::to_string(probe.sites) : std::string("one at least"))};
    }

    /// Copies of the probed function inside others: probed there, or reported.
    void add_inlined_copies(PlannedProbe& planned) {
        const catalogue::Probe& probe = planned.probe;
        if (!probe.inlined_is_covered_by.empty())
            return;
        for (const InlinedCopy& copy : functions_.inlined) {
            if (!catalogue::matches(probe.function, copy.function))
                continue;
            const auto before = planned.sites.size();
            for (const auto& rule : probe.inlined)
                if (catalogue::matches(rule.into, copy.host))
                    add_sites(planned, {copy.host, copy.host_address, copy.host_size},
                              rule.call.empty() ? probe.call : rule.call, rule.argument);
            if (planned.sites.size() == before)
                planned.failure = Error{"inlined", copy.function + " is inlined into " + copy.host +
                                                       ": calls from there are not seen"};
            else if (planned.failure && planned.failure->reason == "function_missing")
                planned.failure.reset();
        }
    }

    const elf::ElfFile& file_;
    const FunctionTable& functions_;
    std::vector<std::uint64_t> morestack_;
};

/// Whether the probe is meant for this release of Go.
bool fits(const catalogue::Probe& probe, const GoVersion& version) {
    const auto& range = probe.module.empty() ? probe.versions : probe.runtime_versions;
    return range.contains({1, static_cast<std::uint32_t>(version.minor)});
}

/// The linker leaves out what cannot be called.
bool is_linked(const std::string& wanted, const FunctionTable& functions) {
    const auto is_it = [&](const std::string& name) { return catalogue::matches(wanted, name); };
    return std::any_of(functions.functions.begin(), functions.functions.end(),
                       [&](const Function& function) { return is_it(function.name); }) ||
           std::any_of(functions.inlined.begin(), functions.inlined.end(),
                       [&](const InlinedCopy& copy) { return is_it(copy.function); });
}

/// Whether there is a probe of this name, and it will see all that it is to see.
bool is_planned(const GroupPlan& plan, const std::string& name) {
    return std::any_of(plan.probes.begin(), plan.probes.end(), [&](const PlannedProbe& planned) {
        return planned.probe.name == name && !planned.failure;
    });
}

} // namespace

std::vector<std::string> functions_for_plan(const catalogue::Runtime& runtime,
                                            const GoVersion& version) {
    std::vector<std::string> names = morestack_names;
    for (const auto& group : runtime.groups)
        for (const auto& probe : group.probes)
            if (fits(probe, version)) {
                names.push_back(probe.function);
                for (const std::string& other : {probe.call, probe.linked})
                    if (!other.empty())
                        names.push_back(other);
                for (const auto& rule : probe.inlined)
                    if (!rule.call.empty())
                        names.push_back(rule.call);
            }
    return names;
}

std::vector<GroupPlan> plan_probes(const catalogue::Runtime& runtime, const elf::ElfFile& file,
                                   const FunctionTable& functions, const GoVersion& version,
                                   const ModuleRelease& release_of) {
    Planner planner(file, functions);
    std::vector<GroupPlan> plans;
    for (const auto& group : runtime.groups) {
        GroupPlan plan{group.name, group.object, group.windows, group.per_request, {}};
        for (const auto& probe : group.probes) {
            if (!fits(probe, version) ||
                (group.optional && !is_linked(probe.function, functions)) ||
                (!probe.linked.empty() && !is_linked(probe.linked, functions)) ||
                is_planned(plan, probe.instead_of))
                continue;
            if (probe.module.empty()) {
                plan.probes.push_back(planner.plan(probe));
                continue;
            }
            const auto release = release_of(probe.module);
            if (!release)
                plan.probes.push_back(
                    {probe, {}, Error{"unknown_version", "which " + probe.module + " this is"}});
            else if (probe.versions.contains(*release))
                plan.probes.push_back(planner.plan(probe));
        }
        plans.push_back(std::move(plan));
    }
    return plans;
}

} // namespace holter::golang
