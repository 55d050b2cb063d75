// SPDX-License-Identifier: Apache-2.0
//
// Errors of one process, whatever signal saw them: requests that failed, panics,
// exceptions, deaths. Types are named by the traced program, and a program can make
// up types without end, so a process has a bounded number of them; what comes after
// that is of the type `other`, counted as limited.
#pragma once

#include "aggregator/errors/classes.h"
#include "aggregator/series/exemplar.h"
#include "aggregator/series/series.h"
#include "aggregator/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holter::aggregator {

struct ErrorTables {
    explicit ErrorTables(std::size_t limit)
        : errors(Family::errors, limit), root_causes(Family::error_root_causes, limit),
          panics(Family::go_panics, limit) {}

    SeriesTable<Count> errors;
    SeriesTable<Count> root_causes;
    SeriesTable<Count> panics;
};

class Errors {
  public:
    /// Types that one process may have before they are `other`; root types count as well.
    static constexpr std::size_t max_types = 128;

    /// `classes` must outlive it.
    Errors(ErrorTables& tables, const ErrorClasses& classes,
           std::shared_ptr<const Service> service);
    /// Hands the counts over to the service.
    ~Errors();
    Errors(const Errors&) = delete;
    Errors& operator=(const Errors&) = delete;

    /// `n` errors that are alike. The types may be foreign bytes of any length.
    void count(const ErrorSeen& error, std::uint64_t n = 1, const ExemplarPtr& exemplar = nullptr);
    /// A panic of this type has ended so. It was counted as an error when it began.
    void count_panic_end(std::string_view type, PanicOutcome outcome);

    void add_to(std::vector<NumberSeries>& numbers) const;

  private:
    /// One family: its series by their own labels, opened when first counted.
    class Counts {
      public:
        explicit Counts(SeriesTable<Count>& table) : table_(table) {}
        void add(const std::shared_ptr<const Service>& service, std::vector<std::string> own,
                 const Count& count);
        void add_to(std::vector<NumberSeries>& numbers) const;
        void hand_over();

      private:
        struct Counted {
            SeriesTable<Count>::Series* series = nullptr;
            Count count;
        };
        SeriesTable<Count>& table_;
        std::map<std::vector<std::string>, Counted> counted_;
    };

    /// The type as it is counted.
    std::string bounded(std::string_view type, SeriesTable<Count>& table);

    ErrorTables& tables_;
    const ErrorClasses& classes_;
    std::shared_ptr<const Service> service_;
    std::set<std::string, std::less<>> types_;
    Counts errors_, root_causes_, panics_;
};

} // namespace holter::aggregator
