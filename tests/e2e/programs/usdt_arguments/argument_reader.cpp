// SPDX-License-Identifier: Apache-2.0
//
// usage: argument_reader FILE PROVIDER NAME -- COMMAND…
//
// Attaches to all places of one USDT probe in FILE, runs COMMAND, and prints what the kernel side
// read at each hit: `plain` or `sleepable`, then each argument as a signed number, or `failed`.
#include "loader/symbols/variable.h"
#include "loader/usdt/arguments.h"
#include "loader/usdt/notes.h"

#include "argument_reader.skel.h"
#include "tests/e2e/programs/usdt_arguments/argument_reader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace holter;

namespace {

int fail(const std::string& message) {
    std::fprintf(stderr, "argument_reader: %s\n", message.c_str());
    return 1;
}

/// How many arguments each place has, for the printer.
std::vector<std::size_t> argument_counts;

int print_values(void*, void* data, std::size_t size) {
    argument_values values{};
    std::memcpy(&values, data, std::min(size, sizeof values));
    std::printf("%s", values.sleepable != 0 ? "sleepable" : "plain");
    for (std::size_t i = 0; i < argument_counts.at(values.place); ++i) {
        if (values.failed[i] != 0) {
            std::printf(" failed");
        } else {
            std::printf(" %" PRId64, static_cast<std::int64_t>(values.value[i]));
        }
    }
    std::printf("\n");
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 6 || std::strcmp(argv[4], "--") != 0) {
        return fail("usage: argument_reader FILE PROVIDER NAME -- COMMAND…");
    }
    const auto file = elf::ElfFile::open(argv[1]);
    if (!file) {
        return fail(file.error().message);
    }
    const auto probes = usdt::find_probe(*file, {argv[2], argv[3]});
    if (!probes) {
        return fail(probes.error().message);
    }
    argument_reader* skeleton = argument_reader__open_and_load();
    if (skeleton == nullptr) {
        return fail("the verifier refused the program");
    }
    for (std::size_t number = 0; number < probes->size() && number < ARGUMENT_READER_PLACES;
         ++number) {
        const usdt::Probe& probe = (*probes)[number];
        const usdt::ArgumentContext context{
            file->machine(), probe.address, file->is_pie(),
            [&](std::string_view name) { return symbols::variable_address(*file, name); }};
        argument_place place{};
        const auto arguments = usdt::parse_arguments(probe.arguments, context);
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            if (arguments[i]) {
                place.arguments[i] = *arguments[i];
                std::printf("argument %s\n",
                            usdt::describe(*arguments[i], file->machine()).c_str());
            } else {
                std::printf("%s\n", arguments[i].error().message.c_str());
            }
        }
        argument_counts.push_back(arguments.size());
        const auto key = static_cast<std::uint32_t>(number);
        if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.places), &key, &place, BPF_ANY) != 0) {
            return fail("cannot write the map");
        }
        for (bpf_program* program :
             {skeleton->progs.read_arguments, skeleton->progs.read_arguments_sleepable}) {
            LIBBPF_OPTS(bpf_uprobe_opts, options, .ref_ctr_offset = probe.semaphore_offset,
                        .bpf_cookie = key);
            if (bpf_program__attach_uprobe_opts(program, -1, argv[1], probe.offset, &options) ==
                nullptr) {
                return fail("cannot attach");
            }
        }
    }
    std::fflush(stdout);
    ring_buffer* ring =
        ring_buffer__new(bpf_map__fd(skeleton->maps.values), print_values, nullptr, nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execv(argv[5], argv + 5);
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ring_buffer__consume(ring);
    ring_buffer__free(ring);
    argument_reader__destroy(skeleton);
    return status == 0 ? 0 : fail("the command failed");
}
