// SPDX-License-Identifier: Apache-2.0
#include "loader/process/naming/service_name.h"

#include "loader/process/naming/foreign_text.h"
#include "loader/process/naming/resource_attributes.h"

#include <algorithm>
#include <array>
#include <span>

namespace holter::process {
namespace {

constexpr std::size_t longest_name = 255;

/// How a launcher's command line is read: its first argument that is neither an option nor an
/// option's value is the program.
struct Launcher {
    std::string_view name; ///< of the executable; a version may follow: `python3.11`
    std::string_view extension;
    std::span<const std::string_view> names_program; ///< options whose value is the program
    std::span<const std::string_view> inline_code;   ///< options that leave no program to name
    std::span<const std::string_view> takes_value; ///< options with the value in the next argument
};

constexpr std::array<std::string_view, 3> java_program = {"-jar", "-m", "--module"};
constexpr std::array<std::string_view, 12> java_value = {
    "-cp",           "-classpath",      "--class-path",   "-p",
    "--module-path", "--add-modules",   "--add-exports",  "--add-opens",
    "--add-reads",   "--limit-modules", "--patch-module", "--upgrade-module-path"};
constexpr std::array<std::string_view, 1> python_program = {"-m"};
constexpr std::array<std::string_view, 1> python_code = {"-c"};
constexpr std::array<std::string_view, 3> python_value = {"-W", "-X", "--check-hash-based-pycs"};
constexpr std::array<std::string_view, 4> node_code = {"-e", "--eval", "-p", "--print"};
constexpr std::array<std::string_view, 9> node_value = {
    "-r", "--require",    "--import", "--loader",    "--experimental-loader",
    "-C", "--conditions", "--title",  "--input-type"};
constexpr std::array<std::string_view, 1> ruby_code = {"-e"};
constexpr std::array<std::string_view, 4> ruby_value = {"-I", "-r", "-C", "-E"};
constexpr std::array<std::string_view, 2> php_program = {"-f", "--file"};
constexpr std::array<std::string_view, 2> php_code = {"-r", "--run"};
constexpr std::array<std::string_view, 8> php_value = {"-c", "--php-ini", "-d", "--define",
                                                       "-S", "--server",  "-t", "--docroot"};

constexpr std::array<Launcher, 7> launchers = {{
    {"java", ".jar", java_program, {}, java_value},
    {"python", ".py", python_program, python_code, python_value},
    {"pypy", ".py", python_program, python_code, python_value},
    {"node", ".js", {}, node_code, node_value},
    {"nodejs", ".js", {}, node_code, node_value},
    {"ruby", ".rb", {}, ruby_code, ruby_value},
    {"php", ".php", php_program, php_code, php_value},
}};

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

bool contains(std::span<const std::string_view> options, std::string_view argument) {
    return std::find(options.begin(), options.end(), argument) != options.end();
}

const Launcher* launcher_of(std::string_view base) {
    for (const Launcher& launcher : launchers) {
        if (base.starts_with(launcher.name) &&
            base.find_first_not_of("0123456789.", launcher.name.size()) == std::string_view::npos) {
            return &launcher;
        }
    }
    return nullptr;
}

/// Takes an argument off the front.
std::string_view next_argument(std::string_view& command_line) {
    const std::size_t nul = command_line.find('\0');
    const std::string_view argument = command_line.substr(0, nul);
    command_line =
        nul == std::string_view::npos ? std::string_view() : command_line.substr(nul + 1);
    return argument;
}

/// The argument that names the program; empty when there is none.
std::string_view program_argument(const Launcher& launcher, std::string_view command_line) {
    next_argument(command_line); // the launcher
    while (!command_line.empty()) {
        const std::string_view argument = next_argument(command_line);
        if (contains(launcher.names_program, argument) || argument == "--") {
            return next_argument(command_line);
        }
        if (contains(launcher.inline_code, argument)) {
            return {};
        }
        if (contains(launcher.takes_value, argument)) {
            next_argument(command_line);
        } else if (!argument.starts_with('-') && !argument.starts_with('@')) {
            return argument;
        }
    }
    return {};
}

} // namespace

std::string_view program_name(std::string_view executable, std::string_view command_line) {
    const std::string_view base = base_name(executable);
    const Launcher* const launcher = launcher_of(base);
    if (launcher == nullptr) {
        return base;
    }
    std::string_view program = base_name(program_argument(*launcher, command_line));
    if (program.ends_with(launcher->extension)) {
        program.remove_suffix(launcher->extension.size());
    }
    return program.empty() || program == "." ? base : program;
}

std::string service_name(const ServiceNameSources& sources) {
    std::string name(environment_variable(sources.environment, "OTEL_SERVICE_NAME"));
    if (name.empty()) {
        const auto attributes = parse_resource_attributes(
            environment_variable(sources.environment, "OTEL_RESOURCE_ATTRIBUTES"));
        for (const auto& [key, value] : attributes.value_or(ResourceAttributes())) {
            if (key == "service.name") {
                name = value;
            }
        }
    }
    if (name.empty()) {
        name = environment_variable(sources.environment, "SERVICE_NAME");
    }
    if (name.empty()) {
        name = sources.systemd_unit;
    }
    if (name.empty()) {
        name = program_name(sources.executable, sources.command_line);
    }
    return clean_text(name, longest_name);
}

std::string service_name(const Procfs& procfs, pid_t pid) {
    const auto or_empty = [](Result<std::string> content) {
        return content ? std::move(*content) : std::string();
    };
    const std::string environment = or_empty(procfs.environment(pid));
    const std::string command_line = or_empty(procfs.command_line(pid));
    const std::string executable = or_empty(procfs.executable_path(pid));
    const Result<Cgroup> cgroup = procfs.cgroup(pid);
    const std::string unit = cgroup ? cgroup->systemd_unit : std::string();
    return service_name({environment, unit, command_line, executable});
}

} // namespace holter::process
