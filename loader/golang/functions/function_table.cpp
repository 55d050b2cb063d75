// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/functions/function_table.h"

#include "loader/elf/printable.h"
#include "loader/golang/functions/function_record.h"
#include "loader/golang/functions/inline_tree.h"
#include "loader/golang/functions/pclntab.h"
#include "loader/golang/functions/wanted_names.h"

#include <algorithm>

namespace holter::golang {
namespace {

using elf::ElfFile;
using elf::Window;

constexpr std::size_t max_host_name = 1024;

struct Functions {
    std::vector<Function> wanted;
    std::vector<TreeOwner> owners;
};

Error damaged(const std::string& what) {
    return {"malformed_pclntab", what};
}

/// abi.FuncIDWrapper is the last of a list that grows.
unsigned wrapper_id(const GoVersion& version) {
    if (version.minor >= 25) { // runCleanups
        return 23;
    }
    return version.minor >= 22 ? 22 : 21; // corostart
}

/// The pass over all functions: functab and the records it points to are two streams.
Result<Functions> read_functions(const ElfFile& file, const Pclntab& pclntab,
                                 std::uint64_t text_start, unsigned wrapper,
                                 const NameOffsets& names) {
    Functions found;
    Window entries(file, pclntab.functions, pclntab.end);
    Window records(file, pclntab.functions, pclntab.end);
    std::uint32_t previous = 0;
    for (std::uint64_t i = 0; i < pclntab.function_count; ++i) {
        const auto entry = read_entry(pclntab, entries, i);
        // Records are in the order of the functions. Going back would cost a window each time.
        if (!entry || entry->record < previous) {
            return damaged("functab entry " + std::to_string(i) + " is damaged");
        }
        previous = entry->record;
        const auto record = read_record(pclntab, records, entry->record);
        if (!record) {
            return damaged("the record of function " + std::to_string(i) + " is damaged");
        }
        if (record->inline_tree) {
            found.owners.push_back({*record->inline_tree, static_cast<std::uint32_t>(i)});
        }
        if (const std::string* name = names.find(record->name)) {
            const std::uint64_t address = text_start + entry->text_offset;
            if (!file.is_code(address, entry->size())) {
                return damaged(*name + " is not in the text");
            }
            if (found.wanted.size() == max_matches) {
                return damaged("too many functions have wanted names");
            }
            found.wanted.push_back({*name, address, entry->size(), record->function_id == wrapper});
        }
    }
    return found;
}

std::string name_at(const ElfFile& file, const Pclntab& pclntab, std::uint32_t offset) {
    const std::uint64_t size = pclntab.names_end - pclntab.names;
    const auto bytes = offset < size
                           ? file.at_offset(pclntab.names + offset,
                                            std::min<std::uint64_t>(max_host_name, size - offset))
                           : std::nullopt;
    if (!bytes) {
        return {};
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    return elf::printable(text.substr(0, text.find('\0')));
}

std::vector<InlinedCopy> describe(const ElfFile& file, const Pclntab& pclntab,
                                  std::uint64_t text_start, const NameOffsets& names,
                                  const std::vector<InlinedName>& inlined) {
    std::vector<InlinedCopy> copies;
    constexpr std::size_t jump_window = 4096;
    Window table(file, pclntab.functions, pclntab.end, jump_window);
    for (const InlinedName& found : inlined) {
        const auto entry = read_entry(pclntab, table, found.host);
        const auto record = entry ? read_record(pclntab, table, entry->record) : std::nullopt;
        if (record) {
            copies.push_back({*names.find(found.name), name_at(file, pclntab, record->name),
                              text_start + entry->text_offset, entry->size()});
        }
    }
    std::sort(copies.begin(), copies.end(), [](const InlinedCopy& a, const InlinedCopy& b) {
        return a.function != b.function ? a.function < b.function : a.host_address < b.host_address;
    });
    return copies;
}

/// The word of the header that older releases keep the start of the text in.
std::uint64_t text_start_of(const ElfFile& file, const Pclntab& pclntab) {
    constexpr std::uint64_t text_start_at = 24;
    if (pclntab.text_start != 0) {
        return pclntab.text_start;
    }
    const auto relocated = file.words_at(pclntab.address + text_start_at, 1);
    return relocated ? relocated->front() : 0;
}

} // namespace

const Function* FunctionTable::find(std::string_view name) const {
    const Function* found = nullptr;
    for (const Function& f : functions) {
        if (f.name == name && (found == nullptr || (found->wrapper && !f.wrapper))) {
            found = &f;
        }
    }
    return found;
}

Result<FunctionTable> find_functions(const ElfFile& file, const GoVersion& version,
                                     std::span<const std::string> wanted) {
    const auto pclntab = locate_pclntab(file);
    if (!pclntab) {
        return pclntab.error();
    }
    FunctionTable table;
    table.source = pclntab->source;
    table.pclntab_address = pclntab->address;
    if (const auto module_data = find_module_data(file, version, *pclntab)) {
        table.module_data = *module_data;
        table.text_start = module_data->text;
    } else {
        table.text_start = text_start_of(file, *pclntab);
    }
    if (table.text_start == 0) {
        return damaged("the start of the text is neither in the pclntab nor in the module data");
    }
    const NameOffsets names = find_names(file, *pclntab, wanted);
    auto functions = read_functions(file, *pclntab, table.text_start, wrapper_id(version), names);
    if (!functions) {
        return functions.error();
    }
    table.functions = std::move(functions->wanted);
    std::sort(table.functions.begin(), table.functions.end(),
              [](const Function& a, const Function& b) { return a.address < b.address; });
    if (table.module_data) {
        const auto inlined =
            find_inlined(file, *pclntab, *table.module_data, std::move(functions->owners), names);
        if (inlined) {
            table.inline_trees_read = true;
            table.inlined = describe(file, *pclntab, table.text_start, names, *inlined);
        }
    }
    return table;
}

} // namespace holter::golang
