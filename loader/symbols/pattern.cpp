// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/pattern.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace holter::symbols {
namespace {

bool is_word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// `f(char const *, int)` and `f(char const*,int)` are the same: a blank counts between two words.
std::string normalised(std::string_view text) {
    std::string result;
    bool blank = false;
    for (const char c : text) {
        if (c == ' ') {
            blank = true;
            continue;
        }
        if (blank && !result.empty() && is_word_character(result.back()) && is_word_character(c)) {
            result += ' ';
        }
        blank = false;
        result += c;
    }
    return result;
}

/// A function that returns std::string is shown as `f[abi:cxx11]`; nobody writes that.
std::string without_tags(std::string text) {
    for (std::size_t begin = text.find("[abi:"); begin != std::string::npos;
         begin = text.find("[abi:", begin)) {
        const std::size_t end = text.find(']', begin);
        if (end == std::string::npos) {
            break;
        }
        text.erase(begin, end + 1 - begin);
    }
    return text;
}

/// Words that mangling abbreviates, and those that are no identifiers.
bool is_spelled_out(std::string_view word) {
    constexpr std::string_view others[] = {
        "std",     "string",   "basic_string",  "allocator",     "iostream",      "istream",
        "ostream", "operator", "basic_istream", "basic_ostream", "basic_iostream"};
    return !word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) == 0 &&
           std::find(std::begin(others), std::end(others), word) == std::end(others);
}

/// The longest word outside of brackets, before the parameters and before an operator.
std::string longest_word(std::string_view text) {
    std::string_view longest;
    int depth = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (!is_word_character(text[i])) {
            const bool opens = text[i] == '<' || text[i] == '(' || text[i] == '{' || text[i] == '[';
            const bool closes =
                text[i] == '>' || text[i] == ')' || text[i] == '}' || text[i] == ']';
            depth += (opens ? 1 : 0) - (closes ? 1 : 0);
            ++i;
            continue;
        }
        std::size_t end = i;
        while (end < text.size() && is_word_character(text[end])) {
            ++end;
        }
        const std::string_view word = text.substr(i, end - i);
        if (word == "operator") {
            break;
        }
        if (depth == 0 && is_spelled_out(word) && word.size() > longest.size()) {
            longest = word;
        }
        i = end;
    }
    return std::string(longest);
}

} // namespace

Pattern::Pattern(std::string_view text) : text_(text), prefix_(text.ends_with('*')) {
    // `f(char*` ends in a star that is none of ours, and would be no whole name either.
    if (prefix_) {
        text.remove_suffix(1);
    }
    symbol_ = text;
    normalised_ = normalised(text);
    mangled_ = is_mangled(text);
    word_ = longest_word(text);
}

bool Pattern::matches_symbol(std::string_view symbol, std::string_view base) const {
    if (prefix_) {
        return base.starts_with(symbol_);
    }
    return base == symbol_ || symbol == symbol_;
}

bool Pattern::is_worth_demangling(std::string_view base) const {
    return !mangled_ && is_mangled(base) && base.find(word_) != std::string_view::npos;
}

bool Pattern::matches(const Demangled& demangled) const {
    for (const std::string* text : {&demangled.full, &demangled.name}) {
        const std::string whole = normalised(*text);
        const std::string plain = without_tags(whole);
        if (prefix_ ? whole.starts_with(normalised_) || plain.starts_with(normalised_)
                    : whole == normalised_ || plain == normalised_) {
            return true;
        }
    }
    return false;
}

} // namespace holter::symbols
