// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/environment.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <compare>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace holter::attach {
namespace {

// Newer than the headers of some distributions we build on.
constexpr unsigned cap_perfmon = 38;
constexpr unsigned cap_bpf = 39;

struct KernelVersion {
    unsigned major = 0;
    unsigned minor = 0;
    auto operator<=>(const KernelVersion&) const = default;
};

constexpr KernelVersion oldest_supported{5, 15}; // cookies of perf links
constexpr KernelVersion first_with_memcg_accounting{5, 11};

std::string release_of(const EnvironmentSources& sources) {
    if (!sources.kernel_release.empty()) {
        return sources.kernel_release;
    }
    utsname names{};
    return ::uname(&names) == 0 ? names.release : "";
}

std::optional<KernelVersion> parse_version(std::string_view release) {
    const char* const end = release.data() + release.size();
    KernelVersion version;
    const auto major = std::from_chars(release.data(), end, version.major);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') {
        return std::nullopt;
    }
    if (std::from_chars(major.ptr + 1, end, version.minor).ec != std::errc()) {
        return std::nullopt;
    }
    return version;
}

std::optional<std::uint64_t> effective_capabilities(const std::string& status_path) {
    std::ifstream status(status_path);
    constexpr std::string_view key = "CapEff:\t";
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(key)) {
            std::uint64_t capabilities = 0;
            const auto parsed = std::from_chars(line.data() + key.size(), line.data() + line.size(),
                                                capabilities, 16);
            if (parsed.ec == std::errc()) {
                return capabilities;
            }
        }
    }
    return std::nullopt;
}

std::optional<Error> permission_problem(const EnvironmentSources& sources) {
    const auto capabilities = effective_capabilities(sources.self_status);
    if (!capabilities) {
        return Error{"no_permission",
                     sources.self_status + ": cannot read our capabilities; is /proc mounted?"};
    }
    const auto has = [&](unsigned capability) { return ((*capabilities >> capability) & 1U) != 0; };
    std::string missing;
    const auto need = [&](unsigned capability, const char* name) {
        if (!has(capability)) {
            missing += missing.empty() ? name : std::string(", ") + name;
        }
    };
    if (!has(CAP_SYS_ADMIN)) { // stands for both
        need(cap_bpf, "CAP_BPF");
        need(cap_perfmon, "CAP_PERFMON");
    }
    need(CAP_SYS_PTRACE, "CAP_SYS_PTRACE");
    if (missing.empty()) {
        return std::nullopt;
    }
    return Error{"no_permission",
                 "missing " + missing + "; run as root, or as a privileged container"};
}

std::optional<Error> kernel_problem(const EnvironmentSources& sources) {
    const std::string release = release_of(sources);
    const auto version = parse_version(release);
    if (version && *version >= oldest_supported) {
        return std::nullopt;
    }
    return Error{"old_kernel", "kernel " + release + " is too old; 5.15 or newer is needed"};
}

std::optional<Error> btf_problem(const EnvironmentSources& sources) {
    if (::access(sources.btf.c_str(), R_OK) == 0) {
        return std::nullopt;
    }
    return Error{"no_btf", sources.btf + ": " + std::strerror(errno) +
                               "; a kernel with CONFIG_DEBUG_INFO_BTF=y and a mounted /sys are "
                               "needed"};
}

std::optional<Error> lockdown_problem(const EnvironmentSources& sources) {
    std::ifstream lockdown(sources.lockdown);
    std::string states; // `none [integrity] confidentiality`: the one in brackets is in force
    std::getline(lockdown, states);
    if (states.find("[confidentiality]") == std::string::npos) {
        return std::nullopt;
    }
    return Error{"lockdown", "the kernel is locked down (confidentiality), which forbids tracing; "
                             "boot with lockdown=integrity or none"};
}

} // namespace

namespace {

/// BPF programs see the initial namespace's numbers.
std::optional<Error> namespace_problem(const EnvironmentSources& sources) {
    constexpr ino_t initial = 0xeffffffc; // PROC_PID_INIT_INO
    struct stat status {};
    if (::stat(sources.pid_namespace.c_str(), &status) != 0 || status.st_ino == initial) {
        return std::nullopt;
    }
    return Error{"pid_namespace",
                 "Holter runs in a PID namespace of its own and would see other numbers than the "
                 "kernel; run it in the host's (hostPID: true, docker --pid=host)"};
}

} // namespace

std::vector<Error> environment_problems(const EnvironmentSources& sources) {
    std::vector<Error> problems;
    for (const auto check :
         {permission_problem, kernel_problem, btf_problem, lockdown_problem, namespace_problem}) {
        if (auto problem = check(sources)) {
            problems.push_back(std::move(*problem));
        }
    }
    return problems;
}

Status lift_limits(const EnvironmentSources& sources) {
    // A target takes three descriptors, and one for each site where perf events are needed.
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    const auto version = parse_version(release_of(sources));
    if (version && *version >= first_with_memcg_accounting) {
        return ok;
    }
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) {
        return Error{"no_permission", std::string("cannot lift RLIMIT_MEMLOCK: ") +
                                          std::strerror(errno) +
                                          "; raise it (ulimit -l unlimited)"};
    }
    return ok;
}

} // namespace holter::attach
