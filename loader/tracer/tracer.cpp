// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/tracer.h"

#include "loader/golang/kernel_facts.h"
#include "loader/process/naming/service_name.h"
#include "loader/tracer/discovery.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>

namespace holter::tracer {

namespace {

constexpr std::size_t remembered_executables = 4096;

/// When a process that appeared is looked at again: its libraries are mapped after the exec.
constexpr std::chrono::milliseconds looks_at_young[] = {
    std::chrono::milliseconds(250), std::chrono::seconds(1), std::chrono::seconds(4)};

std::string path_of(const process::Descriptor& file) {
    return "/proc/self/fd/" + std::to_string(file.get());
}

} // namespace

Tracer::Tracer(const process::Procfs& procfs, process::Selection selection,
               catalogue::Catalogue catalogue, attach::Method method,
               std::chrono::milliseconds rescan_interval, std::size_t most_targets,
               BudgetOptions budget, Listener listener)
    : procfs_(procfs), selection_(std::move(selection)), runtimes_(std::move(catalogue.runtimes)),
      method_(method), rescan_interval_(rescan_interval), listener_(std::move(listener)),
      objects_(method), in_kernel_(objects_), program_times_(objects_),
      budget_(procfs_, objects_, in_kernel_, method, links_to_close_, program_times_, budget,
              listener_.sampling_changed),
      verdicts_(remembered_executables), tried_again_at_(Clock::now()) {
    for (Slot slot = 0; slot < std::min<std::size_t>(most_targets, HOLTER_MAX_TARGETS); ++slot)
        free_slots_.push_back(slot);
}

Tracer::~Tracer() {
    for (auto& [slot, target] : targets_)
        for (auto& part : target->parts)
            part.detach_all(links_to_close_);
}

Result<std::unique_ptr<Tracer>>
Tracer::create(const process::Procfs& procfs, process::Selection selection,
               catalogue::Catalogue catalogue, attach::Method method,
               std::chrono::milliseconds rescan_interval, std::size_t most_targets,
               BudgetOptions budget, Listener listener) {
    auto definitions = std::move(catalogue.definitions);
    std::unique_ptr<Tracer> tracer(new Tracer(procfs, std::move(selection), std::move(catalogue),
                                              method, rescan_interval, most_targets, budget,
                                              std::move(listener)));
    std::vector<std::string> names = {"catalogue", "catalogue_text", "deaths"};
    for (const auto& runtime : tracer->runtimes_)
        for (const auto& group : runtime.groups)
            names.push_back(group.object);
    for (const auto& name : names)
        if (const auto object = tracer->objects_.load(name); !object)
            return object.error();
    if (const auto opened = tracer->in_kernel_.open(); !opened)
        return opened.error();
    auto deaths = attach::Tracepoints::attach(tracer->objects_.at("deaths"));
    if (!deaths)
        return deaths.error();
    tracer->deaths_ = std::move(*deaths);
    tracer->specifications_ = std::make_unique<modules::SpecificationTable>(
        tracer->objects_.map("specifications"), tracer->listener_.specifications);
    tracer->examiner_ =
        std::make_unique<modules::Examiner>(tracer->procfs_, *tracer->specifications_);
    tracer->examiner_->set_definitions(std::move(definitions));
    return tracer;
}

Status Tracer::set_trace_settings(const holter_trace_settings& settings) {
    const int map = objects_.map("trace_settings");
    if (map < 0) // no group of the catalogue reads headers
        return ok;
    const std::uint32_t only = 0;
    if (bpf_map_update_elem(map, &only, &settings, BPF_ANY) != 0)
        return Error{"load_failed", std::string("cannot tell the kernel which headers to read: ") +
                                        std::strerror(errno)};
    return ok;
}

void Tracer::consider(const process::Identity& identity) {
    forget(identity); // an exec: the same process, another program
    look(identity);
    if (!slots_.count(identity) && !others_.count(identity))
        return;
    for (const auto after : looks_at_young)
        looks_.emplace(Clock::now() + after, identity);
}

void Tracer::look(const process::Identity& identity) {
    others_.erase(identity);
    const auto path = procfs_.executable_path(identity.pid);
    if (!path)
        return; // kernel thread, or gone
    if (!selection_.selects(identity, *path, [&] { return service_name(procfs_, identity.pid); }))
        return;
    auto file = procfs_.open_executable(identity.pid);
    const auto file_identity = file ? process::file_identity(*file) : file.error();
    if (!file_identity)
        return refuse(identity, file_identity.error());
    auto verdict = verdict_on(*file_identity, path_of(*file));
    if (!verdict)
        return refuse(identity, verdict.error());
    const auto known = examiner_->examine(identity.pid);
    if (!known)
        return refuse(identity, known.error());
    if (!*verdict && !modules::worth_tracing(known->files)) {
        if (!known->unreadable.empty()) // it may be what the process is
            return refuse(identity, known->unreadable.front());
        others_.insert(identity);
        return;
    }
    if (free_slots_.empty())
        return refuse(identity, {"too_many_targets", "process " + std::to_string(identity.pid) +
                                                         ": " + std::to_string(targets_.size()) +
                                                         " processes are traced already"});
    add(identity, std::move(*file), *file_identity, *path, *verdict, *known);
}

/// What stands against it may pass, so it stays among those that are looked at again.
void Tracer::refuse(const process::Identity& identity, const Error& error) {
    if (error.reason == "vanished")
        return;
    others_.insert(identity);
    if (refused_.insert(identity).second && listener_.refused)
        listener_.refused(identity, error);
}

Result<Tracer::Verdict> Tracer::verdict_on(const process::FileIdentity& file,
                                           const std::string& path) {
    if (const Verdict* known = verdicts_.find(file))
        return *known;
    for (const auto& runtime : runtimes_) {
        auto binary = golang::examine_binary(path, runtime);
        if (binary)
            return verdicts_.put(file, std::move(*binary));
        const std::string& reason = binary.error().reason;
        if (reason == "permission_denied" || reason == "unreadable")
            return binary.error(); // says nothing about the file: not remembered
    }
    return verdicts_.put(file, nullptr);
}

void Tracer::add(const process::Identity& identity, process::Descriptor file,
                 const process::FileIdentity& file_identity, const std::string& executable,
                 Verdict binary, const modules::KnownFiles& known) {
    const Slot slot = free_slots_.front();
    auto found =
        discover(procfs_, {slot, identity, executable, path_of(file), file_identity}, binary.get(),
                 binary ? runtimes_.front().name : modules::runtime_of(known.files));
    if (!found)
        return;

    free_slots_.pop_front();
    Attached& attached = *(targets_[slot] = std::make_unique<Attached>());
    attached.identity = identity;
    attached.binary = binary;
    slots_[identity] = slot;
    objects_.clear_slot(slot);
    if (binary) {
        for (const auto& fact : kernel_facts(*binary, found->variables, found->load_bias))
            bpf_map_update_elem(objects_.map(fact.map), &slot, fact.element.data(), BPF_ANY);
        attached.append(Part::of_go(*binary, std::move(file), slot, 0));
    }
    // Its end may be in the ring as soon as the kernel knows it.
    listener_.appeared(std::move(found->target));
    in_kernel_.describe(slot, identity);
    listener_.known_to_kernel(identity);
    announce_probes(attached, slot, 0, 0);
    for (auto& part : attached.parts)
        part.attach_all(objects_, method_, identity.pid);
    follow(attached, slot, known);
    report_probes(slot);
    budget_.add({slot, identity.pid, attached.parts});
    // What ended while it was attached to is not announced any more.
    if (!listener_.watch(identity))
        forget(identity);
}

/// Attaches to files that are new, and lets go of those that are gone. Whether anything changed.
bool Tracer::follow(Attached& target, Slot slot, const modules::KnownFiles& known) {
    const std::size_t parts_before = target.parts.size();
    const std::size_t gone = std::erase_if(target.parts, [&](Part& part) {
        const bool stays =
            !part.plan() ||
            std::any_of(known.files.begin(), known.files.end(), [&](const auto& file) {
                return file.identity == part.identity() &&
                       std::find(file.plans.begin(), file.plans.end(), part.plan()) !=
                           file.plans.end();
            });
        if (!stays) {
            listener_.withdrawn(slot, part.catalogue_probes());
            target.drop(part, links_to_close_);
        }
        return !stays;
    });
    const std::size_t first_new = target.parts.size();
    const std::uint32_t first_number = target.probes;
    for (const auto& file : known.files)
        for (const auto& plan : file.plans) {
            if (target.has(*plan, file.identity))
                continue;
            auto descriptor = modules::open_mapped(file.file);
            const auto identity =
                descriptor ? process::file_identity(*descriptor) : descriptor.error();
            if (!identity || *identity != file.identity)
                continue; // unmapped meanwhile
            target.append(Part::of_module(plan, file, std::move(*descriptor), slot,
                                          target.numbers_for(*plan)));
        }
    announce_probes(target, slot, first_new, first_number);
    for (std::size_t i = first_new; i < target.parts.size(); ++i)
        target.parts[i].attach_all(objects_, method_, target.identity.pid);
    const bool as_before =
        std::equal(known.unreadable.begin(), known.unreadable.end(), target.unreadable.begin(),
                   target.unreadable.end(),
                   [](const Error& a, const Error& b) { return a.message == b.message; });
    target.unreadable = known.unreadable;
    return gone > 0 || target.parts.size() != parts_before || !as_before;
}

void Tracer::announce_probes(const Attached& target, Slot slot, std::size_t first_part,
                             std::uint32_t first_probe) {
    std::vector<std::string> names;
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = first_part; i < target.parts.size(); ++i) {
        const Part& part = target.parts[i];
        if (part.first_probe() >= first_probe)
            part.name_probes(names);
        const auto of_part = part.catalogue_probes();
        numbers.insert(numbers.end(), of_part.begin(), of_part.end());
    }
    if (!names.empty() || !numbers.empty())
        listener_.extended(slot, std::move(names), std::move(numbers));
}

void Tracer::look_again(Slot slot) {
    const auto found = targets_.find(slot);
    if (found == targets_.end())
        return;
    Attached& target = *found->second;
    const auto known = examiner_->examine(target.identity.pid);
    const auto identity = procfs_.identity(target.identity.pid);
    // The process's end, or its exec, is announced by others.
    if (known && identity && *identity == target.identity && follow(target, slot, *known))
        report_probes(slot);
}

void Tracer::look_again(Clock::time_point now) {
    while (!looks_.empty() && looks_.begin()->first <= now) {
        const process::Identity identity = looks_.begin()->second;
        looks_.erase(looks_.begin());
        if (const auto slot = slots_.find(identity); slot != slots_.end())
            look_again(slot->second);
        else if (others_.count(identity))
            look(identity);
    }
    if (now - tried_again_at_ < rescan_interval_)
        return;
    tried_again_at_ = now;
    try_again();
}

/// What was not possible before: links that could not be made, processes that were refused or had
/// nothing for us.
void Tracer::try_again() {
    for (const auto& [slot, target] : targets_) {
        bool changed = false;
        for (auto& part : target->parts)
            changed |= part.attach_failed(objects_, method_, target->identity.pid);
        if (changed)
            report_probes(slot);
        if (!target->unreadable.empty())
            look_again(slot);
    }
    for (const auto& identity : std::vector(others_.begin(), others_.end())) {
        const auto current = procfs_.identity(identity.pid);
        if (current && *current == identity)
            look(identity);
        else
            others_.erase(identity);
    }
    std::erase_if(refused_,
                  [this](const process::Identity& identity) { return !others_.count(identity); });
}

void Tracer::set_definitions(std::vector<catalogue::Definition> definitions) {
    examiner_->set_definitions(std::move(definitions));
    std::vector<Slot> slots;
    for (const auto& [slot, target] : targets_)
        slots.push_back(slot);
    for (const Slot slot : slots)
        look_again(slot);
    tried_again_at_ = Clock::now() - rescan_interval_;
    look_again(Clock::now());
}

void Tracer::keep_windows(Window::Clock::time_point now) {
    for (auto& [slot, target] : targets_) {
        bool changed = false;
        for (auto& part : target->parts)
            changed |=
                part.keep_windows(now, objects_, method_, target->identity.pid, links_to_close_);
        if (changed)
            report_probes(slot);
    }
}

void Tracer::keep_budget(Sampling::Clock::time_point now) {
    program_times_.turn(now);
    in_kernel_.begin_round();
    for (auto& [slot, target] : targets_)
        if (budget_.keep({slot, target->identity.pid, target->parts}, now))
            report_probes(slot);
    in_kernel_.end_round();
}

void Tracer::report_probes(Slot slot) {
    listener_.probes_changed(slot, targets_.at(slot)->states());
}

void Tracer::forget(const process::Identity& identity) {
    others_.erase(identity);
    const auto found = slots_.find(identity);
    if (found == slots_.end())
        return;
    const Slot slot = found->second;
    in_kernel_.hide(slot, identity);
    for (auto& part : targets_.at(slot)->parts)
        part.detach_all(links_to_close_);
    budget_.remove(slot);
    targets_.erase(slot);
    slots_.erase(found);
    listener_.gone(slot);
    free_slots_.push_back(slot);
}

std::vector<pid_t> Tracer::target_pids() const {
    std::vector<pid_t> pids;
    for (const auto& [identity, slot] : slots_)
        pids.push_back(identity.pid);
    return pids;
}

int Tracer::ring_map() const {
    return objects_.map("events");
}

} // namespace holter::tracer
