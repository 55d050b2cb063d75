// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/discovery.h"

#include "loader/process/naming/service_name.h"

#include <ctime>
#include <memory>
#include <unistd.h>
#include <utility>

namespace holter::tracer {

namespace {

std::unique_ptr<golang::TypeNames> type_names(const golang::Binary& binary, const std::string& path,
                                              std::uint64_t load_bias) {
    if (!binary.functions || !binary.functions->module_data)
        return nullptr;
    auto file = elf::ElfFile::open(path);
    if (!file)
        return nullptr;
    return std::make_unique<golang::TypeNames>(
        golang::TypeReader(std::move(*file), *binary.functions->module_data), load_bias);
}

/// Whether the process had time to do anything before we came.
bool ran_before(const process::Identity& identity) {
    constexpr double moment = 2;
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const double started =
        static_cast<double>(identity.start_time) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return static_cast<double>(now.tv_sec) - started > moment;
}

void look_into_memory(const process::Procfs& procfs, const Candidate& candidate,
                      const golang::Binary& binary, Discovery& found) {
    const process::Identity& identity = candidate.identity;
    const auto bias = procfs.load_bias(identity.pid, binary.image);
    if (!bias)
        return;
    found.load_bias = *bias;
    found.variables = variables_at(binary, found.load_bias);
    found.target.types = type_names(binary, candidate.path, found.load_bias);
    auto memory = process::Memory::open(procfs, identity);
    if (!memory)
        return;
    std::optional<process::Sockets> sockets;
    if (auto opened = process::Sockets::open(procfs, identity))
        sockets = std::move(*opened);
    found.target.account = std::make_unique<RuntimeAccount>(
        std::move(*memory), std::move(sockets), binary, found.variables, ran_before(identity));
}

} // namespace

std::optional<Discovery> discover(const process::Procfs& procfs, const Candidate& candidate,
                                  const golang::Binary* binary, const std::string& runtime) {
    const process::Identity& identity = candidate.identity;
    Discovery found;
    Target& target = found.target;
    target.slot = candidate.slot;
    target.identity = identity;
    target.service_name = process::service_name(procfs, identity.pid);
    target.executable = candidate.executable;
    target.runtime = runtime;
    if (const auto cgroup = procfs.cgroup(identity.pid))
        target.container_id = cgroup->container_id;
    if (binary) {
        target.runtime_version = binary->build_info.version;
        for (const auto& module : binary->build_info.dependencies)
            target.dependencies.emplace_back(module.path, module.version);
        look_into_memory(procfs, candidate, *binary, found);
    }
    // Everything above was read by pid: if that has been handed on, or the process runs another
    // file by now, none of it counts.
    const auto stat = procfs.stat(identity.pid);
    const auto file_now = procfs.executable_identity(identity.pid);
    if (!stat || stat->dead() || stat->start_time != identity.start_time || !file_now ||
        *file_now != candidate.file)
        return std::nullopt;
    return found;
}

} // namespace holter::tracer
