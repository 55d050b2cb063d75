// SPDX-License-Identifier: Apache-2.0
//
// Flags are spelled as Prometheus exporters spell them. `run` is the default, so
// that `holter --pid 1234` does what one expects.
#include "agent/command_line.h"

#include "agent/commands/commands.h"
#include "agent/version.h"
#include "loader/catalogue/strict_yaml.h"
#include "loader/golang/trace_settings.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

namespace holter::agent {

namespace {

const std::vector<std::string> commands = {"run", "inspect", "probes", "check-config", "version"};

std::vector<std::string> with_default_command(int argc, const char* const* argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    const bool names_command =
        !words.empty() && (words.front().empty() || words.front().front() != '-');
    if (names_command &&
        std::find(commands.begin(), commands.end(), words.front()) == commands.end()) {
        const auto near = catalogue::nearest(words.front(), commands);
        throw UsageError("unknown command `" + words.front() + "`" +
                         (near ? " (did you mean `" + *near + "`?)" : "; see holter --help"));
    }
    // Whoever says nothing is not known to want every process of the machine traced.
    if (words.empty())
        return {"--help"};
    const bool asks_for_help =
        (words.front() == "--help" || words.front() == "-h" || words.front() == "--version");
    if (!names_command && !asks_for_help)
        words.insert(words.begin(), "run");
    return words;
}

/// The flags of `run` override the file, so they are applied after it was read.
struct RunFlags {
    std::string config_file;
    Configuration given;
};

void add_probes_dir(CLI::App& app, Configuration& given) {
    app.add_option("--probes.dir", given.probes_dir,
                   "folder with catalogue files (*.yaml) of your own; read again on SIGHUP")
        ->type_name("DIR");
}

void add_run_flags(CLI::App& app, RunFlags& flags) {
    Configuration& given = flags.given;
    app.add_option("--config.file", flags.config_file, "YAML configuration file")
        ->type_name("FILE");
    app.add_option("--pid", given.pids, "trace this process only; may be repeated")
        ->type_name("PID")
        ->check(CLI::Range(1, std::numeric_limits<std::int32_t>::max()));
    app.add_option("--select.executable", given.executables,
                   "trace executables that match this glob only; may be repeated")
        ->type_name("GLOB");
    app.add_option("--select.service", given.services,
                   "trace processes of this service only; may be repeated")
        ->type_name("NAME");
    app.add_option("--web.listen-address", given.listen_address, "address to serve metrics on")
        ->type_name("ADDRESS")
        ->capture_default_str();
    app.add_option("--web.telemetry-path", given.telemetry_path, "path to serve metrics under")
        ->type_name("PATH")
        ->capture_default_str();
    app.add_option("--log.level", given.log_level, "debug, info, warn or error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
        ->capture_default_str();
    app.add_option("--log.format", given.log_format, "logfmt or json")
        ->check(CLI::IsMember({"logfmt", "json"}))
        ->capture_default_str();
    app.add_option("--attach.method", given.attach_method,
                   "how probes are attached: multi (uprobe_multi links, Linux 6.6), perf (perf "
                   "events) or auto (multi where it works)")
        ->check(CLI::IsMember({"auto", "multi", "perf"}))
        ->capture_default_str();
    app.add_option("--path.procfs", given.procfs, "where procfs is mounted")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--requests.exemplars-per-second", given.exemplars_per_second,
                   "how often a request of a class is asked for its trace; 0: never")
        ->type_name("N")
        ->check(CLI::Range(std::uint32_t{0}, golang::most_exemplars_per_second))
        ->capture_default_str();
    app.add_option("--requests.request-id-header", given.request_id_header,
                   "header with the identifier of a request, for those without a trace")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--overhead.budget",
           [&given](const std::string& text) { given.overhead_budget = budget(text).value(); },
           "part of a process's CPU time that counting its requests may cost (0.3%, 0.003) before "
           "they are sampled; off: count all of them")
        ->type_name("PART")
        ->default_str("0.3%")
        ->check([](const std::string& text) {
            const auto part = budget(text);
            return part ? std::string() : part.error().message;
        });
    app.add_option("--errors.classes-file", given.error_classes_file,
                   "YAML file with classes of errors, on top of the built-in table")
        ->type_name("FILE");
    add_probes_dir(app, given);
}

Configuration merged(const CLI::App& app, const RunFlags& flags) {
    if (flags.config_file.empty())
        return flags.given;
    Configuration configuration = read_configuration(flags.config_file);
    const auto take = [&](const char* flag, auto Configuration::*member) {
        if (app.count(flag))
            configuration.*member = flags.given.*member;
    };
    take("--pid", &Configuration::pids);
    take("--select.executable", &Configuration::executables);
    take("--select.service", &Configuration::services);
    take("--web.listen-address", &Configuration::listen_address);
    take("--web.telemetry-path", &Configuration::telemetry_path);
    take("--log.level", &Configuration::log_level);
    take("--log.format", &Configuration::log_format);
    take("--attach.method", &Configuration::attach_method);
    take("--path.procfs", &Configuration::procfs);
    take("--probes.dir", &Configuration::probes_dir);
    take("--requests.exemplars-per-second", &Configuration::exemplars_per_second);
    take("--requests.request-id-header", &Configuration::request_id_header);
    take("--overhead.budget", &Configuration::overhead_budget);
    take("--errors.classes-file", &Configuration::error_classes_file);
    return configuration;
}

} // namespace

int run_command_line(int argc, const char* const* argv) {
    CLI::App app("Traces live processes without touching them and serves Prometheus metrics.",
                 "holter");
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("holter, version ") + version() +
                                          " (revision: " + revision() + ")");

    RunFlags flags;
    auto* run_app = app.add_subcommand(
        "run", "trace processes and serve metrics (the default, if there is any flag)");
    add_run_flags(*run_app, flags);

    Output output = Output::table;
    const auto add_output = [&](CLI::App* command, std::map<std::string, Output> outputs,
                                const char* help) {
        command->add_option("--output,-o", output, help)
            ->transform(CLI::CheckedTransformer(std::move(outputs), CLI::ignore_case));
    };
    const std::map<std::string, Output> of_tables = {
        {"table", Output::table}, {"wide", Output::wide}, {"json", Output::json}};
    const char* const table_help = "table (120 columns), wide (all there is to say) or json";

    std::int32_t pid = 0;
    auto* inspect_app =
        app.add_subcommand("inspect", "what Holter sees in a process, and why anything is missing");
    inspect_app->add_option("PID", pid, "process")
        ->required()
        ->check(CLI::Range(1, std::numeric_limits<std::int32_t>::max()));
    inspect_app->add_option("--path.procfs", flags.given.procfs, "where procfs is mounted");
    add_probes_dir(*inspect_app, flags.given);
    add_output(inspect_app, of_tables, table_help);

    auto* probes_app =
        app.add_subcommand("probes", "what can be attached, and where it comes from");
    add_probes_dir(*probes_app, flags.given);
    add_output(probes_app, of_tables, table_help);

    std::string file;
    auto* check_app = app.add_subcommand("check-config", "check a configuration or catalogue file");
    check_app->add_option("FILE", file, "YAML file")->required();

    auto* version_app = app.add_subcommand("version", "print the version");
    add_output(version_app, {{"table", Output::table}, {"json", Output::json}}, "table or json");

    std::vector<std::string> words = with_default_command(argc, argv);
    std::reverse(words.begin(), words.end()); // as CLI11 wants them
    try {
        app.parse(words);
    } catch (const CLI::Success& asked) { // --help, --version
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        throw UsageError(std::string(error.what()) + "; see holter --help");
    }

    if (*inspect_app)
        return inspect(flags.given, pid, output);
    if (*probes_app)
        return list_probes(flags.given, output);
    if (*check_app)
        return check_config(file);
    if (*version_app)
        return print_version(output);
    return run(merged(*run_app, flags));
}

} // namespace holter::agent
