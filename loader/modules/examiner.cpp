// SPDX-License-Identifier: Apache-2.0
#include "loader/modules/examiner.h"

#include "loader/elf/elf_file.h"

#include <algorithm>

namespace holter::modules {

namespace {

constexpr std::size_t remembered_files = 4096;

/// The system call failed, whatever the file is.
bool says_nothing(const Error& error) {
    return error.reason == "vanished" || error.reason == "unreadable" ||
           error.reason == "permission_denied";
}

std::string path_of(const process::Descriptor& file) {
    return "/proc/self/fd/" + std::to_string(file.get());
}

} // namespace

bool worth_tracing(const std::vector<KnownFile>& files) {
    return std::any_of(files.begin(), files.end(), [](const KnownFile& file) {
        return std::any_of(file.plans.begin(), file.plans.end(),
                           [](const auto& plan) { return !plan->plan.definition->is_companion(); });
    });
}

std::string runtime_of(const std::vector<KnownFile>& files) {
    std::string library;
    for (const auto& file : files)
        for (const auto& plan : file.plans) {
            const catalogue::Definition& definition = *plan->plan.definition;
            if (!definition.is_library)
                return definition.name;
            if (library.empty() && !definition.is_companion())
                library = definition.name;
        }
    return library;
}

Examiner::Examiner(const process::Procfs& procfs, SpecificationTable& table)
    : procfs_(procfs), table_(table), verdicts_(remembered_files) {}

void Examiner::set_definitions(std::vector<catalogue::Definition> definitions) {
    Definitions next;
    for (auto& definition : definitions) {
        const auto same =
            std::find_if(definitions_.begin(), definitions_.end(), [&](const auto& known) {
                return known->source == definition.source && known->content == definition.content;
            });
        next.push_back(same != definitions_.end()
                           ? *same
                           : std::make_shared<const catalogue::Definition>(std::move(definition)));
    }
    // Verdicts of definitions that are gone must not be found under the address of a new one.
    const bool changed = next != definitions_;
    definitions_ = std::move(next);
    if (changed)
        verdicts_.for_each([&](Verdicts& verdicts) {
            std::erase_if(verdicts, [&](const auto& verdict) {
                return std::none_of(definitions_.begin(), definitions_.end(),
                                    [&](const auto& definition) {
                                        return definition.get() == verdict.first.first;
                                    });
            });
        });
}

bool Examiner::is_candidate(const std::string& name) const {
    return std::any_of(definitions_.begin(), definitions_.end(), [&](const auto& definition) {
        return std::any_of(definition->recognise.begin(), definition->recognise.end(),
                           [&](const catalogue::Recognition& recognition) {
                               return recognition.file.empty() ||
                                      catalogue::glob_matches(recognition.file, name);
                           });
    });
}

Examiner::Verdicts& Examiner::verdicts_on(const process::FileIdentity& identity,
                                          const MappedFile& file,
                                          const process::Descriptor& descriptor,
                                          const std::string& root, std::optional<Error>& failure) {
    Verdicts* known = verdicts_.find(identity);
    Verdicts& verdicts = known ? *known : verdicts_.put(identity, {});
    std::optional<Result<elf::ElfFile>> elf;
    for (const auto& definition : definitions_) {
        if (verdicts.count({definition.get(), file.name}))
            continue;
        if (!elf)
            elf = elf::ElfFile::open(path_of(descriptor));
        if (!*elf && says_nothing(elf->error())) {
            failure = Error{elf->error().reason, file.path + ": " + elf->error().message};
            break; // not remembered
        }
        auto& verdict = verdicts[{definition.get(), file.name}];
        if (!*elf)
            continue; // nothing that can be probed
        if (auto plan = plan_file(definition, **elf, file.name, {root, file.path}))
            verdict = table_.publish(std::move(*plan));
    }
    return verdicts;
}

Result<KnownFiles> Examiner::examine(pid_t pid) {
    KnownFiles known;
    if (definitions_.empty())
        return known;
    const auto files = mapped_files(procfs_, pid);
    if (!files)
        return files.error();
    const std::string root = procfs_.root() + "/" + std::to_string(pid) + "/root";
    const auto note = [&](const Error& error) {
        if (error.reason != "vanished") // unmapped meanwhile
            known.unreadable.push_back(error);
    };
    for (const auto& file : *files) {
        if (!is_candidate(file.name))
            continue;
        const auto descriptor = open_mapped(file);
        const auto identity = descriptor ? process::file_identity(*descriptor) : descriptor.error();
        if (!identity) {
            // A device has nothing for us.
            if (identity.error().reason != "no_regular_file")
                note(identity.error());
            continue;
        }
        KnownFile found{file, *identity, {}};
        std::optional<Error> failure;
        const Verdicts& verdicts = verdicts_on(*identity, file, *descriptor, root, failure);
        if (failure)
            note(*failure);
        for (const auto& definition : definitions_) {
            const auto verdict = verdicts.find({definition.get(), file.name});
            if (verdict != verdicts.end() && verdict->second)
                found.plans.push_back(verdict->second);
        }
        if (!found.plans.empty())
            known.files.push_back(std::move(found));
    }
    return known;
}

} // namespace holter::modules
