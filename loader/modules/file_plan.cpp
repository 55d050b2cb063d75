// SPDX-License-Identifier: Apache-2.0
#include "loader/modules/file_plan.h"

#include "loader/modules/specification.h"
#include "loader/site/c_function.h"
#include "loader/symbols/functions.h"
#include "loader/usdt/notes.h"

#include <algorithm>
#include <map>
#include <set>

namespace holter::modules {

namespace {

using catalogue::DeclaredProbe;
using catalogue::Place;

/// Code from a USDT probe on that is decoded: one instruction.
constexpr std::size_t instruction_bytes = 16;
/// Functions are decoded no further than this; their entry is at their begin.
constexpr std::size_t function_bytes = 4096;

bool is_recognised(const catalogue::Recognition& recognition, const elf::ElfFile& file,
                   const std::string& name) {
    if (!recognition.file.empty() && !catalogue::glob_matches(recognition.file, name))
        return false;
    if (!recognition.symbol.empty()) {
        const std::vector<std::string> wanted = {recognition.symbol};
        if (file.find_symbols(wanted).empty())
            return false;
    }
    if (!recognition.usdt.empty()) {
        bool found = false;
        usdt::for_each_probe(file, [&](const usdt::ProbeView& probe) {
            found = probe.provider == recognition.usdt;
            return !found;
        });
        if (!found)
            return false;
    }
    return true;
}

/// Everything that the definition names, looked up in one go.
class Lookup {
  public:
    Lookup(const catalogue::Definition& definition, const elf::ElfFile& file,
           const symbols::FileSystem& where) {
        std::set<std::string> functions, symbols;
        for (const auto& group : definition.groups)
            for (const auto& probe : group.probes) {
                symbols.insert(probe.needs.begin(), probe.needs.end());
                symbols.insert(probe.lacks.begin(), probe.lacks.end());
                for (const auto& place : probe.places)
                    if (place.kind == Place::Kind::usdt)
                        name_of(place);
                    else
                        functions.insert(place.name);
            }
        if (!names_.empty())
            usdt_ = usdt::find_probes(file, names_);
        patterns_.assign(functions.begin(), functions.end());
        if (!patterns_.empty())
            functions_ = symbols::find_functions(file, patterns_, where);
        const std::vector<std::string> wanted(symbols.begin(), symbols.end());
        if (!wanted.empty())
            symbols_ = file.find_symbols(wanted);
    }

    bool has_symbol(const std::string& name) const { return symbols_.count(name) != 0; }
    Result<std::vector<symbols::Function>> functions(const Place& place) const {
        const auto index = static_cast<std::size_t>(
            std::lower_bound(patterns_.begin(), patterns_.end(), place.name) - patterns_.begin());
        if (functions_.functions[index].empty())
            return symbols::missing_function(patterns_, index, functions_);
        return functions_.functions[index];
    }
    Result<std::vector<usdt::Probe>> probes(const Place& place) {
        const std::size_t index = name_of(place);
        if (usdt_.places[index].empty())
            return usdt::missing_probe(names_[index], usdt_.counts);
        return usdt_.places[index];
    }

  private:
    std::size_t name_of(const Place& place) {
        const auto found = std::find_if(names_.begin(), names_.end(), [&](const auto& name) {
            return name.provider == place.provider && name.name == place.name;
        });
        if (found != names_.end())
            return static_cast<std::size_t>(found - names_.begin());
        names_.push_back({place.provider, place.name});
        return names_.size() - 1;
    }

    std::vector<usdt::ProbeName> names_;
    usdt::FoundProbes usdt_;
    std::vector<std::string> patterns_; ///< ascending
    symbols::FoundFunctions functions_;
    std::map<std::string, elf::Symbol> symbols_;
};

std::optional<elf::Bytes> code_at(const elf::ElfFile& file, std::uint64_t address,
                                  std::uint64_t size) {
    const std::uint64_t there = file.contiguous_from(address);
    if (there == 0 || !file.is_code(address))
        return std::nullopt;
    return file.at_address(address, static_cast<std::size_t>(std::min(size, there)));
}

site::Code code_of(const elf::ElfFile& file, std::uint64_t address, const elf::Bytes& bytes) {
    return {file.machine() == elf::Machine::arm64 ? site::Machine::arm64 : site::Machine::x86_64,
            address, bytes};
}

Error not_code(const std::string& what) {
    return {"undecodable", what + " is not in the file's code"};
}

Status add_usdt_place(const elf::ElfFile& file, const Place& place, const usdt::Probe& probe,
                      const DeclaredProbe& declared, std::vector<PlannedPlace>& places) {
    const auto bytes = code_at(file, probe.address, instruction_bytes);
    if (!bytes)
        return not_code(place.text());
    auto site = site::usdt_site(code_of(file, probe.address, *bytes));
    if (!site)
        return site.error();
    PlannedPlace planned;
    planned.place = &place;
    planned.site = std::move(*site);
    planned.file_offset = probe.offset;
    planned.semaphore_offset = probe.semaphore_offset;
    if (auto filled = specify_usdt(file, probe, place, declared, planned); !filled)
        return filled;
    places.push_back(std::move(planned));
    return ok;
}

Status add_function_place(const elf::ElfFile& file, const Place& place,
                          const symbols::Function& function, const DeclaredProbe& declared,
                          std::vector<PlannedPlace>& places) {
    const auto bytes = code_at(
        file, function.address,
        function.size ? std::min<std::uint64_t>(function.size, function_bytes) : function_bytes);
    if (!bytes)
        return not_code(place.text());
    auto site = site::c_entry_site(code_of(file, function.address, *bytes));
    if (!site)
        return site.error();
    const auto offset = file.offset_of(site->address);
    if (!offset)
        return not_code(place.text());
    PlannedPlace planned;
    planned.place = &place;
    planned.function = function.name;
    planned.site = std::move(*site);
    planned.file_offset = *offset;
    if (auto filled = specify_function(file, function, place, declared, planned); !filled)
        return filled;
    places.push_back(std::move(planned));
    return ok;
}

Status add_places(const elf::ElfFile& file, const Place& place, Lookup& lookup,
                  const DeclaredProbe& declared, std::vector<PlannedPlace>& places) {
    if (place.kind == Place::Kind::usdt) {
        const auto probes = lookup.probes(place);
        if (!probes)
            return probes.error();
        for (const auto& probe : *probes)
            if (auto added = add_usdt_place(file, place, probe, declared, places); !added)
                return added;
        return ok;
    }
    const auto functions = lookup.functions(place);
    if (!functions)
        return functions.error();
    for (const auto& function : *functions)
        if (auto added = add_function_place(file, place, function, declared, places); !added)
            return added;
    return ok;
}

PlannedProbe plan_probe(const elf::ElfFile& file, const DeclaredProbe& declared, Lookup& lookup) {
    PlannedProbe planned;
    planned.probe = &declared;
    for (const auto& place : declared.places)
        if (auto added = add_places(file, place, lookup, declared, planned.places); !added) {
            planned.failure = added.error();
            break;
        }
    if (!planned.failure && planned.places.size() > max_places_of_probe)
        planned.failure = Error{"too_many_places",
                                "it stands at " + std::to_string(planned.places.size()) +
                                    " places; the most is " + std::to_string(max_places_of_probe)};
    if (planned.failure)
        planned.places.clear();
    return planned;
}

bool is_meant_for(const DeclaredProbe& probe, const Lookup& lookup) {
    const auto has = [&](const std::string& name) { return lookup.has_symbol(name); };
    return std::all_of(probe.needs.begin(), probe.needs.end(), has) &&
           std::none_of(probe.lacks.begin(), probe.lacks.end(), has);
}

/// Of the probes of one name, the first that can be attached; else the first that is meant for
/// this file, with the reason.
PlannedProbe choose(const elf::ElfFile& file, const std::vector<const DeclaredProbe*>& alternatives,
                    Lookup& lookup) {
    std::optional<PlannedProbe> failed;
    for (const DeclaredProbe* alternative : alternatives) {
        if (!is_meant_for(*alternative, lookup))
            continue;
        PlannedProbe planned = plan_probe(file, *alternative, lookup);
        if (!planned.failure)
            return planned;
        if (!failed)
            failed = std::move(planned);
    }
    if (failed)
        return std::move(*failed);
    return {alternatives.front(),
            {},
            Error{"unsupported_version",
                  "nothing in the catalogue is meant for this build of the library"}};
}

} // namespace

std::optional<FilePlan> plan_file(const std::shared_ptr<const catalogue::Definition>& definition,
                                  const elf::ElfFile& file, const std::string& name,
                                  const symbols::FileSystem& where) {
    if (std::none_of(
            definition->recognise.begin(), definition->recognise.end(),
            [&](const auto& recognition) { return is_recognised(recognition, file, name); }))
        return std::nullopt;
    Lookup lookup(*definition, file, where);
    FilePlan plan{definition, {}};
    for (const auto& group : definition->groups) {
        PlannedGroup& planned = plan.groups.emplace_back();
        planned.name = group.name;
        std::vector<std::string> done;
        for (const auto& probe : group.probes) {
            if (std::find(done.begin(), done.end(), probe.name) != done.end())
                continue;
            done.push_back(probe.name);
            std::vector<const DeclaredProbe*> alternatives;
            for (const auto& other : group.probes)
                if (other.name == probe.name)
                    alternatives.push_back(&other);
            planned.probes.push_back(choose(file, alternatives, lookup));
        }
    }
    return plan;
}

} // namespace holter::modules
