// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/layout/offsets.h"

#include "loader/golang/layout/dwarf_layout.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace holter::golang {

Offsets Offsets::from_table(const OffsetTable& table, std::string_view module,
                            std::string_view version, elf::Machine machine) {
    ReleaseLayout layout = table.look_up(module, version, machine);
    Offsets out;
    out.layouts_ = table.module(module);
    out.figures_ = std::move(layout.figures);
    out.source_ = std::move(layout.source);
    out.exact_ = layout.exact;
    return out;
}

Offsets Offsets::of_binary(const elf::ElfFile& file, std::string_view module,
                           std::string_view version, const OffsetTable& table,
                           std::uint64_t dwarf_bound) {
    Offsets out = from_table(table, module, version, file.machine());
    if (out.layouts_ == nullptr || out.exact_) {
        return out;
    }
    auto read = read_dwarf_layouts(file, *out.layouts_, dwarf_bound);
    if (read) {
        out.figures_ = std::move(read).value();
        out.source_ = "DWARF";
        out.exact_ = true;
    }
    return out;
}

std::optional<std::uint64_t> Offsets::find(Figure::Kind kind, std::string_view name) const {
    if (layouts_ == nullptr) {
        return std::nullopt;
    }
    const auto& figures = layouts_->figures;
    const auto wanted = std::make_tuple(kind, name);
    const auto found = std::lower_bound(
        figures.begin(), figures.end(), wanted, [](const Figure& figure, const auto& key) {
            return std::make_tuple(figure.kind, std::string_view(figure.name)) < key;
        });
    if (found == figures.end() || found->kind != kind || found->name != name) {
        return std::nullopt;
    }
    return figures_[static_cast<std::size_t>(found - figures.begin())];
}

std::optional<std::uint64_t> Offsets::field(std::string_view name) const {
    return find(Figure::Kind::offset, name);
}

std::optional<std::uint64_t> Offsets::field(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
        if (const auto found = field(name)) {
            return found;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> Offsets::size(std::string_view structure) const {
    return find(Figure::Kind::size, structure);
}

} // namespace holter::golang
