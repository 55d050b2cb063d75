// SPDX-License-Identifier: Apache-2.0
//
// The series of one family. A series holds only what ended processes left behind;
// living ones keep their own numbers, and a snapshot adds the two up. That way an
// event touches nothing but its process's state, and a process that ends hands its
// counts over once.
//
// A family never grows beyond its limit: labels come from traced processes, and
// those may be hostile or merely many. What does not fit shares a series of the
// service `other`.
#pragma once

#include "aggregator/family.h"
#include "aggregator/series/labels.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace holter::aggregator {

/// The service that takes what exceeds a limit.
inline std::shared_ptr<const Service> overflow_service() {
    static const auto other = std::make_shared<const Service>(Service{"other", {}, {}, {}});
    return other;
}

/// What becomes of a series' own labels when it does not fit.
enum class Overflow {
    keep_labels, ///< they are few by nature: kinds, triggers, reasons
    drop_labels, ///< they are why it did not fit: process ids, modules
};

template <typename Value> class SeriesTable {
  public:
    struct Series {
        std::shared_ptr<const Labels> labels;
        Value left{};             ///< by processes that ended
        std::uint32_t users = 0;  ///< living processes that add to it
        std::size_t position = 0; ///< in the snapshot that is being built
    };

    SeriesTable(Family family, std::size_t limit, Overflow overflow = Overflow::keep_labels)
        : family_(family), limit_(limit), overflow_(overflow) {}

    Family family() const { return family_; }
    bool has_room_for(std::size_t more) const { return series_.size() + more <= limit_; }
    /// How often a series was asked for that did not fit.
    std::uint64_t limited() const { return limited_; }
    /// What would have been a series of its own was counted in another one.
    void count_limited() { ++limited_; }

    /// The series with these labels, new if need be; to be given back with close(). When the
    /// family is full, one of the service `other`.
    Series& open(const std::shared_ptr<const Service>& service, std::vector<std::string> own) {
        Labels labels{service, std::move(own)};
        auto found = series_.find(labels);
        if (found == series_.end() && !has_room_for(1)) {
            ++limited_;
            labels.service = overflow_service();
            if (overflow_ == Overflow::drop_labels)
                labels.own.assign(labels.own.size(), {});
            found = series_.find(labels);
        }
        if (found == series_.end()) {
            auto shared = std::make_shared<const Labels>(std::move(labels));
            found = series_.emplace(shared, Series{shared, {}, 0, 0}).first;
        }
        ++found->second.users;
        return found->second;
    }

    void close(Series& series) { --series.users; }

    /// The same, and a series without users ends: for what only living processes have.
    void close_and_drop(Series& series) {
        close(series);
        if (series.users == 0)
            series_.erase(series_.find(*series.labels));
    }

    /// Ends all series of a service that has no processes.
    void forget(const Service& service) {
        std::erase_if(series_, [&](const auto& entry) {
            return entry.second.users == 0 && *entry.first->service == service;
        });
    }

    /// In order of service and labels.
    template <typename Visitor> void each(Visitor&& visit) {
        for (auto& [labels, series] : series_)
            visit(series);
    }

  private:
    struct Less {
        using is_transparent = void;
        static const Labels& of(const Labels& labels) { return labels; }
        static const Labels& of(const std::shared_ptr<const Labels>& labels) { return *labels; }
        template <typename A, typename B> bool operator()(const A& a, const B& b) const {
            return std::tie(*of(a).service, of(a).own) < std::tie(*of(b).service, of(b).own);
        }
    };

    Family family_;
    std::size_t limit_;
    Overflow overflow_;
    std::uint64_t limited_ = 0;
    std::map<std::shared_ptr<const Labels>, Series, Less> series_;
};

} // namespace holter::aggregator
