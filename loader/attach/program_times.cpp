// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/program_times.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <utility>

namespace holter::attach {

void ProgramTimes::turn(Clock::time_point now) {
    if (now < change_at_)
        return;
    if (asking_) {
        process::Descriptor(std::move(asking_)); // closed
        change_at_ = now + interval;
        return;
    }
    // Where the kernel refuses there are no times, and a hit costs what the self-test found.
    asking_ = process::Descriptor(bpf_enable_stats(BPF_STATS_RUN_TIME));
    change_at_ = now + length;
}

double ProgramTimes::seconds(const std::string& object) const {
    constexpr double second = 1e9;
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    const bpf_program* program = objects_.at(object).program();
    if (!program || bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0 ||
        info.run_cnt == 0)
        return 0;
    return static_cast<double>(info.run_time_ns) / static_cast<double>(info.run_cnt) / second;
}

} // namespace holter::attach
