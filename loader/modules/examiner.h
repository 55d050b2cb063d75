// SPDX-License-Identifier: Apache-2.0
//
// What the catalogue says of each file that some process has mapped. Every file is
// looked at once for each catalogue file, and remembered by its identity: a hundred
// processes that share one libjvm cost one parse. When the catalogue is read anew,
// only what has changed is looked at again.
#pragma once

#include "loader/catalogue/definition.h"
#include "loader/modules/mapped_files.h"
#include "loader/modules/specification_table.h"
#include "loader/process/executable_cache.h"
#include "loader/process/procfs/procfs.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holter::modules {

using Definitions = std::vector<std::shared_ptr<const catalogue::Definition>>;

/// A file that a process has mapped and that the catalogue knows.
struct KnownFile {
    MappedFile file;
    process::FileIdentity identity;
    std::vector<std::shared_ptr<const PublishedPlan>> plans; ///< not empty
};

/// All of them, and what could not be looked at although its name is one that the catalogue knows.
struct KnownFiles {
    std::vector<KnownFile> files;
    /// `not_readable`, `no_permission`, `unreadable`, `permission_denied`, each with the file. It
    /// may pass: nothing is remembered.
    std::vector<Error> unreadable;
};

/// Whether these files are a reason to trace a process. Probes that only say when to look again are
/// not.
bool worth_tracing(const std::vector<KnownFile>& files);

/// What a process that has mapped these is: the `runtime` of the first file that says so, else the
/// name of a library.
std::string runtime_of(const std::vector<KnownFile>& files);

class Examiner {
  public:
    /// Both must outlive it.
    Examiner(const process::Procfs& procfs, SpecificationTable& table);

    /// Replaces the catalogue. Definitions that are equal stay what they are: their plans, and
    /// what is attached by them, live on.
    void set_definitions(std::vector<catalogue::Definition> definitions);

    /// The files of a process that the catalogue knows. Errors: those of mapped_files.
    Result<KnownFiles> examine(pid_t pid);

  private:
    /// By definition and the name that the file has, which may be one of several; null: not
    /// recognised there.
    using Verdicts = std::map<std::pair<const catalogue::Definition*, std::string>,
                              std::shared_ptr<const PublishedPlan>>;

    bool is_candidate(const std::string& name) const;
    /// `failure`: why there is no verdict of some definitions.
    Verdicts& verdicts_on(const process::FileIdentity& identity, const MappedFile& file,
                          const process::Descriptor& descriptor, const std::string& root,
                          std::optional<Error>& failure);

    const process::Procfs& procfs_;
    SpecificationTable& table_;
    Definitions definitions_;
    process::ExecutableCache<Verdicts> verdicts_;
};

} // namespace holter::modules
