// SPDX-License-Identifier: Apache-2.0
//
// What it costs to learn a Go binary: build info, wanted functions with their inlined copies.
// Each binary is parsed several times; the first time includes whatever the page cache
// lacks. CPU time is what a busy machine cannot distort. Bars: 50 ms (warm) and 10 MB for a
// binary of 150 MB, which bench/make_large_go_binary makes.
#include "loader/elf/elf_file.h"
#include "loader/golang/build_info.h"
#include "loader/golang/functions/function_table.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// Of several packages, exact and by prefix, as a catalogue asks.
const std::vector<std::string> wanted = {
    "runtime.(*gcControllerState).startCycle",
    "runtime.(*gcControllerState).resetLive",
    "runtime.(*gcControllerState).endCycle",
    "runtime.(*timeHistogram).record",
    "runtime.startTheWorldWithSema",
    "runtime.stopTheWorldWithSema",
    "runtime.gcMarkTermination",
    "runtime.gcMarkTermination.func*",
    "runtime.gcStart",
    "runtime.gcStart.func*",
    "runtime.gcMarkDone",
    "runtime.gopanic",
    "runtime.recovery",
    "runtime.morestack*",
    "main.main",
    "net/http.serverHandler.ServeHTTP",
    "net/http.(*response).finishRequest",
    "net/http.(*conn).setState",
    "net/http.(*Transport).dialConn",
    "net/http.(*persistConn).closeLocked",
    "database/sql.(*DB).conn",
    "crypto/tls.(*Conn).clientHandshake",
    "google.golang.org/grpc.(*Server).handleStream",
    "google.golang.org/grpc/internal/transport.(*http2Server).operateHeaders",
    "google.golang.org/grpc/internal/transport.(*http2Server).writeStatus",
    "google.golang.org/grpc/status.FromError",
};

/// CPU time of this process so far, user and system.
double cpu_milliseconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// Largest resident set so far, in KiB.
long peak_rss() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stol(line.substr(6));
        }
    }
    return 0;
}

int measure(const std::string& path) {
    constexpr int rounds = 7;
    const long before = peak_rss();
    std::vector<double> milliseconds;
    std::vector<double> cpu;
    for (int i = 0; i < rounds; ++i) {
        const auto start = Clock::now();
        const double cpu_start = cpu_milliseconds();
        const auto file = holter::elf::ElfFile::open(path);
        if (!file) {
            std::fprintf(stderr, "%s: %s\n", path.c_str(), file.error().message.c_str());
            return 1;
        }
        const auto info = holter::golang::read_build_info(*file);
        if (!info) {
            std::fprintf(stderr, "%s: %s\n", path.c_str(), info.error().message.c_str());
            return 1;
        }
        const auto table = holter::golang::find_functions(
            *file, info->go.value_or(holter::golang::GoVersion{}), wanted);
        const std::chrono::duration<double, std::milli> took = Clock::now() - start;
        milliseconds.push_back(took.count());
        cpu.push_back(cpu_milliseconds() - cpu_start);
        if (!table) {
            std::fprintf(stderr, "%s: %s\n", path.c_str(), table.error().message.c_str());
            return 1;
        }
        if (i == 0) {
            std::printf("%s: %.0f MB, %s, %zu functions, %zu inlined copies, %s\n", path.c_str(),
                        static_cast<double>(file->size()) / 1e6, info->version.c_str(),
                        table->functions.size(), table->inlined.size(), table->source.c_str());
        }
    }
    const double first = milliseconds.front();
    std::sort(milliseconds.begin(), milliseconds.end());
    std::sort(cpu.begin(), cpu.end());
    std::printf(
        "  first %.1f ms, median %.1f ms, minimum %.1f ms; CPU median %.1f ms; peak RSS grew "
        "by %.1f MB\n",
        first, milliseconds[rounds / 2], milliseconds.front(), cpu[rounds / 2],
        static_cast<double>(peak_rss() - before) / 1024);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: go_parse BINARY...\n");
        return 2;
    }
    int status = 0;
    for (int i = 1; i < argc; ++i) {
        status = std::max(status, measure(argv[i]));
    }
    return status;
}
