// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/overhead/sampling.h"

#include "catch.h"

#include "bpf/events.h"

#include <algorithm>
#include <optional>
#include <set>

namespace {

using namespace std::chrono_literals;
using holter::tracer::Sampling;
using Clock = Sampling::Clock;
using Step = Sampling::Step;
using Seconds = std::chrono::duration<double>;

constexpr double budget = 0.003;
constexpr auto round_length = 200ms;

/// A target that is busy all the time, and what is done to it.
struct World {
    double full_ratio;   ///< what the probes cost it while they are attached ÷ its CPU time
    bool busy = true;    ///< whether requests are in progress whenever somebody asks
    bool barred = false; ///< probes cannot be attached
    bool attached = true;
    Clock::time_point now = Clock::time_point(1000s);
    Sampling::Totals totals{};
    Sampling::Gate gate{};
    Sampling sampling{budget, now, totals, 7};
    double estimated = 0, requests = 0; ///< at one a second
    Seconds attached_for{0};
    std::set<std::uint32_t> windows;

    explicit World(double full_ratio_) : full_ratio(full_ratio_) {}

    void spend(Clock::duration time) {
        const Seconds seconds = time;
        totals.cpu_seconds += seconds.count();
        if (attached) {
            totals.probe_seconds += full_ratio * seconds.count();
            attached_for += seconds;
        }
        // Requests that began in this time and in the gate.
        const auto from = std::max(now, gate.from), until = std::min(now + time, gate.until);
        if (from < until) {
            CHECK(attached);
            estimated += gate.weight * Seconds(until - from).count();
        }
        requests += seconds.count();
        now += time;
    }

    Step round() {
        spend(round_length);
        if (!sampling.is_due(now))
            return Step::none;
        const Step step =
            sampling.step(now, totals, [this](bool give_up) { return busy && !give_up; });
        switch (step) {
        case Step::none:
            break;
        case Step::close:
            gate = sampling.gate(now);
            break;
        case Step::detach:
            attached = false;
            break;
        case Step::open:
        case Step::resume:
            if (barred) {
                sampling.miss(now);
                break;
            }
            attached = true;
            gate = sampling.gate(now);
            windows.insert(gate.window);
            break;
        }
        return step;
    }

    void run(Clock::duration time) {
        for (const auto end = now + time; now < end;)
            round();
    }
};

} // namespace

TEST_CASE("a target within the budget has every request counted") {
    World world(budget * 0.9);
    world.run(10min);
    CHECK_FALSE(world.sampling.is_sampling());
    CHECK(world.attached);
    CHECK(world.estimated == Approx(world.requests));
}

TEST_CASE("an idle target is not judged by a few hits") {
    World world(1.0);
    world.totals.cpu_seconds = -1e9; // spend() adds to it; what counts is the difference
    for (int i = 0; i < 1000; ++i) {
        world.now += round_length;
        world.totals.cpu_seconds += 1e-5;
        world.totals.probe_seconds += 1e-5;
        if (world.sampling.is_due(world.now))
            CHECK(world.sampling.step(world.now, world.totals, [](bool) { return false; }) ==
                  Step::none);
    }
}

TEST_CASE("a target that is too busy is sampled, at the cost of the budget and without a bias") {
    for (const double full_ratio : {0.005, 0.03, 0.09}) {
        World world(full_ratio);
        world.busy = false;
        world.run(12s);
        CHECK(world.sampling.is_sampling());
        const Sampling::Totals before = world.totals;
        world.run(10h);
        const double cost = (world.totals.probe_seconds - before.probe_seconds) /
                            (world.totals.cpu_seconds - before.cpu_seconds);
        INFO("would cost " << full_ratio << ", costs " << cost << ", estimate ÷ truth "
                           << world.estimated / world.requests);
        CHECK(cost < budget * 1.05);
        // The shortest stratum is five windows.
        CHECK(cost > std::min(budget, full_ratio / 5) * 0.5);
        CHECK(world.estimated == Approx(world.requests).epsilon(0.01));
        CHECK(world.windows.size() == HOLTER_REQUEST_WINDOWS - 1);
    }
}

TEST_CASE("requests that do not end keep the probes for a bounded time") {
    World world(0.03);
    world.run(12s);
    const Seconds before = world.attached_for;
    const auto begin = world.now;
    world.run(10h);
    const double part = (world.attached_for - before) / Seconds(world.now - begin);
    CHECK(part == Approx(0.1).epsilon(0.1)); // the budget is a tenth of what they would cost
    CHECK(world.estimated == Approx(world.requests).epsilon(0.02));
}

TEST_CASE("a target that has become cheap has every request counted again, from a seam on") {
    World world(0.03);
    world.busy = false;
    world.run(5min);
    REQUIRE(world.sampling.is_sampling());
    world.full_ratio = budget / 2;
    world.run(10min);
    CHECK_FALSE(world.sampling.is_sampling());
    CHECK(world.gate.window == 0);
    CHECK(world.gate.weight == 1);
    CHECK(world.attached);
    // What was not seen is what the samples stand for: nothing is missing, nothing counted twice.
    CHECK(world.estimated == Approx(world.requests).epsilon(0.05));
    const double estimated = world.estimated, requests = world.requests;
    world.run(10min);
    CHECK(world.estimated - estimated == Approx(world.requests - requests));
}

TEST_CASE("a window stands for its stratum exactly") {
    World world(0.03);
    world.busy = false;
    double covered = 0;
    Clock::time_point begin{};
    std::optional<Sampling::Sample> announced;
    for (int windows = 0; windows < 50;) {
        const Step step = world.round();
        if (step == Step::close)
            begin = world.gate.until;
        if (step == Step::detach)
            announced = world.sampling.next_sample();
        if (step != Step::open)
            continue;
        // What the window would be was known as soon as the probes were off.
        REQUIRE(announced);
        CHECK(announced->window == world.gate.window);
        CHECK(announced->weight == world.gate.weight);
        CHECK_FALSE(world.sampling.next_sample());
        ++windows;
        covered += world.gate.weight * Seconds(world.gate.until - world.gate.from).count();
        // The window lies in the stratum that it stands for.
        CHECK(world.gate.until <
              begin + std::chrono::duration_cast<Clock::duration>(Seconds(covered)));
        CHECK(world.gate.from >= begin);
    }
}

TEST_CASE(
    "windows in which nothing can be attached are missing, and are not taken for cheap ones") {
    World world(0.03);
    world.busy = false;
    world.run(5min);
    world.barred = true;
    const double before = world.estimated;
    int missed = 0;
    for (const auto end = world.now + 5min; world.now < end;)
        if (world.round() == Step::open) {
            ++missed;
            CHECK(world.sampling.next_sample()); // what the page says of the time until the next
        }
    CHECK(missed > 5);
    CHECK(world.estimated == before);
    CHECK(world.sampling.is_sampling());

    world.barred = false;
    world.run(1min);
    const double estimated = world.estimated, requests = world.requests;
    world.run(10h);
    CHECK(world.sampling.is_sampling());
    CHECK(world.estimated - estimated == Approx(world.requests - requests).epsilon(0.02));
}

TEST_CASE("a target that has become cheap is sampled as long as nothing can be attached") {
    World world(0.03);
    world.busy = false;
    world.run(5min);
    world.full_ratio = budget / 2;
    // All are to be counted next.
    while (world.round() != Step::detach || world.sampling.next_sample()) {
    }
    world.barred = true;
    while (world.round() != Step::resume) {
    }
    CHECK(world.sampling.is_sampling());
    CHECK(world.sampling.next_sample());
    world.barred = false;
    world.run(10min);
    CHECK_FALSE(world.sampling.is_sampling());
}
