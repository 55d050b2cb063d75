// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/tracer.h"

#include "loader/golang/kernel_facts.h"
#include "loader/process/naming/service_name.h"

#include <algorithm>
#include <bpf/bpf.h>

namespace holter::tracer {

namespace {

constexpr std::size_t remembered_executables = 4096;

std::string path_of(const process::Descriptor& file) {
    return "/proc/self/fd/" + std::to_string(file.get());
}

} // namespace

/// A target with what is attached to it.
struct Tracer::Attached {
    process::Identity identity;
    Verdict binary;
    /// Its executable. Everything goes through this one descriptor: by path, an exec in between
    /// would put probes meant for one file into another.
    process::Descriptor file;
    std::map<std::string, attach::Link> links; ///< by group
    std::map<std::string, Error> failed_groups;
};

Tracer::Tracer(const process::Procfs& procfs, process::Selection selection,
               std::vector<catalogue::Runtime> runtimes, attach::Method method, Listener listener)
    : procfs_(procfs), selection_(std::move(selection)), runtimes_(std::move(runtimes)),
      method_(method), listener_(std::move(listener)), objects_(method),
      verdicts_(remembered_executables) {
    for (Slot slot = 0; slot < HOLTER_MAX_TARGETS; ++slot)
        free_slots_.push_back(slot);
}

Tracer::~Tracer() {
    for (auto& [slot, target] : targets_)
        for (auto& [group, link] : target->links)
            links_to_close_.drop(std::move(link));
}

Result<std::unique_ptr<Tracer>> Tracer::create(const process::Procfs& procfs,
                                               process::Selection selection,
                                               std::vector<catalogue::Runtime> runtimes,
                                               attach::Method method, Listener listener) {
    std::unique_ptr<Tracer> tracer(
        new Tracer(procfs, std::move(selection), std::move(runtimes), method, std::move(listener)));
    for (const auto& runtime : tracer->runtimes_)
        for (const auto& group : runtime.groups)
            if (const auto object = tracer->objects_.load(group.object); !object)
                return object.error();
    return tracer;
}

bool Tracer::consider(const process::Identity& identity) {
    forget(identity); // an exec: the same process, another program
    const auto path = procfs_.executable_path(identity.pid);
    if (!path)
        return false; // kernel thread, or gone
    if (!selection_.selects(identity, *path, [&] { return service_name(procfs_, identity.pid); }))
        return false;
    auto file = procfs_.open_executable(identity.pid);
    const auto file_identity = file ? process::file_identity(*file) : file.error();
    if (!file_identity) {
        if (listener_.refused && file_identity.error().reason != "vanished")
            listener_.refused(identity, file_identity.error());
        return false;
    }
    auto verdict = verdict_on(*file_identity, path_of(*file));
    if (!verdict) {
        if (listener_.refused)
            listener_.refused(identity, verdict.error());
        return false;
    }
    if (!*verdict)
        return false;
    if (free_slots_.empty()) {
        if (listener_.refused)
            listener_.refused(identity,
                              {"too_many_targets", "process " + std::to_string(identity.pid) +
                                                       ": " + std::to_string(HOLTER_MAX_TARGETS) +
                                                       " processes are traced already"});
        return false;
    }
    return add(identity, std::move(*file), *file_identity, *path, *verdict);
}

Result<Tracer::Verdict> Tracer::verdict_on(const process::FileIdentity& file,
                                           const std::string& path) {
    if (const Verdict* known = verdicts_.find(file))
        return *known;
    for (const auto& runtime : runtimes_) {
        if (!runtime.go_build_info)
            continue;
        auto binary = golang::examine_binary(path, runtime);
        if (binary)
            return verdicts_.put(file, std::move(*binary));
        const std::string& reason = binary.error().reason;
        if (reason == "permission_denied" || reason == "unreadable")
            return binary.error(); // says nothing about the file: not remembered
    }
    return verdicts_.put(file, nullptr);
}

void Tracer::describe_to_kernel(Slot slot, const process::Identity& identity,
                                const golang::Binary& binary,
                                const golang::RuntimeVariables& variables) {
    objects_.clear_slot(slot);
    for (const auto& fact : kernel_facts(binary, variables))
        bpf_map_update_elem(objects_.map(fact.map), &slot, fact.element.data(), BPF_ANY);
    holter_target target{};
    target.tgid = static_cast<std::uint32_t>(identity.pid);
    bpf_map_update_elem(objects_.map("targets"), &slot, &target, BPF_ANY);
    bpf_map_update_elem(objects_.map("slots"), &target.tgid, &slot, BPF_ANY);
}

void Tracer::hide_from_kernel(Slot slot, const process::Identity& identity) {
    const holter_target nobody{}; // from now on its hits are dropped, wherever its links are
    bpf_map_update_elem(objects_.map("targets"), &slot, &nobody, BPF_ANY);
    const auto tgid = static_cast<std::uint32_t>(identity.pid);
    bpf_map_delete_elem(objects_.map("slots"), &tgid);
}

bool Tracer::add(const process::Identity& identity, process::Descriptor file,
                 const process::FileIdentity& file_identity, const std::string& executable,
                 Verdict binary) {
    const Slot slot = free_slots_.front();
    Target target;
    target.slot = slot;
    target.identity = identity;
    target.service_name = service_name(procfs_, identity.pid);
    target.runtime = "go";
    target.runtime_version = binary->build_info.version;
    target.executable = executable;
    if (const auto cgroup = procfs_.cgroup(identity.pid))
        target.container_id = cgroup->container_id;
    for (const auto& module : binary->build_info.dependencies)
        target.dependencies.emplace_back(module.path, module.version);
    for (const auto& group : binary->groups)
        for (const auto& probe : group.probes)
            target.probes.push_back(probe.probe.name);

    golang::RuntimeVariables variables;
    const auto bias = procfs_.load_bias(identity.pid, binary->image);
    if (bias) {
        variables = variables_at(*binary, *bias);
        if (auto memory = process::Memory::open(procfs_, identity))
            target.account = std::make_unique<RuntimeAccount>(std::move(*memory), binary->offsets,
                                                              binary->version, variables);
    }
    // Everything above was read by pid: if that has been handed on, or the process runs another
    // file by now, none of it counts.
    const auto stat = procfs_.stat(identity.pid);
    const auto file_now = procfs_.executable_identity(identity.pid);
    if (!stat || stat->dead() || stat->start_time != identity.start_time || !file_now ||
        *file_now != file_identity)
        return false;

    free_slots_.pop_front();
    auto attached = std::make_unique<Attached>();
    attached->identity = identity;
    attached->binary = binary;
    attached->file = std::move(file);
    targets_[slot] = std::move(attached);
    slots_[identity] = slot;
    describe_to_kernel(slot, identity, *binary, variables);
    listener_.appeared(std::move(target));
    for (const auto& group : binary->groups)
        create_link(*targets_.at(slot), slot, group.name);
    report_probes(slot);
    return true;
}

void Tracer::attach_group(Slot slot, const std::string& name) {
    const auto found = targets_.find(slot);
    if (found == targets_.end() || found->second->links.count(name))
        return;
    create_link(*found->second, slot, name);
    report_probes(slot);
}

void Tracer::create_link(Attached& target, Slot slot, const std::string& name) {
    std::vector<attach::Point> points;
    std::uint32_t number = 0;
    const golang::GroupPlan* plan = nullptr;
    for (const auto& group : target.binary->groups)
        for (const auto& planned : group.probes) {
            const std::uint32_t probe = number++;
            if (group.name != name)
                continue;
            plan = &group;
            for (const auto& site : planned.sites) {
                auto cookie = HOLTER_COOKIE(slot, probe, planned.probe.program_id, site.argument);
                if (site.site.kind == site::Kind::jbe)
                    cookie |= HOLTER_COOKIE_BRANCH;
                points.push_back({site.file_offset, cookie});
            }
        }
    if (points.empty())
        return;
    auto link = attach::Link::create(method_, objects_.at(plan->object).program(),
                                     path_of(target.file), target.identity.pid, points);
    if (link)
        target.links.emplace(name, std::move(*link));
    else
        target.failed_groups.insert_or_assign(name, link.error());
}

void Tracer::detach_group(Slot slot, const std::string& name) {
    const auto found = targets_.find(slot);
    if (found == targets_.end())
        return;
    auto link = found->second->links.extract(name);
    if (link.empty())
        return;
    links_to_close_.drop(std::move(link.mapped()));
    report_probes(slot);
}

void Tracer::report_probes(Slot slot) {
    const Attached& target = *targets_.at(slot);
    std::vector<ProbeState> states;
    if (target.binary->failure)
        states.push_back({"all", "", "failed", "", target.binary->failure->reason,
                          target.binary->failure->message});
    for (const auto& group : target.binary->groups) {
        const auto failed = target.failed_groups.find(group.name);
        const char* state = target.links.count(group.name) ? "attached" : "paused";
        for (const auto& planned : group.probes) {
            ProbeState row{planned.probe.name, group.name, state, "", "", ""};
            if (!planned.sites.empty()) {
                const bool emulated =
                    std::all_of(planned.sites.begin(), planned.sites.end(),
                                [](const auto& site) { return site.site.emulated; });
                row.site = emulated ? "emulated" : "stepped";
                if (failed != target.failed_groups.end()) {
                    row.state = "failed";
                    row.reason = failed->second.reason;
                    row.message = failed->second.message;
                }
                states.push_back(row);
            }
            if (planned.failure)
                states.push_back({planned.probe.name, group.name, "failed", "",
                                  planned.failure->reason, planned.failure->message});
        }
    }
    if (!target.binary->failure && !target.binary->offsets.exact())
        states.push_back({"runtime_account", "", "failed", "", "unknown_version",
                          "struct layouts are those of " + target.binary->offsets.source()});
    listener_.probes_changed(slot, std::move(states));
}

void Tracer::forget(const process::Identity& identity) {
    const auto found = slots_.find(identity);
    if (found == slots_.end())
        return;
    const Slot slot = found->second;
    hide_from_kernel(slot, identity);
    for (auto& [group, link] : targets_.at(slot)->links)
        links_to_close_.drop(std::move(link));
    targets_.erase(slot);
    slots_.erase(found);
    listener_.gone(slot);
    free_slots_.push_back(slot);
}

int Tracer::ring_map() const {
    return objects_.map("events");
}

std::vector<Loss> Tracer::losses() const {
#define HOLTER_NAME(ID, name) #name,
    static constexpr const char* types[] = {"", HOLTER_EVENTS(HOLTER_NAME)};
    static constexpr const char* causes[] = {HOLTER_LOSS_CAUSES(HOLTER_NAME)};
#undef HOLTER_NAME
    const int map = objects_.map("losses");
    std::vector<Loss> losses;
    for (std::uint32_t type = 1; type < HOLTER_EVENT_TYPES; ++type)
        for (std::uint32_t cause = 0; cause < HOLTER_LOSSES; ++cause) {
            const std::uint32_t index = type * HOLTER_LOSSES + cause;
            Loss loss{types[type], causes[cause], 0};
            bpf_map_lookup_elem(map, &index, &loss.count);
            losses.push_back(loss);
        }
    return losses;
}

std::vector<std::uint64_t> Tracer::hits(Slot slot, std::size_t probes) const {
    holter_hits counts{};
    bpf_map_lookup_elem(objects_.map("hits"), &slot, &counts);
    const std::size_t known = std::min<std::size_t>(probes, HOLTER_MAX_PROBES);
    return {std::begin(counts.of_probe), std::begin(counts.of_probe) + known};
}

} // namespace holter::tracer
