// SPDX-License-Identifier: Apache-2.0
//
// Holds an empty program at places in the executable of a process until its input ends:
// what a hit there costs at the least, for bench/request_cost.
//
//   empty_probe PID FILE-OFFSET…
#include "loader/attach/link.h"

#include "empty_probe.skel.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <unistd.h>
#include <vector>

#include <bpf/libbpf.h>

namespace {

using holter::attach::Link;
using holter::attach::Method;

/// One system call for all places where the kernel has that, as the agent does.
holter::Result<Link> attach(empty_probe*& skeleton, int pid,
                            const std::vector<holter::attach::Point>& points) {
    const std::string path = "/proc/" + std::to_string(pid) + "/exe";
    for (const Method method : {Method::multi, Method::perf}) {
        skeleton = empty_probe__open();
        if (!skeleton)
            break;
        constexpr auto trace_uprobe_multi = static_cast<bpf_attach_type>(48);
        if (method == Method::multi)
            bpf_program__set_expected_attach_type(skeleton->progs.empty, trace_uprobe_multi);
        if (empty_probe__load(skeleton) == 0) {
            auto link = Link::create(method, skeleton->progs.empty, path, pid, points);
            if (link || method == Method::perf)
                return link;
        }
        empty_probe__destroy(skeleton);
        skeleton = nullptr;
    }
    return holter::Error{"load_failed", "the empty program does not load"};
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: empty_probe PID FILE-OFFSET...\n");
        return 2;
    }
    std::vector<holter::attach::Point> points;
    for (int i = 2; i < argc; ++i)
        points.push_back({std::strtoull(argv[i], nullptr, 0), 0, 0});
    empty_probe* skeleton = nullptr;
    const auto link = attach(skeleton, std::atoi(argv[1]), points);
    if (!link) {
        std::fprintf(stderr, "empty_probe: %s\n", link.error().message.c_str());
        return 1;
    }
    std::puts("attached");
    std::fflush(stdout);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}
