// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/module_versions.h"

#include "loader/elf/window.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <elf.h>

namespace holter::golang {

namespace {

/// A text that a module's code contains, followed by its version.
struct Constant {
    std::string_view module;
    std::string_view prefix;
};

constexpr std::array<Constant, 1> constants = {{
    {"google.golang.org/grpc", "grpc-go/"}, // the client's user agent
}};

/// "1.66.2" and what may follow it: Go puts texts side by side, without an end.
constexpr std::size_t longest_version = 16;
constexpr std::uint32_t largest_number = 9999;

/// Takes a decimal number of at most `digits` digits off the front.
std::optional<std::uint32_t> take_number(std::string_view& text, std::size_t digits) {
    std::uint32_t number = 0;
    const char* const end = text.data() + std::min(text.size(), digits);
    const auto [after, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || number > largest_number)
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(after - text.data()));
    return number;
}

bool take(std::string_view& text, char expected) {
    if (!text.starts_with(expected))
        return false;
    text.remove_prefix(1);
    return true;
}

/// The version at the start of `text`. A patch number has one digit: no release of these modules
/// has more, and the next text may begin with one.
std::optional<std::string> version_at(std::string_view text) {
    const auto major = take_number(text, 1);
    if (!major || !take(text, '.'))
        return std::nullopt;
    const auto minor = take_number(text, 3);
    if (!minor || !take(text, '.'))
        return std::nullopt;
    const auto patch = take_number(text, 1);
    if (!patch)
        return std::nullopt;
    return "v" + std::to_string(*major) + "." + std::to_string(*minor) + "." +
           std::to_string(*patch);
}

std::optional<std::string> version_after(const elf::ElfFile& file, std::string_view prefix,
                                         std::uint64_t begin, std::uint64_t end) {
    elf::Window window(file, begin, end);
    const std::size_t wanted = prefix.size() + longest_version;
    for (std::uint64_t offset = begin;;) {
        const auto bytes = window.from(offset);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix, at + 1))
            if (auto version = version_at(text.substr(at + prefix.size(), longest_version)))
                return version;
        if (bytes.size() <= wanted)
            return std::nullopt;
        offset += bytes.size() - wanted;
        if (offset + wanted >= end)
            return std::nullopt;
    }
}

} // namespace

std::optional<std::string> module_version(const elf::ElfFile& file, const BuildInfo& info,
                                          std::string_view module) {
    if (const Module* known = info.module(module))
        return known->version;
    if (!info.dependencies.empty())
        return std::nullopt;
    for (const Constant& constant : constants) {
        if (constant.module != module)
            continue;
        for (const elf::Segment& segment : file.segments()) {
            if (segment.type != PT_LOAD || (segment.flags & (PF_X | PF_W)) != 0)
                continue;
            if (auto version = version_after(file, constant.prefix, segment.offset,
                                             segment.offset + segment.file_size))
                return version;
        }
    }
    return std::nullopt;
}

std::optional<catalogue::MinorRelease> minor_release(std::string_view version) {
    if (!take(version, 'v'))
        return std::nullopt;
    const auto major = take_number(version, 4);
    if (!major || !take(version, '.'))
        return std::nullopt;
    const auto minor = take_number(version, 4);
    if (!minor || !take(version, '.'))
        return std::nullopt;
    return catalogue::MinorRelease{*major, *minor};
}

} // namespace holter::golang
