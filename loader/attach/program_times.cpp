// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/program_times.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cstdint>
#include <optional>

namespace holter::attach {

void ProgramTimes::turn(Clock::time_point now) {
    if (now < change_at_)
        return;
    if (asking_) {
        asking_ = {}; // closed
        change_at_ = now + interval;
        return;
    }
    // Where the kernel refuses there are no times, and a hit costs what the self-test found.
    asking_ = process::Descriptor(bpf_enable_stats(BPF_STATS_RUN_TIME));
    change_at_ = now + length;
}

namespace {

/// What a program's runs have taken.
struct Account {
    std::uint64_t ns = 0;
    std::uint64_t runs = 0;

    double seconds_of_one() const {
        constexpr double second = 1e9;
        return runs == 0 ? 0 : static_cast<double>(ns) / static_cast<double>(runs) / second;
    }
};

std::optional<bpf_prog_info> info_of(int program) {
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    return bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? std::optional(info) : std::nullopt;
}

} // namespace

double ProgramTimes::seconds(const std::string& object) const {
    const bpf_program* program = objects_.at(object).program();
    const auto info = program ? info_of(bpf_program__fd(program)) : std::nullopt;
    return info ? Account{info->run_time_ns, info->run_cnt}.seconds_of_one() : 0;
}

std::map<std::string, double> seconds_of_all_programs() {
    std::map<std::string, Account> accounts;
    for (std::uint32_t id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
        const process::Descriptor program(bpf_prog_get_fd_by_id(id));
        const auto info = program ? info_of(program.get()) : std::nullopt;
        if (!info || info->type != BPF_PROG_TYPE_KPROBE)
            continue;
        Account& account = accounts[info->name];
        account.ns += info->run_time_ns;
        account.runs += info->run_cnt;
    }
    std::map<std::string, double> seconds;
    for (const auto& [name, account] : accounts)
        if (account.runs > 0)
            seconds[name] = account.seconds_of_one();
    return seconds;
}

} // namespace holter::attach
