// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/part.h"

#include "loader/modules/specification.h"

#include <algorithm>
#include <map>
#include <utility>

namespace holter::tracer {

namespace {

PartProbe of_planned(const golang::PlannedProbe& planned, const std::string& object, Slot slot,
                     std::uint32_t number) {
    PartProbe probe;
    probe.name = planned.probe.name;
    probe.failure = planned.failure;
    for (const auto& site : planned.sites) {
        auto cookie = HOLTER_COOKIE(slot, number, planned.probe.program_id, site.argument);
        if (site.site.kind == site::Kind::jbe)
            cookie |= HOLTER_COOKIE_BRANCH;
        probe.emulated = probe.emulated && site.site.emulated;
        probe.points.push_back({object, attach::When::reached, {site.file_offset, cookie, 0}});
    }
    return probe;
}

PartProbe of_planned(const modules::PlannedProbe& planned,
                     const std::vector<std::uint32_t>& numbers, Slot slot, std::uint32_t number) {
    PartProbe probe;
    probe.name = planned.probe->name;
    probe.failure = planned.failure;
    for (std::size_t i = 0; i < planned.places.size(); ++i) {
        const auto& place = planned.places[i];
        const bool returns = place.place->kind == catalogue::Place::Kind::return_of;
        probe.emulated = probe.emulated && place.site.emulated;
        probe.points.push_back(
            {modules::program_of(place.specification),
             returns ? attach::When::returned : attach::When::reached,
             {place.file_offset, HOLTER_COOKIE_OF_SPECIFICATION(slot, number, numbers[i]),
              place.semaphore_offset}});
    }
    return probe;
}

} // namespace

Part Part::of_go(const golang::Binary& binary, process::Descriptor file, Slot slot,
                 std::uint32_t first_probe) {
    Part part;
    part.file_ = std::move(file);
    part.first_probe_ = first_probe;
    for (const auto& group : binary.groups) {
        PartGroup& added = part.groups_.emplace_back();
        added.name = group.name;
        added.per_request = group.per_request;
        if (group.windows)
            added.window.emplace(Window::Clock::now());
        for (const auto& planned : group.probes)
            added.probes.push_back(of_planned(planned, group.object, slot, first_probe++));
    }
    return part;
}

Part Part::of_module(std::shared_ptr<const modules::PublishedPlan> plan,
                     const modules::KnownFile& known, process::Descriptor file, Slot slot,
                     std::uint32_t first_probe) {
    Part part;
    part.file_ = std::move(file);
    part.identity_ = known.identity;
    part.first_probe_ = first_probe;
    for (std::size_t g = 0; g < plan->plan.groups.size(); ++g) {
        const auto& group = plan->plan.groups[g];
        PartGroup& added = part.groups_.emplace_back();
        added.name = group.name;
        for (std::size_t p = 0; p < group.probes.size(); ++p) {
            PartProbe& probe = added.probes.emplace_back(
                of_planned(group.probes[p], plan->numbers[g][p], slot, first_probe));
            if (first_probe++ < HOLTER_MAX_PROBES)
                continue;
            probe.points.clear();
            probe.failure =
                Error{"too_many_probes", "a process can have " + std::to_string(HOLTER_MAX_PROBES) +
                                             " probes, and this one has them already"};
        }
    }
    part.plan_ = std::move(plan);
    return part;
}

std::uint32_t Part::probes() const {
    std::size_t count = 0;
    for (const auto& group : groups_)
        count += group.probes.size();
    return static_cast<std::uint32_t>(count);
}

void Part::name_probes(std::vector<std::string>& names) const {
    for (const auto& group : groups_)
        for (const auto& probe : group.probes)
            names.push_back(probe.name);
}

std::vector<std::uint32_t> Part::catalogue_probes() const {
    std::vector<std::uint32_t> numbers;
    if (!plan_)
        return numbers;
    for (std::size_t g = 0; g < plan_->numbers.size(); ++g)
        for (std::size_t p = 0; p < plan_->numbers[g].size(); ++p)
            if (const auto number = plan_->number_of(g, p))
                numbers.push_back(*number);
    return numbers;
}

void Part::report(std::vector<ProbeState>& states) const {
    for (const auto& group : groups_)
        for (const auto& probe : group.probes) {
            ProbeState row{probe.name, group.name, "paused", "", "", ""};
            if (!probe.points.empty()) {
                row.object = probe.points.front().object;
                row.site = probe.emulated ? "emulated" : "stepped";
                // What comes and goes is called paused, which it is most of the time.
                if (!group.links.empty() && !group.window && !group.sampled)
                    row.state = "attached";
                if (group.failure) {
                    row.state = "failed";
                    row.reason = group.failure->reason;
                    row.message = group.failure->message;
                }
                states.push_back(row);
            }
            if (probe.failure)
                states.push_back({probe.name, group.name, "failed", "", probe.failure->reason,
                                  probe.failure->message});
        }
}

bool Part::attach(PartGroup& group, const attach::Objects& objects, attach::Method method,
                  pid_t pid) const {
    if (!group.links.empty())
        return false;
    const std::string path = "/proc/self/fd/" + std::to_string(file_.get());
    std::map<std::pair<std::string, attach::When>, std::vector<attach::Point>> points;
    for (const auto& probe : group.probes)
        for (const auto& point : probe.points)
            points[{point.object, point.when}].push_back(point.point);
    const auto before = std::exchange(group.failure, std::nullopt);
    for (const auto& [how, of_link] : points) {
        auto link = attach::Link::create(method, objects.at(how.first).program(), path, pid,
                                         of_link, how.second);
        if (!link) {
            group.failure = link.error();
            group.links.clear();
            return !before || before->reason != group.failure->reason;
        }
        group.links.push_back(std::move(*link));
    }
    return before.has_value();
}

bool Part::attach_all(const attach::Objects& objects, attach::Method method, pid_t pid) {
    bool changed = false;
    for (auto& group : groups_)
        changed |= attach(group, objects, method, pid);
    return changed;
}

bool Part::attach_failed(const attach::Objects& objects, attach::Method method, pid_t pid) {
    bool changed = false;
    for (auto& group : groups_)
        // What is attached for moments only is tried again at its next one, and must not be before.
        if (group.failure && !group.sampled && !group.window)
            changed |= attach(group, objects, method, pid);
    return changed;
}

bool Part::keep_windows(Window::Clock::time_point now, const attach::Objects& objects,
                        attach::Method method, pid_t pid, attach::LinkBin& links) {
    bool changed = false;
    for (auto& group : groups_) {
        if (!group.window || !group.window->turn(now))
            continue;
        if (group.window->is_open())
            changed |= attach(group, objects, method, pid);
        else
            detach(group, links);
    }
    return changed;
}

void Part::detach(PartGroup& group, attach::LinkBin& links) {
    for (auto& link : group.links)
        links.drop(std::move(link));
    group.links.clear();
}

void Part::detach_all(attach::LinkBin& links) {
    for (auto& group : groups_)
        detach(group, links);
}

double HitCost::of(const PartProbe& probe) const {
    const double way = probe.emulated ? emulated_seconds : stepped_seconds;
    return probe.points.empty() ? way : way + program_seconds(probe.points.front().object);
}

bool Part::sees_requests() const {
    return std::any_of(groups_.begin(), groups_.end(), [](const PartGroup& group) {
        return group.per_request &&
               std::any_of(group.probes.begin(), group.probes.end(),
                           [](const PartProbe& probe) { return !probe.points.empty(); });
    });
}

bool Part::sees_requests_now() const {
    return std::any_of(groups_.begin(), groups_.end(), [](const PartGroup& group) {
        return group.per_request && !group.links.empty();
    });
}

bool Part::attach_requests(const attach::Objects& objects, attach::Method method, pid_t pid) {
    bool changed = false;
    for (auto& group : groups_)
        if (group.per_request)
            changed |= attach(group, objects, method, pid);
    return changed;
}

void Part::detach_requests(attach::LinkBin& links) {
    for (auto& group : groups_)
        if (group.per_request)
            detach(group, links);
}

void Part::set_sampled(bool sampled) {
    for (auto& group : groups_)
        group.sampled = group.per_request && sampled;
}

double Part::seconds_for_requests(const holter_hits& hits, const HitCost& cost) const {
    double seconds = 0;
    std::uint32_t number = first_probe_;
    for (const auto& group : groups_)
        for (const auto& probe : group.probes) {
            if (group.per_request && number < HOLTER_MAX_PROBES)
                seconds += static_cast<double>(hits.of_probe[number]) * cost.of(probe);
            ++number;
        }
    return seconds;
}

} // namespace holter::tracer
