// SPDX-License-Identifier: Apache-2.0
//
// What a scrape costs: snapshot, collection and text of a page with 5,000 series, in
// both formats, in CPU time and in heap. The heap is counted at operator new, from
// the moment before the snapshot to the end of the page, and held against the page:
// if the page existed in memory, the peak would be above it.
#include "aggregator/aggregator.h"
#include "bpf/events.h"
#include "exporter/format/page.h"
#include "exporter/http/gzip.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <new>
#include <vector>

#include <malloc.h>

namespace {

std::size_t heap = 0;
std::size_t heap_peak = 0;

} // namespace

void* operator new(std::size_t size) {
    void* const memory = std::malloc(size);
    if (!memory)
        throw std::bad_alloc();
    heap += ::malloc_usable_size(memory);
    heap_peak = std::max(heap_peak, heap);
    return memory;
}

void operator delete(void* memory) noexcept {
    heap -= ::malloc_usable_size(memory);
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}

namespace {

using namespace holter;

constexpr int rounds = 101;
constexpr std::size_t wanted_series = 5'000;
constexpr double wanted_ms = 20;

double cpu_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// One more service with a process that has collected.
void add_service(aggregator::Aggregator& aggregator, std::uint32_t id) {
    aggregator::Target target;
    target.id = id;
    target.pid = static_cast<std::int32_t>(id + 1000);
    const std::string name = "checkout-service-" + std::to_string(id);
    target.service = {name, "production", name + "-7d9f8b6c5-x2x4z", "app"};
    target.runtime = "go";
    target.runtime_version = "go1.22.12";
    target.executable = "/usr/local/bin/" + name;
    target.container_id = std::string(64, 'c');
    target.dependencies = {{"google.golang.org/grpc", "v1.60.0"}, {"golang.org/x/net", "v0.20.0"}};
    aggregator.add_target(std::move(target), 0);
    for (std::uint32_t i = 1; i <= 1000; ++i)
        for (const std::uint8_t kind : {HOLTER_GO_SWEEP_TERMINATION, HOLTER_GO_MARK_TERMINATION}) {
            const holter_go_gc_pause event{
                {HOLTER_EVENT_GO_GC_PAUSE, id}, 7919ULL * i, i, kind, HOLTER_GO_TRIGGER_HEAP, 0};
            aggregator.on_record(std::as_bytes(std::span(&event, 1)));
        }
    aggregator::GoMemory memory;
    memory.gc_percent = memory.memory_limit_bytes = 100;
    memory.heap_live_bytes = memory.heap_goal_bytes = 123'456'789 + id;
    memory.goroutines = 77;
    memory.cpu_assist_ns = memory.cpu_dedicated_ns = memory.cpu_idle_ns = memory.cpu_pause_ns = 1;
    aggregator.on_go_memory(id, memory, 0);
}

struct Cost {
    double ms;
    std::size_t bytes;
    std::size_t heap;
};

Cost scrape(const aggregator::Aggregator& aggregator, exporter::Format format, bool gzip) {
    Cost cost{};
    const auto wire = [&](std::string_view piece) {
        cost.bytes += piece.size();
        return true;
    };
    const std::size_t heap_before = heap;
    heap_peak = heap;
    const double start = cpu_ms();
    const exporter::Collector collector(aggregator.snapshot(0), {}, {"0", "0"});
    if (gzip) {
        exporter::Gzip packed(wire);
        exporter::write_page(collector, format,
                             [&](std::string_view piece) { return packed.write(piece); });
        packed.finish();
    } else {
        exporter::write_page(collector, format, wire);
    }
    cost.ms = cpu_ms() - start;
    cost.heap = heap_peak - heap_before;
    return cost;
}

std::size_t series(const aggregator::Aggregator& aggregator) {
    std::size_t lines = 0;
    const std::string text =
        exporter::page({aggregator.snapshot(0), {}, {"0", "0"}}, exporter::Format::text);
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        lines += text[at] != '#';
    return lines;
}

} // namespace

int main() {
    aggregator::Aggregator aggregator;
    std::uint32_t services = 0;
    while (series(aggregator) < wanted_series)
        add_service(aggregator, services++);
    std::printf("%zu series of %u services, median of %d scrapes\n", series(aggregator), services,
                rounds);
    std::printf("%-24s %10s %12s %12s %16s\n", "format", "CPU ms", "page bytes", "on the wire",
                "heap at its peak");

    bool good = true;
    for (const auto& [name, format] :
         {std::pair("text 0.0.4", exporter::Format::text),
          std::pair("OpenMetrics 1.0.0", exporter::Format::open_metrics)}) {
        const std::size_t page_bytes = scrape(aggregator, format, false).bytes;
        for (const bool gzip : {false, true}) {
            std::vector<Cost> costs;
            for (int round = 0; round < rounds; ++round)
                costs.push_back(scrape(aggregator, format, gzip));
            std::sort(costs.begin(), costs.end(),
                      [](const Cost& a, const Cost& b) { return a.ms < b.ms; });
            const Cost& median = costs[costs.size() / 2];
            std::printf("%-24s %10.1f %12zu %12zu %16zu\n",
                        (std::string(name) + (gzip ? ", gzip" : "")).c_str(), median.ms, page_bytes,
                        median.bytes, median.heap);
            good = good && median.ms <= wanted_ms && median.heap <= page_bytes;
        }
    }
    std::printf("wanted: %.0f ms, and not more heap than one copy of the page\n", wanted_ms);
    return good ? 0 : 1;
}
