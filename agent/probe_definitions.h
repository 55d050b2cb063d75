// SPDX-License-Identifier: Apache-2.0
//
// From what a catalogue file says of a probe to what the aggregator makes of its
// events. Families that files declare get their numbers here, by name, once and for
// all: a file that is read anew goes on with the series it had.
#pragma once

#include "aggregator/catalogue/definition.h"
#include "loader/catalogue/definition.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace holter::agent {

class ProbeDefinitions {
  public:
    /// The families that the catalogue declares and that are not known yet. Throws
    /// catalogue::YamlError for one that Holter has itself, or that is known with another meaning.
    std::vector<aggregator::DeclaredFamily>
    declare(const std::vector<catalogue::Definition>& definitions);

    /// All metrics of `definition` must have been declared.
    aggregator::ProbeDefinition of(const catalogue::Definition& definition,
                                   const catalogue::DeclaredProbe& probe) const;

  private:
    struct Known {
        aggregator::Family family;
        catalogue::DeclaredMetric metric;
    };
    mutable std::mutex mutex_; ///< the catalogue is read by another thread than probes are defined
    std::map<std::string, Known> families_;
};

} // namespace holter::agent
