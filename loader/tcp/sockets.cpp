// SPDX-License-Identifier: Apache-2.0
#include "loader/tcp/sockets.h"

#include "loader/tcp/time_wait.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <sched.h>
#include <string>
#include <thread>
#include <unistd.h>

namespace holter::tcp {

namespace {

/// What a target accepted while it was looked at the first time is found then.
constexpr std::chrono::seconds second_look_after{1};

std::uint64_t load(const __u64& shared) {
    return __atomic_load_n(&shared, __ATOMIC_RELAXED);
}

/// An iterator runs when it is read. One that writes nothing is done after one read, of up to a
/// million objects; the kernel asks for another one (EAGAIN) if there are more.
bool run(const bpf_link* link) {
    const int fd = bpf_iter_create(bpf_link__fd(link));
    if (fd < 0)
        return false;
    std::array<char, 64> nothing;
    ssize_t got = 0;
    do
        got = ::read(fd, nothing.data(), nothing.size());
    while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
    ::close(fd);
    return got == 0;
}

std::uint64_t misses(int program) {
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    return bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? info.recursion_misses : 0;
}

bpf_link* attach_iterator(const bpf_program* program, bpf_iter_link_info info) {
    bpf_iter_attach_opts options{}; // LIBBPF_OPTS is GNU C
    options.sz = sizeof(options);
    options.link_info = &info;
    options.link_info_len = sizeof(info);
    return bpf_program__attach_iter(program, &options);
}

Error failed(const char* what) {
    return {"attach_failed", std::string("cannot attach ") + what + ": " + std::strerror(errno)};
}

} // namespace

void Sockets::Detach::operator()(bpf_link* link) const {
    bpf_link__destroy(link);
}

Sockets::~Sockets() = default;

Result<std::unique_ptr<Sockets>> Sockets::start(attach::Objects& objects,
                                                const process::Procfs& procfs, Options options) {
    for (const char* name : {"tcp", "tcp_look"})
        if (const auto object = objects.load(name); !object)
            return object.error();
    std::unique_ptr<Sockets> sockets(new Sockets(procfs, options));
    if (const Status attached = sockets->attach(objects); !attached)
        return attached.error();
    return sockets;
}

Status Sockets::attach(const attach::Objects& objects) {
    auto counts =
        attach::MappedArray<holter_tcp_counts>::open(objects.map("tcp_counts"), HOLTER_MAX_TARGETS);
    auto tallies =
        attach::MappedArray<holter_tcp_tally>::open(objects.map("tcp_tally"), HOLTER_MAX_TARGETS);
    auto account = attach::MappedArray<holter_tcp_account>::open(objects.map("tcp_account"), 1);
    if (!counts || !tallies || !account)
        return !counts ? counts.error() : !tallies ? tallies.error() : account.error();
    counts_ = std::move(*counts);
    tallies_ = std::move(*tallies);
    account_ = std::move(*account);
    account_[0].limit = options_.limit;
    account_[0].round = 2; // what never was in a round (0) is not of the last one

    const auto program = [&](const char* object, const char* name) {
        return bpf_object__find_program_by_name(objects.at(object).raw(), name);
    };
    bpf_iter_link_info storages{};
    storages.map.map_fd = static_cast<std::uint32_t>(objects.map("tcp_sockets"));
    count_.reset(attach_iterator(program("tcp_look", "tcp_count_sockets"), storages));
    settle_.reset(attach_iterator(program("tcp_look", "tcp_settle"), storages));
    if (!count_ || !settle_)
        return failed("the iterator of sockets");
    adopt_ = program("tcp_look", "tcp_adopt");
    adopt_subflow_.reset(
        bpf_program__attach_iter(program("tcp_look", "tcp_adopt_subflow"), nullptr));
    if (!adopt_subflow_)
        return failed("the iterator of TCP");
    mptcp_ = objects.map("tcp_mptcp");
    for (const char* name : {"tcp_state", "tcp_state_again", "tcp_retransmit", "tcp_reset_sent",
                             "tcp_reset_received"}) {
        links_.emplace_back(bpf_program__attach(program("tcp", name)));
        if (!links_.back())
            return failed(name);
    }
    state_program_ = bpf_program__fd(program("tcp", "tcp_state"));
    state_again_program_ = bpf_program__fd(program("tcp", "tcp_state_again"));
    return ok;
}

void Sockets::look(pid_t pid) {
    bpf_iter_link_info info{};
    info.task.pid = static_cast<std::uint32_t>(pid);
    Link link(attach_iterator(adopt_, info));
    if (!link && errno == EINVAL) {
        // Before 6.1 an iterator has no parameters: all processes of the machine, then. The
        // program drops what is not a target's.
        info.task.pid = 0;
        link.reset(attach_iterator(adopt_, info));
    }
    account_[0].mptcp = 0;
    if (link)
        run(link.get());
    if (account_[0].mptcp > 0)
        look_behind_mptcp(pid);
}

void Sockets::look_behind_mptcp(pid_t pid) {
    // An iterator over TCP sees the network namespace of the thread that opens it.
    const auto there = procfs_.open_network_namespace(pid);
    if (there)
        std::thread([&] {
            if (::setns(there->get(), CLONE_NEWNET) == 0)
                run(adopt_subflow_.get());
        }).join();
    std::uint64_t key = 0;
    while (bpf_map_get_next_key(mptcp_, nullptr, &key) == 0)
        bpf_map_delete_elem(mptcp_, &key);
}

void Sockets::look_at_new(pid_t pid, holter_tcp_look kind) {
    account_[0].look_kind = kind;
    look(pid);
    account_[0].look_kind = HOLTER_TCP_LOOK_AROUND;
}

void Sockets::take_over(pid_t pid) {
    look_at_new(pid, HOLTER_TCP_FIRST_LOOK);
    young_.emplace_back(pid, Clock::now());
}

void Sockets::look_around(const std::vector<pid_t>& targets) {
    const auto now = Clock::now();
    std::erase_if(young_, [&](const auto& young) {
        if (now - young.second < second_look_after)
            return false;
        look_at_new(young.first, HOLTER_TCP_SECOND_LOOK);
        return true;
    });
    if (now - reconciled_ < options_.look_interval)
        return;
    reconcile(targets);
    reconciled_ = Clock::now();
}

void Sockets::reconcile(const std::vector<pid_t>& targets) {
    __atomic_fetch_add(&account_[0].round, 1, __ATOMIC_RELAXED);
    for (const pid_t pid : targets)
        look(pid);
    run(settle_.get());
}

bool Sockets::count_sockets(std::uint64_t now_ns) {
    holter_tcp_account& account = account_[0];
    for (const auto& [slot, pid] : slots_)
        tallies_[slot] = {};
    account.counting = 0;
    account.open = 0;
    const std::uint64_t established = load(account.established);
    const std::uint32_t made = __atomic_load_n(&account.made, __ATOMIC_RELAXED);
    if (!run(count_.get()))
        return false;
    __atomic_store_n(&account.counted, account.counting, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&account.made, made, __ATOMIC_RELAXED);
    reconcile_ends(established, now_ns);
    count_time_waits(now_ns);
    return true;
}

/// What was established and has not ended is there. While many end, the kernel's walk may pass over
/// some that have not. So what is missing is believed if it was at two counts between which nothing
/// began or ended, or at all counts for longer than the kernel takes to close a connection.
void Sockets::reconcile_ends(std::uint64_t established_before, std::uint64_t now_ns) {
    constexpr std::uint64_t long_enough_ns = 90'000'000'000;
    const std::uint64_t ended = load(account_[0].ended);
    const std::uint64_t accounted_for = ended + account_[0].open;
    const std::uint64_t missing =
        established_before > accounted_for ? established_before - accounted_for : 0;
    if (established_before == last_count_.established && ended == last_count_.ended)
        ends_unseen_ = std::max(ends_unseen_, std::min(missing, last_count_.missing));
    last_count_ = {established_before, ended, missing};
    least_missing_ = std::min(least_missing_, missing);
    if (now_ns - least_since_ns_ < long_enough_ns)
        return;
    if (least_since_ns_ != 0)
        ends_unseen_ = std::max(ends_unseen_, least_missing_);
    least_missing_ = missing;
    least_since_ns_ = now_ns;
}

void Sockets::count_time_waits(std::uint64_t now_ns) {
    std::map<std::uint32_t, ByDirection> of_slot; // those that have some
    std::map<std::uint64_t, std::vector<std::uint32_t>> of_namespace;
    for (const auto& [slot, pid] : slots_) {
        const ByDirection count = time_waits_at(counts_[slot], now_ns);
        if (std::all_of(count.begin(), count.end(), [](auto some) { return some == 0; }))
            continue;
        of_slot[slot] = count;
        if (const auto inode = procfs_.network_namespace(pid))
            of_namespace[*inode].push_back(slot);
    }
    for (const auto& [inode, slots] : of_namespace) {
        const auto text = procfs_.socket_statistics(slots_.at(slots.front()));
        const auto total = text ? time_waits_of_namespace(*text) : std::nullopt;
        if (!total)
            continue;
        std::vector<ByDirection*> counts;
        for (const std::uint32_t slot : slots)
            counts.push_back(&of_slot.at(slot));
        scale_down(counts, *total);
    }
    for (const auto& [slot, count] : of_slot)
        for (std::size_t direction = 0; direction < count.size(); ++direction)
            tallies_[slot].sockets[direction][HOLTER_TCP_TIME_WAIT] = count[direction];
}

Losses Sockets::losses() const {
    const auto& lost = account_[0].lost;
    return {load(lost[HOLTER_TCP_LOST_MAP_FULL]), load(lost[HOLTER_TCP_LOST_NO_MEMORY]),
            load(lost[HOLTER_TCP_LOST_OWNER_ENDED]),
            std::min(misses(state_program_), misses(state_again_program_)), ends_unseen_};
}

Corrections Sockets::corrections() const {
    const auto& made = account_[0].corrections;
    return {load(made[HOLTER_TCP_ADOPTED]), load(made[HOLTER_TCP_MOVED]),
            load(made[HOLTER_TCP_RELEASED])};
}

} // namespace holter::tcp
