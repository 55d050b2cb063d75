// SPDX-License-Identifier: Apache-2.0
//
// The wiring of the agent. What can fail because of the user or the machine
// fails before the first process is touched.
#include "agent/commands/commands.h"
#include "agent/error_classes.h"
#include "agent/logging.h"
#include "agent/probe_definitions.h"
#include "agent/probe_failures.h"
#include "agent/ring_thread.h"
#include "agent/version.h"
#include "agent/watch_thread.h"
#include "exporter/http/http_server.h"
#include "loader/attach/environment.h"
#include "loader/attach/self_test.h"
#include "loader/catalogue/catalogue.h"
#include "loader/golang/trace_settings.h"
#include "loader/process/procfs/resource_use.h"
#include "loader/process/watcher.h"
#include "loader/tcp/sockets.h"
#include "loader/tracer/tracer.h"

#include <csignal>
#include <stdexcept>

#include <spdlog/spdlog.h>

namespace holter::agent {

namespace {

/// Blocked in all threads that start later; wait() is how they are noticed.
class Signals {
  public:
    Signals() {
        ::sigemptyset(&set_);
        ::sigaddset(&set_, SIGINT);
        ::sigaddset(&set_, SIGTERM);
        ::sigaddset(&set_, SIGHUP);
        ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
    }
    int wait() const {
        int number = 0;
        ::sigwait(&set_, &number);
        return number;
    }

  private:
    sigset_t set_{};
};

template <typename T> T value_or_throw(Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().message);
    return std::move(*result);
}

void check_environment() {
    const auto problems = attach::environment_problems();
    for (std::size_t i = 0; i + 1 < problems.size(); ++i)
        spdlog::error("{}", problems[i].message);
    if (!problems.empty())
        throw std::runtime_error(problems.back().message);
    if (const auto lifted = attach::lift_limits(); !lifted)
        throw std::runtime_error(lifted.error().message);
}

attach::SelfTest self_test(const Configuration& configuration) {
    const auto test = value_or_throw(attach::run_self_test(configuration.attach_method != "perf",
                                                           configuration.attach_method != "multi"));
    spdlog::info("attaching by {}{}; one hit costs {:.2f} µs emulated, {:.2f} µs stepped",
                 attach::to_string(test.method), test.why.empty() ? "" : " (" + test.why + ")",
                 test.emulated_seconds * 1e6, test.stepped_seconds * 1e6);
    return test;
}

/// Of the processes that were named, those that exist.
std::vector<process::Identity> named_processes(const Configuration& configuration,
                                               const process::Procfs& procfs) {
    std::vector<process::Identity> found;
    for (const auto pid : configuration.pids) {
        const auto identity = procfs.identity(pid);
        if (identity)
            found.push_back(*identity);
        else
            spdlog::warn("--pid {}: {}", pid, identity.error().message);
    }
    if (found.empty() && !configuration.pids.empty())
        throw std::runtime_error(configuration.pids.size() == 1
                                     ? "there is no process " +
                                           std::to_string(configuration.pids.front())
                                     : "none of the named processes exists");
    return found;
}

exporter::ProcessStats own_stats(const process::Procfs& procfs) {
    exporter::ProcessStats stats;
    if (const auto use = process::own_resource_use(procfs)) {
        stats.cpu_seconds = use->cpu_seconds;
        stats.resident_bytes = static_cast<double>(use->resident_bytes);
        stats.virtual_bytes = static_cast<double>(use->virtual_bytes);
        stats.open_fds = static_cast<double>(use->open_files);
        stats.max_fds = static_cast<double>(use->open_files_limit);
        stats.threads = static_cast<double>(use->threads);
        stats.start_time_seconds = use->start_time_seconds;
    }
    return stats;
}

/// What is wrong in it is said in one line, and the catalogue stays what it was.
void read_catalogue_again(const Configuration& configuration, ProbeDefinitions& definitions,
                          RingThread& ring_thread, WatchRequests& requests) {
    try {
        auto catalogue = catalogue::read_catalogue(configuration.probes_dir);
        for (auto& family : definitions.declare(catalogue.definitions))
            ring_thread.declare_family(std::move(family));
        requests.set_definitions(std::move(catalogue.definitions));
    } catch (const std::exception& error) { // whatever it is, it is no reason to end
        spdlog::error("SIGHUP: {}; the catalogue stays as it was", error.what());
    }
}

} // namespace

int run(const Configuration& configuration) {
    set_up_logging(configuration.log_level, configuration.log_format);
    const Signals signals;
    aggregator::ErrorClasses classes = error_classes(configuration.error_classes_file);
    const auto headers =
        golang::trace_settings(configuration.exemplars_per_second, configuration.request_id_header);
    if (!headers)
        throw UsageError("--requests.request-id-header: " + headers.error().message);
    check_environment();

    const process::Procfs procfs(configuration.procfs);
    WatchRequests requests;
    std::unique_ptr<RingThread> ring_thread;
    std::atomic<const WatchThread*> watch_thread_for_web = nullptr;
    exporter::Sources sources;
    sources.snapshot = [&] { return ring_thread->snapshot(); };
    sources.process = [&] { return own_stats(procfs); };
    sources.ready = [&] {
        const WatchThread* thread = watch_thread_for_web;
        return thread && thread->first_look_done();
    };
    sources.build = {version(), revision()};
    exporter::HttpServer server({configuration.listen_address, configuration.telemetry_path},
                                std::move(sources));

    ProbeDefinitions definitions;
    auto catalogue = catalogue::read_catalogue(configuration.probes_dir);
    auto families = definitions.declare(catalogue.definitions);

    process::WatchOptions watch_options;
    const auto named = named_processes(configuration, procfs);
    watch_options.rescan_interval = configuration.rescan_interval;
    const attach::SelfTest test = self_test(configuration);

    // The listener needs the ring thread, which needs the tracer's maps: it is there before the
    // watch thread starts, and that is the only one to call.
    std::unique_ptr<tcp::Sockets> sockets;
    ProbeFailures failures;
    tracer::Listener listener;
    listener.appeared = [&](tracer::Target target) {
        spdlog::info("tracing process {} ({}, {}, {})", target.identity.pid, target.executable,
                     target.runtime_version, target.service_name);
        ring_thread->add_target(std::move(target));
    };
    listener.known_to_kernel = [&](const process::Identity& identity) {
        if (sockets)
            sockets->take_over(identity.pid);
    };
    process::Watcher* watching = nullptr;
    listener.watch = [&](const process::Identity& identity) { return watching->watch(identity); };
    listener.extended = [&](tracer::Slot slot, std::vector<std::string> names,
                            std::vector<std::uint32_t> numbers) {
        ring_thread->extend_target(slot, std::move(names), std::move(numbers));
    };
    listener.withdrawn = [&](tracer::Slot slot, std::vector<std::uint32_t> numbers) {
        if (ring_thread)
            ring_thread->withdraw_probes(slot, std::move(numbers));
    };
    listener.specifications.defined =
        [&](std::uint32_t number, const std::shared_ptr<const catalogue::Definition>& definition,
            const catalogue::DeclaredProbe& probe) {
            ring_thread->define_probe(number, definitions.of(*definition, probe),
                                      probe.looks_again);
        };
    listener.specifications.forgotten = [&](std::uint32_t number) {
        if (ring_thread)
            ring_thread->forget_probe(number);
    };
    listener.probes_changed = [&](tracer::Slot slot, std::vector<tracer::ProbeState> states) {
        for (const auto& line : failures.news(slot, states))
            spdlog::warn("{}", line);
        ring_thread->set_probes(slot, std::move(states));
    };
    listener.sampling_changed = [&](tracer::Slot slot, std::uint32_t window, double weight) {
        ring_thread->set_sampling(slot, window, weight);
    };
    listener.gone = [&](tracer::Slot slot) {
        failures.forget(slot);
        ring_thread->remove_target(slot);
    };
    listener.refused = [&](const process::Identity& identity, const Error& error) {
        spdlog::warn("process {} is not traced: {}", identity.pid, error.message);
        ring_thread->count_refusal(error.reason);
    };
    process::Selection selection({named, configuration.executables, configuration.services},
                                 value_or_throw(procfs.own_pid()));
    if (selection.only_listed())
        watch_options.only = named;
    const auto tracer = value_or_throw(
        tracer::Tracer::create(procfs, std::move(selection), std::move(catalogue), test.method,
                               configuration.rescan_interval, configuration.most_targets,
                               {configuration.overhead_budget, test}, std::move(listener)));

    if (const auto set = tracer->set_trace_settings(*headers); !set)
        throw std::runtime_error(set.error().message);

    auto tcp = tcp::Sockets::start(tracer->objects(), procfs,
                                   {configuration.tcp_sockets, configuration.rescan_interval});
    if (tcp)
        sockets = std::move(*tcp);
    else
        spdlog::warn("TCP connections are not seen: {}", tcp.error().message);

    KernelSide kernel;
    kernel.sockets = sockets.get();
    kernel.ring_map = tracer->ring_map();
    kernel.losses = [&] { return tracer->in_kernel().losses(); };
    kernel.hits = [&](tracer::Slot slot, std::size_t probes) {
        return tracer->in_kernel().hits(slot, probes);
    };
    kernel.program_seconds = [&](const std::string& object) {
        return tracer->program_times().seconds(object);
    };
    kernel.self_test = test;
    kernel.mappings_changed = [&](tracer::Slot slot) { requests.look_again(slot); };
    aggregator::Limits limits;
    limits.series_per_family = configuration.series_per_family;
    ring_thread =
        std::make_unique<RingThread>(limits, std::move(classes), procfs, std::move(kernel));

    for (auto& family : families)
        ring_thread->declare_family(std::move(family));

    process::Listener processes;
    processes.appeared = [&](const process::Identity& identity) { tracer->consider(identity); };
    processes.replaced = processes.appeared;
    processes.gone = [&](const process::Identity& identity) { tracer->forget(identity); };
    const auto watcher = value_or_throw(
        process::Watcher::start(procfs, std::move(watch_options), std::move(processes)));
    watching = watcher.get();

    server.start();
    spdlog::info("holter {} serves {} on {} (port {})", version(), configuration.telemetry_path,
                 configuration.listen_address, server.port());

    int number = 0;
    {
        WatchThread watch_thread(
            *watcher, *tracer, requests,
            [&] {
                if (sockets)
                    sockets->look_around(tracer->target_pids());
            },
            [&](std::uint64_t total) { ring_thread->set_lost_process_events(total); });
        watch_thread_for_web = &watch_thread;
        while ((number = signals.wait()) == SIGHUP)
            read_catalogue_again(configuration, definitions, *ring_thread, requests);
        server.stop(); // it asks that thread
    }
    spdlog::info("{}: detaching; processes traced: {}", number == SIGINT ? "SIGINT" : "SIGTERM",
                 tracer->targets());
    ring_thread.reset(); // its last tasks still ask the tracer
    return 0;
}

} // namespace holter::agent
