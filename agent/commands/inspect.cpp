// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/commands.h"
#include "agent/table.h"
#include "loader/attach/program_times.h"
#include "loader/attach/self_test.h"
#include "loader/catalogue/catalogue.h"
#include "loader/elf/linkage.h"
#include "loader/golang/binary.h"
#include "loader/modules/examiner.h"
#include "loader/modules/specification.h"
#include "loader/process/naming/service_name.h"
#include "loader/process/procfs/memory.h"
#include "loader/process/procfs/procfs.h"

#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

namespace holter::agent {

namespace {

/// All that is found out about the process.
struct Findings {
    process::Identity identity;
    std::string executable;
    std::string service;
    std::string runtime; ///< empty: none that is supported
    std::optional<Error> unsupported;
    std::shared_ptr<const golang::Binary> binary;
    std::vector<modules::KnownFile> files; ///< that the catalogue knows
    std::vector<Error> unreadable;         ///< files that could not be looked at
    std::uint64_t load_bias = 0;
    std::optional<golang::MemoryReading> account;
    std::optional<attach::SelfTest> cost;          ///< empty without the right to attach
    std::map<std::string, double> program_seconds; ///< of those that agents run here
};

/// Looks at files without telling the kernel side anything.
class Looker {
  public:
    Looker(const process::Procfs& procfs, std::vector<catalogue::Definition> definitions)
        : table_(-1, {[](auto&&...) {}, [](std::uint32_t) {}}), examiner_(procfs, table_) {
        examiner_.set_definitions(std::move(definitions));
    }
    modules::Examiner& examiner() { return examiner_; }

  private:
    modules::SpecificationTable table_;
    modules::Examiner examiner_;
};

Findings examine(const process::Procfs& procfs, const process::Identity& identity,
                 const std::vector<catalogue::Runtime>& runtimes, modules::Examiner& examiner) {
    Findings findings;
    findings.identity = identity;
    const auto path = procfs.executable_path(identity.pid);
    const auto link = procfs.executable_link(identity.pid);
    if (!path || !link) {
        findings.unsupported = path ? link.error() : path.error();
        return findings;
    }
    findings.executable = *path;
    findings.service = process::service_name(procfs, identity.pid);
    for (const auto& runtime : runtimes) {
        auto binary = golang::examine_binary(*link, runtime);
        if (!binary) {
            findings.unsupported = binary.error();
            continue;
        }
        findings.runtime = runtime.name;
        findings.binary = *binary;
        findings.unsupported.reset();
        break;
    }
    auto known = examiner.examine(identity.pid);
    if (known) {
        findings.unreadable = std::move(known->unreadable);
        if (findings.binary || modules::worth_tracing(known->files))
            findings.files = std::move(known->files);
    } else {
        findings.unreadable.push_back(known.error());
    }
    if (!findings.files.empty()) {
        findings.unsupported.reset();
        if (!findings.binary)
            findings.runtime = modules::runtime_of(findings.files);
    }
    if (!findings.binary && findings.files.empty()) {
        if (findings.unsupported->reason == "not_go")
            findings.unsupported->message = "nothing in the catalogue is mapped by this process; "
                                            "`holter probes` lists what is known";
        if (const auto file = elf::ElfFile::open(*link))
            if (auto why = elf::missing_library(*file, "a runtime's library"))
                findings.unsupported = std::move(why);
        return findings;
    }
    if (auto test = attach::run_self_test(true, true)) {
        findings.cost = *test;
        findings.program_seconds = attach::seconds_of_all_programs();
    }
    if (!findings.binary)
        return findings;
    const auto bias = procfs.load_bias(identity.pid, findings.binary->image);
    auto memory = process::Memory::open(procfs, identity);
    if (bias && memory) {
        findings.load_bias = *bias;
        golang::GoMemoryReader reader(findings.binary->offsets, findings.binary->version,
                                      golang::variables_at(*findings.binary, *bias),
                                      [&](std::uint64_t address, std::span<std::byte> out) {
                                          return memory->read(address, out);
                                      });
        findings.account = reader.read();
    }
    return findings;
}

std::string hexadecimal(std::uint64_t value) {
    char text[32];
    std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

/// What a hit costs: the way to the program and back, and the program.
struct HitCost {
    double seconds = 0;
    bool with_program = false; ///< not, unless an agent that runs here has had it measured
};

std::optional<HitCost> hit_cost(const Findings& findings, bool emulated,
                                const std::string& program) {
    if (!findings.cost)
        return std::nullopt;
    const double way = emulated ? findings.cost->emulated_seconds : findings.cost->stepped_seconds;
    const auto known = findings.program_seconds.find(program);
    if (known == findings.program_seconds.end())
        return HitCost{way, false};
    return HitCost{way + known->second, true};
}

std::string cost_of(const Findings& findings, bool emulated, const std::string& program) {
    const auto cost = hit_cost(findings, emulated, program);
    if (!cost)
        return "?";
    char text[32];
    std::snprintf(text, sizeof(text), "%s%.2f µs", cost->with_program ? "" : "> ",
                  cost->seconds * 1e6);
    return text;
}

/// For programs that read: null unless all of it is known.
nlohmann::json cost_document(const Findings& findings, bool emulated, const std::string& program) {
    const auto cost = hit_cost(findings, emulated, program);
    return cost && cost->with_program ? nlohmann::json(cost->seconds) : nlohmann::json();
}

/// Name and value of everything that was read from the runtime's own variables.
std::vector<std::pair<std::string, std::string>>
account_rows(const golang::MemoryReading& account) {
    std::vector<std::pair<std::string, std::string>> rows;
    const auto add = [&](const char* name, const auto& value) {
        rows.emplace_back(name, value ? std::to_string(*value) : std::string("unknown"));
    };
    add("gc_percent", account.gc_percent);
    add("memory_limit_bytes", account.memory_limit_bytes);
    add("heap_live_bytes", account.heap_live_bytes);
    add("heap_goal_bytes", account.heap_goal_bytes);
    add("goroutines", account.goroutines);
    add("num_gc", account.numgc);
    add("num_forced_gc", account.numforcedgc);
    add("pause_total_ns", account.pause_total_ns);
    return rows;
}

std::vector<std::pair<const char*, const golang::Global*>> named(const golang::Globals& globals) {
    return {
        {"runtime.memstats", &globals.memstats}, {"runtime.gcController", &globals.gc_controller},
        {"runtime.work", &globals.work},         {"runtime.sched", &globals.sched},
        {"runtime.allp", &globals.allp},         {"runtime.allglen", &globals.allglen}};
}

/// Every probe that the catalogue has for a mapped file: `visit(file, group, planned)`.
template <typename Visit> void each_planned(const Findings& findings, Visit visit) {
    for (const auto& file : findings.files)
        for (const auto& plan : file.plans)
            for (const auto& group : plan->plan.groups)
                for (const auto& planned : group.probes)
                    visit(file, group.name, planned);
}

const char* execution_of(const site::Site& site) {
    return site.emulated ? "emulated" : "stepped";
}

/// Everything that is missing, and why.
std::vector<std::string> missing(const Findings& findings) {
    std::vector<std::string> lines;
    if (findings.unsupported)
        lines.push_back(findings.unsupported->message);
    for (const auto& error : findings.unreadable)
        lines.push_back(error.reason + ": " + error.message);
    each_planned(findings, [&](const modules::KnownFile& file, const std::string&,
                               const modules::PlannedProbe& planned) {
        if (planned.failure)
            lines.push_back(planned.probe->name + " (" + file.file.path +
                            "): " + planned.failure->reason + ": " + planned.failure->message);
    });
    if (!findings.binary)
        return lines;
    const golang::Binary& binary = *findings.binary;
    if (binary.failure)
        lines.push_back("all probes: " + binary.failure->reason + ": " + binary.failure->message);
    else if (!binary.offsets.exact())
        lines.push_back("unknown_version: struct layouts are those of " + binary.offsets.source());
    for (const auto& group : binary.groups)
        for (const auto& planned : group.probes)
            if (planned.failure)
                lines.push_back(planned.probe.name + ": " + planned.failure->reason + ": " +
                                planned.failure->message);
    for (const auto& [name, global] : named(binary.globals))
        if (!global->address)
            lines.push_back(std::string(name) + ": not located: " + global->how);
    if (!findings.account)
        lines.push_back("the runtime's own account: the memory of the process cannot be read");
    else
        for (const auto& error : findings.account->errors)
            lines.push_back("the runtime's own account: " + error.reason + ": " + error.message);
    return lines;
}

void print_files(const Findings& findings, std::size_t width) {
    std::vector<std::vector<std::string>> rows;
    each_planned(findings, [&](const modules::KnownFile& file, const std::string& group,
                               const modules::PlannedProbe& planned) {
        for (const auto& place : planned.places) {
            std::string reads;
            for (const auto& argument : place.arguments)
                reads += (reads.empty() ? "" : "; ") + argument;
            rows.push_back(
                {group, planned.probe->name, file.file.name, place.place->text(),
                 hexadecimal(place.site.address), place.site.instruction, execution_of(place.site),
                 cost_of(findings, place.site.emulated, modules::program_of(place.specification)),
                 place.semaphore_offset ? "yes" : "no", reads});
        }
    });
    if (rows.empty())
        return;
    std::cout << '\n';
    print_table(std::cout,
                {"GROUP", "PROBE", "FILE", "PLACE", "ADDRESS", "INSTRUCTION", "EXECUTION", "COST",
                 "SEMAPHORE", "READS"},
                rows, width);
}

nlohmann::json files_document(const Findings& findings) {
    auto document = nlohmann::json::array();
    each_planned(findings, [&](const modules::KnownFile& file, const std::string& group,
                               const modules::PlannedProbe& planned) {
        auto places = nlohmann::json::array();
        for (const auto& place : planned.places)
            places.push_back(
                {{"place", place.place->text()},
                 {"function", place.function},
                 {"address", place.site.address},
                 {"file_offset", place.file_offset},
                 {"semaphore_offset", place.semaphore_offset},
                 {"kind", site::to_string(place.site.kind)},
                 {"instruction", place.site.instruction},
                 {"emulated", place.site.emulated},
                 {"cost_seconds", cost_document(findings, place.site.emulated,
                                                modules::program_of(place.specification))},
                 {"reads", place.arguments}});
        document.push_back({{"file", file.file.path},
                            {"group", group},
                            {"probe", planned.probe->name},
                            {"places", std::move(places)},
                            {"reason", planned.failure ? planned.failure->reason : ""},
                            {"message", planned.failure ? planned.failure->message : ""}});
    });
    return document;
}

void print(const Findings& findings, std::size_t width) {
    std::ostream& out = std::cout;
    out << "process     " << findings.identity.pid << '\n'
        << "executable  " << findings.executable << '\n'
        << "service     " << findings.service << '\n';
    if (findings.binary) {
        const golang::Binary& binary = *findings.binary;
        out << "runtime     " << findings.runtime << ' ' << binary.build_info.version << '\n'
            << "functions   " << (binary.functions ? binary.functions->source : "none") << '\n'
            << "layouts     " << binary.offsets.source() << '\n'
            << "load bias   " << hexadecimal(findings.load_bias) << '\n';
        std::vector<std::vector<std::string>> rows;
        for (const auto& group : binary.groups)
            for (const auto& planned : group.probes)
                for (const auto& site : planned.sites)
                    rows.push_back({group.name, planned.probe.name, site.function,
                                    hexadecimal(site.site.address),
                                    std::string(site::to_string(site.site.kind)),
                                    site.site.instruction, execution_of(site.site),
                                    cost_of(findings, site.site.emulated, group.object)});
        out << '\n';
        print_table(
            out,
            {"GROUP", "PROBE", "FUNCTION", "ADDRESS", "SITE", "INSTRUCTION", "EXECUTION", "COST"},
            rows, width);
        if (findings.account) {
            out << "\nThe runtime's own account:\n";
            for (const auto& [name, value] : account_rows(*findings.account))
                out << "  " << name << std::string(20 - name.size(), ' ') << value << '\n';
        }
    }
    if (!findings.binary && !findings.runtime.empty())
        out << "runtime     " << findings.runtime << '\n';
    print_files(findings, width);
    const auto lines = missing(findings);
    out << (lines.empty() ? "\nNothing is missing.\n" : "\nMissing:\n");
    for (const auto& line : lines)
        out << "  " << line << '\n';
}

nlohmann::json document(const Findings& findings) {
    nlohmann::json root = {
        {"pid", findings.identity.pid},      {"start_time", findings.identity.start_time},
        {"executable", findings.executable}, {"service_name", findings.service},
        {"runtime", findings.runtime},       {"missing", missing(findings)}};
    root["catalogue_probes"] = files_document(findings);
    if (!findings.binary)
        return root;
    const golang::Binary& binary = *findings.binary;
    root["runtime_version"] = binary.build_info.version;
    root["functions"] = binary.functions ? binary.functions->source : "";
    root["layouts"] = binary.offsets.source();
    root["layouts_exact"] = binary.offsets.exact();
    root["load_bias"] = findings.load_bias;
    root["probes"] = nlohmann::json::array();
    for (const auto& group : binary.groups)
        for (const auto& planned : group.probes) {
            nlohmann::json row = {{"group", group.name},
                                  {"probe", planned.probe.name},
                                  {"program", planned.probe.program},
                                  {"sites", nlohmann::json::array()},
                                  {"reason", planned.failure ? planned.failure->reason : ""},
                                  {"message", planned.failure ? planned.failure->message : ""}};
            for (const auto& site : planned.sites)
                row["sites"].push_back(
                    {{"function", site.function},
                     {"address", site.site.address},
                     {"file_offset", site.file_offset},
                     {"kind", site::to_string(site.site.kind)},
                     {"instruction", site.site.instruction},
                     {"emulated", site.site.emulated},
                     {"cost_seconds", cost_document(findings, site.site.emulated, group.object)}});
            root["probes"].push_back(std::move(row));
        }
    for (const auto& [name, global] : named(binary.globals))
        root["globals"][name] = {{"address", global->address.value_or(0)}, {"how", global->how}};
    if (findings.cost)
        root["hit_cost_seconds"] = {{"emulated", findings.cost->emulated_seconds},
                                    {"stepped", findings.cost->stepped_seconds}};
    if (findings.account)
        for (const auto& [name, value] : account_rows(*findings.account))
            root["account"][name] = value;
    return root;
}

} // namespace

int inspect(const Configuration& configuration, std::int32_t pid, Output output) {
    const process::Procfs procfs(configuration.procfs);
    const auto identity = procfs.identity(pid);
    if (!identity) {
        std::cerr << "holter: process " << pid << ": " << identity.error().message << '\n';
        return 1;
    }
    auto catalogue = catalogue::read_catalogue(configuration.probes_dir);
    Looker looker(procfs, std::move(catalogue.definitions));
    const Findings findings = examine(procfs, *identity, catalogue.runtimes, looker.examiner());
    if (output == Output::json)
        std::cout << document(findings).dump(2, ' ', false,
                                             nlohmann::json::error_handler_t::replace)
                  << '\n';
    else
        print(findings, output == Output::wide ? any_width : readable_width);
    return findings.binary || !findings.files.empty() ? 0 : 1;
}

} // namespace holter::agent
