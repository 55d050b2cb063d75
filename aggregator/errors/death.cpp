// SPDX-License-Identifier: Apache-2.0
#include "aggregator/errors/death.h"

#include <array>
#include <cstdint>

namespace holter::aggregator {

namespace {

/// Linux' numbers on x86-64 and arm64; above them are real-time signals, which have no names.
constexpr std::array<const char*, 32> signal_names = {
    "SIG0",      "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};

} // namespace

Death describe(const holter_death& event) {
    const std::uint32_t signal = event.status & 0x7f;
    if (event.oom != 0)
        return {ErrorSource::oom, "oom_killed"};
    if (signal == 0)
        return {ErrorSource::exit, "exit_" + std::to_string((event.status >> 8) & 0xff)};
    return {ErrorSource::signal,
            signal < signal_names.size() ? signal_names[signal] : "SIG" + std::to_string(signal)};
}

} // namespace holter::aggregator
