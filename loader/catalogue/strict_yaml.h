// SPDX-License-Identifier: Apache-2.0
//
// YAML that people write (the configuration, the catalogue) is read strictly:
// a misspelt key that is silently ignored costs an evening. Every mistake is one
// line, `file:line:column: what is wrong (did you mean …?)`, thrown as
// YamlError, since both are read at start-up.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace holter::catalogue {

/// what() is `file:line:column: message`, one line whatever is in the file.
class YamlError : public std::runtime_error {
  public:
    explicit YamlError(const std::string& text);
};

/// The candidate with the smallest edit distance, if one is near enough to be a likely slip.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

/// A node together with the file it came from. Conversions check the type.
class YamlValue {
  public:
    /// `key` is the one the value stands under, for messages; empty at the top and in lists.
    YamlValue(const YAML::Node& node, std::string file, std::string key = "");

    std::string text() const;
    bool boolean() const;
    std::int64_t integer(std::int64_t minimum, std::int64_t maximum) const;
    double number(double minimum, double maximum) const;
    std::vector<YamlValue> list() const;
    std::vector<std::string> texts() const;
    /// A name of letters, digits and `_`, which may become part of a page or a log line as it is.
    std::string identifier() const;
    /// One line for people.
    std::string one_line() const;
    /// One of the given words.
    std::string choice(const std::vector<std::string>& words) const;

    bool is_scalar() const { return node_.IsScalar(); }
    bool is_mapping() const { return node_.IsMap(); }
    /// Nothing is written here.
    bool empty() const { return !node_.IsDefined() || node_.IsNull(); }
    /// Line in the file, from 1.
    int line() const { return node_.Mark().line + 1; }
    /// `file:line:column`
    std::string where() const;
    [[noreturn]] void fail(const std::string& message) const;

  private:
    friend class YamlMap;
    YAML::Node node_;
    std::string file_;
    std::string key_;
};

/// A mapping whose keys are asked for one by one. `done()` rejects keys nobody asked for, naming
/// the nearest one that somebody did.
class YamlMap {
  public:
    explicit YamlMap(const YamlValue& value);

    std::optional<YamlValue> find(const std::string& key);
    YamlValue require(const std::string& key);
    std::string text_or_nothing(const std::string& key);
    std::vector<std::string> texts_or_none(const std::string& key);
    /// All keys with their values, in the order of the file: for mappings whose keys are the
    /// user's.
    std::vector<std::pair<YamlValue, YamlValue>> entries() const;
    void done() const;
    [[noreturn]] void fail(const std::string& message) const { value_.fail(message); }

  private:
    YamlValue value_;
    std::set<std::string> asked_;
};

/// Parses one document. `file` is only for messages. Documents of more than a MiB and those with
/// aliases (a few of which can stand for billions of values) are refused.
YamlValue parse_yaml(const std::string& content, const std::string& file);

} // namespace holter::catalogue
