// SPDX-License-Identifier: Apache-2.0
#include "aggregator/golang/go_audit.h"

#include <charconv>
#include <cstdlib>

namespace holter::aggregator {

namespace {

/// A reading is settled when no event came for this long.
constexpr std::uint64_t settling_ns = 1'000'000'000;

/// On Go ≤ 1.19 our sum may be off by a twentieth, judged over at least this many cycles.
constexpr std::uint64_t approximate_cycles = 100;
constexpr std::uint64_t approximate_part = 20;

/// The `22` of `go1.22.12`; a large number when there is none, as in builds from Go's main branch.
unsigned minor_version(std::string_view version) {
    constexpr unsigned newest = 999;
    const std::size_t at = version.find("go1.");
    if (at == std::string_view::npos)
        return newest;
    version.remove_prefix(at + 4);
    unsigned minor = newest;
    std::from_chars(version.data(), version.data() + version.size(), minor);
    return minor;
}

std::int32_t distance(std::uint32_t from, std::uint32_t to) {
    return static_cast<std::int32_t>(to - from);
}

} // namespace

std::string_view to_string(AuditVerdict verdict) {
    switch (verdict) {
    case AuditVerdict::pending:
        return "pending";
    case AuditVerdict::equal:
        return "equal";
    case AuditVerdict::mismatch:
        return "mismatch";
    }
    return "pending";
}

SteadyDifference::Outcome SteadyDifference::add(std::int64_t difference, std::int64_t tolerance) {
    const auto same = [&](std::int64_t other) { return std::abs(difference - other) <= tolerance; };
    if (accepted_ && same(*accepted_)) {
        odd_count_ = 0;
        return Outcome::equal;
    }
    for (std::size_t i = 0; !accepted_ && i < odd_count_; ++i)
        if (same(odd_[i])) {
            accepted_ = difference;
            odd_count_ = 0;
            return Outcome::equal;
        }
    if (odd_count_ < odd_.size()) {
        odd_[odd_count_++] = difference;
        return Outcome::undecided;
    }
    accepted_ = difference;
    odd_count_ = 0;
    return Outcome::mismatch;
}

void SteadyDifference::restart() {
    accepted_.reset();
    odd_count_ = 0;
}

GoAudit::GoAudit(GoAuditCounts& counts, std::string_view runtime_version)
    : counts_(counts), approximate_(minor_version(runtime_version) <= 19),
      lag_(minor_version(runtime_version) <= 21 ? 1 : 0) {}

void GoAudit::restart() {
    started_ = true;
    head_state_ = Head::none;
    missing_ = 0;
    earlier_.reset();
    compared_head_.reset();
    forced_.restart();
    pause_.restart();
    pause_base_.reset();
}

void GoAudit::settle_head(std::uint32_t numgc) {
    // Not readable, or the very first cycle before its increment: our own step is as good.
    if (numgc == 0)
        return;
    if (started_) {
        const std::int32_t gap = distance(head_, numgc);
        // An assumed head came from a reading, which may include cycles whose events still come.
        if (head_state_ == Head::known || (head_state_ == Head::assumed && gap > 0))
            missing_ += static_cast<std::uint64_t>(std::abs(gap));
    }
    head_ = numgc;
    head_state_ = Head::known;
}

void GoAudit::on_reading(const GoMemory& memory, const GoAccount& ours, std::uint64_t now_ns) {
    if (!started_ || !memory.numgc)
        return;
    const std::uint32_t numgc = *memory.numgc;
    if (head_state_ == Head::none) {
        head_ = numgc;
        head_state_ = Head::assumed;
    }
    compare(memory, ours);
    if (earlier_ && now_ns - earlier_->now_ns < settling_ns)
        return;
    if (earlier_)
        settle(*earlier_, numgc, ours.cycles);
    earlier_ = Reading{numgc, ours.cycles, now_ns};
}

void GoAudit::settle(const Reading& earlier, std::uint32_t numgc, std::uint64_t cycles) {
    if (earlier.cycles == cycles) {
        const std::int32_t ahead = distance(head_, earlier.numgc);
        const std::int32_t excess = ahead > 1 ? ahead - 1 : ahead < 0 ? ahead : 0;
        if (head_state_ == Head::known || excess > 0)
            missing_ += static_cast<std::uint64_t>(std::abs(excess));
        head_ += static_cast<std::uint32_t>(excess);
        if (head_state_ == Head::known && numgc == earlier.numgc)
            lag_ = numgc - head_;
    }
    ++counts_.cycles.checks;
    counts_.cycles.mismatches += missing_;
    mismatches_ += missing_;
    missing_ = 0;
    checked_ = true;
}

void GoAudit::compare(const GoMemory& memory, const GoAccount& ours) {
    if (head_state_ != Head::known || *memory.numgc - head_ != lag_ || compared_head_ == head_)
        return;
    compared_head_ = head_;
    if (memory.numforcedgc) {
        if (ours.unknown != forced_unknown_)
            forced_.restart(); // who knows whether those were forced
        forced_unknown_ = ours.unknown;
        count(counts_.forced_cycles,
              forced_.add(distance(*memory.numforcedgc, static_cast<std::uint32_t>(ours.forced))));
    }
    if (memory.pause_total_ns) {
        std::int64_t tolerance = 0;
        if (approximate_) {
            if (!pause_base_)
                pause_base_ = PauseBase{ours.cycles, *memory.pause_total_ns};
            else if (ours.cycles - pause_base_->cycles < approximate_cycles)
                return;
            tolerance = static_cast<std::int64_t>(*memory.pause_total_ns - pause_base_->theirs_ns) /
                        static_cast<std::int64_t>(approximate_part);
        }
        count(counts_.pause_time,
              pause_.add(static_cast<std::int64_t>(ours.ended_pause_ns - *memory.pause_total_ns),
                         tolerance));
    }
}

void GoAudit::count(AuditCount& count, SteadyDifference::Outcome outcome) {
    if (outcome == SteadyDifference::Outcome::undecided)
        return;
    ++count.checks;
    if (outcome == SteadyDifference::Outcome::mismatch) {
        ++count.mismatches;
        ++mismatches_;
    }
    checked_ = true;
}

AuditVerdict GoAudit::verdict() const {
    if (mismatches_ > 0)
        return AuditVerdict::mismatch;
    return checked_ ? AuditVerdict::equal : AuditVerdict::pending;
}

} // namespace holter::aggregator
