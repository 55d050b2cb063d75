// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/functions/wanted_names.h"

#include "loader/elf/printable.h"
#include "loader/elf/strings.h"

#include <algorithm>
#include <vector>

namespace holter::golang {
namespace {

constexpr std::size_t max_name = 1024;

class Matcher {
  public:
    explicit Matcher(std::span<const std::string> wanted) : exact_(max_name + 1) {
        for (const std::string& entry : wanted) {
            if (entry.empty() || entry.size() > max_name) {
                continue;
            }
            if (entry.ends_with('*')) {
                prefixes_.push_back(std::string_view(entry).substr(0, entry.size() - 1));
            } else {
                exact_[entry.size()].push_back(entry);
            }
        }
    }

    bool matches(std::string_view name) const {
        if (name.empty() || name.size() > max_name) {
            return false;
        }
        // Names of a package begin alike, so they are told apart at their end.
        for (const std::string_view candidate : exact_[name.size()]) {
            if (candidate.back() == name.back() && candidate == name) {
                return true;
            }
        }
        return std::any_of(prefixes_.begin(), prefixes_.end(), [&](std::string_view prefix) {
            return name.size() >= prefix.size() &&
                   (prefix.empty() || name[prefix.size() - 1] == prefix.back()) &&
                   name.starts_with(prefix);
        });
    }

  private:
    std::vector<std::vector<std::string_view>> exact_; ///< by length
    std::vector<std::string_view> prefixes_;
};

} // namespace

NameOffsets find_names(const elf::ElfFile& file, const Pclntab& pclntab,
                       std::span<const std::string> wanted) {
    const Matcher matcher(wanted);
    NameOffsets found;
    elf::Window window(file, pclntab.names, pclntab.names_end);
    elf::for_each_string(window, 1, [&](std::string_view name, std::uint64_t offset) {
        if (matcher.matches(name) && found.size() < max_matches && offset <= UINT32_MAX) {
            found.add(static_cast<std::uint32_t>(offset), elf::printable(name));
        }
    });
    return found;
}

} // namespace holter::golang
