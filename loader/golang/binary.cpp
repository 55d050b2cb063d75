// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/binary.h"

#include "bpf/events.h"
#include "loader/golang/module_versions.h"

#include <elf.h>

namespace holter::golang {

namespace {

constexpr int oldest_minor = 18; // the register ABI on both machines, and the pclntab we can read

process::LinkedImage image_of(const elf::ElfFile& file) {
    process::LinkedImage image;
    image.entry = file.entry();
    for (const auto& segment : file.segments())
        if (segment.type == PT_LOAD) {
            image.first_load_address = segment.address;
            image.first_load_offset = segment.offset;
            break;
        }
    return image;
}

} // namespace

Result<std::shared_ptr<const Binary>> examine_binary(const std::string& path,
                                                     const catalogue::Runtime& runtime) {
    const auto file = elf::ElfFile::open(path);
    if (!file)
        return file.error();
    auto info = read_build_info(*file);
    if (!info)
        return info.error();

    auto binary = std::make_shared<Binary>();
    binary->build_info = std::move(*info);
    binary->image = image_of(*file);
    binary->pie = file->is_pie();
    const auto refused = [&](Error error) {
        binary->failure = std::move(error);
        return std::shared_ptr<const Binary>(binary);
    };
    if (!binary->build_info.go)
        return refused({"unknown_version",
                        "cannot place the Go version `" + binary->build_info.version + "`"});
    binary->version = *binary->build_info.go;
    if (binary->version.minor < oldest_minor)
        return refused({"unsupported_version", "built with " + binary->build_info.version +
                                                   "; Go 1.18 is the oldest that can be traced"});

    std::vector<std::string> wanted = functions_for_plan(runtime, binary->version);
    for (const auto& name : globals_functions())
        wanted.push_back(name);
    auto functions = find_functions(*file, binary->version, wanted);
    if (!functions)
        return refused(functions.error());
    binary->offsets = Offsets::of_binary(*file, "std", binary->build_info.version);
    const auto& offsets = binary->offsets;
    GlobalOffsets known{offsets.field("runtime.mstats.numgc"),
                        offsets.field("runtime.mstats.pause_total_ns"), std::nullopt, std::nullopt};
    // These two are found by one offset alone, which nothing in the code confirms.
    if (offsets.exact()) {
        known.work_pause_ns = offsets.field("runtime.workType.pauseNS");
        known.sched_lock = offsets.field("runtime.schedt.lock");
    }
    binary->globals = locate_globals(*file, *functions, known);
    binary->groups =
        plan_probes(runtime, *file, *functions, binary->version, [&](const std::string& module) {
            const auto [entry, is_new] = binary->modules.try_emplace(module);
            if (is_new)
                entry->second = module_version(*file, binary->build_info, module).value_or("");
            return minor_release(entry->second);
        });
    for (const auto& [module, version] : binary->modules)
        if (!version.empty())
            binary->layouts_of_modules.emplace(module, Offsets::of_binary(*file, module, version));
    if (functions->module_data)
        binary->error_links = find_error_links(TypeReader(*file, *functions->module_data),
                                               binary->version, HOLTER_GO_LINKS);
    binary->functions = std::move(*functions);
    return std::shared_ptr<const Binary>(binary);
}

const Offsets& Binary::module_offsets(std::string_view module) const {
    static const Offsets unknown;
    const auto found = layouts_of_modules.find(module);
    return found == layouts_of_modules.end() ? unknown : found->second;
}

RuntimeVariables variables_at(const Binary& binary, std::uint64_t load_bias) {
    const auto at = [&](const Global& global) -> std::optional<std::uint64_t> {
        if (!global.address)
            return std::nullopt;
        return *global.address + load_bias;
    };
    const Globals& globals = binary.globals;
    return {at(globals.memstats), at(globals.gc_controller), at(globals.work),
            at(globals.sched),    at(globals.allp),          at(globals.allglen)};
}

} // namespace holter::golang
