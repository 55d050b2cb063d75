// SPDX-License-Identifier: Apache-2.0
//
// How many events a second go through the ring into histograms on one core, and
// how much of that is ours: the same ring with a consumer that only counts, in
// alternating rounds, so that both see the same machine. The whole way begins with
// the BPF program's reservation. The reading end is shown by itself too: there even
// an empty call for each record is a good part of the time. Times are CPU times of
// the one thread that does it all.
#include "aggregator/aggregator.h"
#include "loader/attach/ring.h"

#include "ring_producer.skel.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <vector>

#include <bpf/bpf.h>

namespace {

using holter::aggregator::Aggregator;
using holter::attach::Ring;

constexpr int rounds = 201;
constexpr std::uint32_t events_per_round = 60'000; // the ring holds 65,536 of them
constexpr std::uint32_t targets = 64;              // as in ring_producer.bpf.c
constexpr double wanted_per_second = 3e6;
constexpr double wanted_part = 0.7;

double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

class Producer {
  public:
    Producer() : skeleton_(ring_producer__open_and_load()) {
        if (!skeleton_)
            throw std::runtime_error("the producer does not load: root and Linux 5.17 are needed");
        skeleton_->bss->wanted = events_per_round;
    }
    ~Producer() { ring_producer__destroy(skeleton_); }
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    void fill() {
        bpf_test_run_opts options{};
        options.sz = sizeof(options);
        if (::bpf_prog_test_run_opts(::bpf_program__fd(skeleton_->progs.fill), &options) != 0)
            throw std::runtime_error("the producer does not run");
    }
    std::uint64_t written() const { return skeleton_->bss->written; }
    int ring() const { return ::bpf_map__fd(skeleton_->maps.records); }

  private:
    ring_producer* skeleton_;
};

/// Seconds for one event.
struct Round {
    double whole;
    double reading;
};

/// One way to consume the ring.
class Reader {
  public:
    Reader(const Producer& producer, Ring::Consumer consumer) {
        auto ring = Ring::open(producer.ring(), std::move(consumer));
        if (!ring)
            throw std::runtime_error(ring.error().message);
        ring_ = std::move(*ring);
    }
    /// Fills the ring and empties it.
    Round run(Producer& producer) {
        const double start = cpu_seconds();
        producer.fill();
        const double filled = cpu_seconds();
        const std::size_t count = ring_->drain();
        const double end = cpu_seconds();
        if (count != events_per_round)
            throw std::runtime_error("the ring did not hold what was written");
        return {(end - start) / events_per_round, (end - filled) / events_per_round};
    }

  private:
    std::unique_ptr<Ring> ring_;
};

double median_of(const std::vector<Round>& all, double Round::*figure) {
    std::vector<double> values;
    for (const Round& round : all)
        values.push_back(round.*figure);
    return median(std::move(values));
}

/// Prints a line; returns the part that aggregating reaches of counting only.
double report(const char* what, double Round::*figure, const std::vector<Round>& counting,
              const std::vector<Round>& aggregating) {
    std::vector<double> parts;
    for (std::size_t i = 0; i < counting.size(); ++i)
        parts.push_back(counting[i].*figure / (aggregating[i].*figure));
    const double part = median(std::move(parts));
    std::printf("%-38s %12.1f %12.1f %6.0f %%\n", what, 1e-6 / median_of(counting, figure),
                1e-6 / median_of(aggregating, figure), part * 100);
    return part;
}

int run() {
    Producer producer;
    Aggregator aggregator;
    for (std::uint32_t id = 0; id < targets; ++id) {
        holter::aggregator::Target target;
        target.id = id;
        target.pid = static_cast<std::int32_t>(id + 1);
        target.service.service_name = "service-" + std::to_string(id);
        target.runtime = "go";
        target.runtime_version = "go1.22.12";
        aggregator.add_target(std::move(target), 0);
        aggregator.set_probes(id, {});
    }
    std::uint64_t counted = 0;
    Reader counting(producer, [&](std::span<const std::byte>) { ++counted; });
    Reader aggregating(producer,
                       [&](std::span<const std::byte> record) { aggregator.on_record(record); });

    std::vector<Round> count_rounds, rounds_of_ours;
    for (int round = 0; round < rounds; ++round) {
        count_rounds.push_back(counting.run(producer));
        rounds_of_ours.push_back(aggregating.run(producer));
    }

    std::uint64_t in_histograms = 0;
    const auto snapshot = aggregator.snapshot(0);
    for (const auto& series : snapshot->histograms)
        in_histograms += series.value.count();
    if (in_histograms + counted != producer.written())
        throw std::runtime_error("events are missing");

    std::printf("medians of %d rounds of %u events of %u processes, one core\n", rounds,
                events_per_round, targets);
    std::printf("%-38s %12s %12s %8s\n", "million events/s", "only count", "aggregate", "part");
    const double part = report("whole way: BPF write, read, aggregate", &Round::whole, count_rounds,
                               rounds_of_ours);
    report("reading end: read, aggregate", &Round::reading, count_rounds, rounds_of_ours);
    const double rate = 1 / median_of(rounds_of_ours, &Round::whole);
    std::printf("wanted of the whole way: %.0f million events/s, %.0f %% of counting only\n",
                wanted_per_second / 1e6, wanted_part * 100);
    return rate >= wanted_per_second && part >= wanted_part ? 0 : 1;
}

} // namespace

int main() {
    try {
        return run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "ring_throughput: %s\n", error.what());
        return 1;
    }
}
