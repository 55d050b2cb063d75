// SPDX-License-Identifier: Apache-2.0
//
// What was found out about an executable, kept for the next process that runs it:
// in an exec storm nearly all verdicts are "nothing for us", and they must cost
// one stat(2). Bounded, because builds make executables without end; the least
// recently used goes first.
#pragma once

#include "loader/process/procfs/procfs.h"

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace holter::process {

template <typename Verdict> class ExecutableCache {
  public:
    /// `capacity` >= 1.
    explicit ExecutableCache(std::size_t capacity) : capacity_(capacity) {}

    /// Null when nothing is known. Valid until the next `put` or `erase`.
    Verdict* find(const FileIdentity& file) {
        const auto found = index_.find(file);
        if (found == index_.end()) {
            return nullptr;
        }
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->second;
    }

    Verdict& put(const FileIdentity& file, Verdict verdict) {
        erase(file);
        if (entries_.size() >= capacity_) {
            index_.erase(entries_.back().first);
            entries_.pop_back();
        }
        entries_.emplace_front(file, std::move(verdict));
        index_[file] = entries_.begin();
        return entries_.front().second;
    }

    void erase(const FileIdentity& file) {
        const auto found = index_.find(file);
        if (found != index_.end()) {
            entries_.erase(found->second);
            index_.erase(found);
        }
    }

    /// Shows every verdict to `visit`.
    template <typename Visit> void for_each(Visit visit) {
        for (auto& [file, verdict] : entries_)
            visit(verdict);
    }

    std::size_t size() const { return entries_.size(); }

  private:
    using Entries = std::list<std::pair<FileIdentity, Verdict>>; // most recently used first

    std::size_t capacity_;
    Entries entries_;
    std::unordered_map<FileIdentity, typename Entries::iterator> index_;
};

} // namespace holter::process
