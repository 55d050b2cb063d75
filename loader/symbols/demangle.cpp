// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/demangle.h"

#include <libiberty/demangle.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <memory>

namespace holter::symbols {
namespace {

// Long enough for every name of libjvm and of node that has a use.
constexpr std::size_t max_mangled = 1024;
// Every three of them may triple what a name stands for; this keeps it below some 100 KB.
constexpr int max_references = 24;

struct FreeText {
    void operator()(char* text) const { std::free(text); }
};
using Text = std::unique_ptr<char, FreeText>;

bool is_rust_v0(std::string_view symbol) {
    return symbol.starts_with("_R");
}

bool is_rust_legacy(std::string_view symbol) {
    // …17h and sixteen hexadecimal digits, E
    constexpr std::size_t tail = 20;
    return symbol.starts_with("_ZN") && symbol.size() > tail && symbol.ends_with('E') &&
           symbol.substr(symbol.size() - tail, 3) == "17h";
}

/// How often the name may refer to one of its parts. Letters of identifiers are counted as well, so
/// it is never too low.
int references(std::string_view symbol) {
    int count = 0;
    for (std::size_t i = 0; i < symbol.size(); ++i) {
        if (is_rust_v0(symbol)) {
            count += symbol[i] == 'B' ? 1 : 0;
            continue;
        }
        if (symbol[i] != 'S' && symbol[i] != 'T') {
            continue;
        }
        std::size_t end = i + 1;
        while (end < symbol.size() &&
               (std::isdigit(static_cast<unsigned char>(symbol[end])) != 0 ||
                std::isupper(static_cast<unsigned char>(symbol[end])) != 0)) {
            ++end;
        }
        count += end < symbol.size() && symbol[end] == '_' ? 1 : 0;
    }
    return count;
}

/// `<shop::Cart>::checkout`, as only the newer mangling says it, is `shop::Cart::checkout`.
/// `<shop::Cart as shop::Cash>::pay` and `<[u8]>::len` are what they are.
std::string without_brackets(std::string text) {
    if (text.size() < 2 || text[0] != '<' ||
        (std::isalpha(static_cast<unsigned char>(text[1])) == 0 && text[1] != '_')) {
        return text;
    }
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '<' ? 1 : 0;
        depth -= text[i] == '>' && text[i - 1] != '-' ? 1 : 0;
        if (depth == 1 && text.compare(i, 4, " as ") == 0) {
            return text;
        }
        if (depth == 0) {
            return text.substr(1, i - 1) + text.substr(i + 1);
        }
    }
    return text;
}

} // namespace

bool is_mangled(std::string_view symbol) {
    return symbol.starts_with("_Z") || is_rust_v0(symbol);
}

bool is_too_complex(std::string_view symbol) {
    return symbol.size() > max_mangled || references(symbol) > max_references;
}

std::optional<Demangled> demangle(const std::string& symbol) {
    if (!is_mangled(symbol) || is_too_complex(symbol)) {
        return std::nullopt;
    }
    if (is_rust_v0(symbol) || is_rust_legacy(symbol)) {
        if (const Text text{rust_demangle(symbol.c_str(), DMGL_NO_OPTS)}) {
            return Demangled{without_brackets(text.get()), text.get()};
        }
    }
    if (is_rust_v0(symbol)) {
        return std::nullopt;
    }
    constexpr int style = DMGL_ANSI | DMGL_RET_DROP;
    const Text name{cplus_demangle_v3(symbol.c_str(), style)};
    const Text full{name ? cplus_demangle_v3(symbol.c_str(), style | DMGL_PARAMS) : nullptr};
    if (!full) {
        return std::nullopt;
    }
    return Demangled{name.get(), full.get()};
}

std::optional<std::string_view> without_suffix(std::string_view symbol) {
    constexpr std::string_view of_copies[] = {"constprop", "isra",  "lto_priv", "localalias",
                                              "llvm",      "clone", "__uniq",   "specialized"};
    constexpr std::string_view of_parts[] = {"cold", "part"};
    const auto is_one_of = [](const auto& list, std::string_view word) {
        return std::find(std::begin(list), std::end(list), word) != std::end(list);
    };
    symbol = symbol.substr(0, symbol.find('@'));
    std::size_t end = symbol.size();
    std::size_t dot = symbol.find('.', 1);
    while (dot != std::string_view::npos) {
        const std::size_t next = symbol.find('.', dot + 1);
        const std::string_view word =
            symbol.substr(dot + 1, next == std::string_view::npos ? next : next - dot - 1);
        if (is_one_of(of_parts, word)) {
            return std::nullopt;
        }
        if (end == symbol.size() && is_one_of(of_copies, word)) {
            end = dot;
        }
        dot = next;
    }
    return symbol.substr(0, end);
}

} // namespace holter::symbols
