// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue/strict_yaml.h"

#include <algorithm>
#include <numeric>
#include <regex>
#include <sstream>

#include <yaml-cpp/eventhandler.h>

namespace holter::catalogue {

namespace {

[[noreturn]] void fail_at(const std::string& file, const YAML::Mark& mark,
                          const std::string& message) {
    if (mark.is_null())
        throw YamlError(file + ": " + message);
    throw YamlError(file + ":" + std::to_string(mark.line + 1) + ":" +
                    std::to_string(mark.column + 1) + ": " + message);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row.back();
}

constexpr std::size_t largest_document = 1 << 20;

/// Looks through a file before a document is built of it.
class RefuseAliases : public YAML::EventHandler {
  public:
    explicit RefuseAliases(const std::string& file) : file_(file) {}
    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1)
            fail_at(file_, mark, "a second document begins; there can be only one");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        fail_at(file_, mark, "aliases (`*name`) are not allowed; write the value out");
    }
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}

  private:
    const std::string& file_;
    int documents_ = 0;
};

std::string kind_of(const YAML::Node& node) {
    switch (node.Type()) {
    case YAML::NodeType::Map:
        return "a mapping";
    case YAML::NodeType::Sequence:
        return "a list";
    case YAML::NodeType::Scalar:
        return "`" + node.Scalar() + "`";
    default:
        return "nothing";
    }
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// Keys and values are shown as they stand in the file, which may be long and of several lines.
std::string one_line(std::string text) {
    constexpr std::size_t longest = 1000;
    if (text.size() > longest) {
        text.resize(longest);
        text += " [cut]";
    }
    std::replace_if(
        text.begin(), text.end(),
        [](char character) {
            const auto byte = static_cast<unsigned char>(character);
            return byte < 0x20 || byte == 0x7f;
        },
        ' ');
    return text;
}

} // namespace

YamlError::YamlError(const std::string& text) : std::runtime_error(one_line(text)) {}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

YamlValue::YamlValue(const YAML::Node& node, std::string file, std::string key)
    : node_(node), file_(std::move(file)), key_(std::move(key)) {}

void YamlValue::fail(const std::string& message) const {
    fail_at(file_, node_.Mark(), key_.empty() ? message : "`" + key_ + "`: " + message);
}

std::string YamlValue::where() const {
    return file_ + ":" + std::to_string(node_.Mark().line + 1) + ":" +
           std::to_string(node_.Mark().column + 1);
}

std::string YamlValue::text() const {
    if (!node_.IsScalar())
        fail("expected text, found " + kind_of(node_));
    return node_.Scalar();
}

bool YamlValue::boolean() const {
    bool value = false;
    if (!node_.IsScalar() || !YAML::convert<bool>::decode(node_, value))
        fail("expected true or false, found " + kind_of(node_));
    return value;
}

std::int64_t YamlValue::integer(std::int64_t minimum, std::int64_t maximum) const {
    std::int64_t value = 0;
    if (!node_.IsScalar() || !YAML::convert<std::int64_t>::decode(node_, value))
        fail("expected a whole number, found " + kind_of(node_));
    if (value < minimum || value > maximum)
        fail(std::to_string(value) + " is outside " + std::to_string(minimum) + " … " +
             std::to_string(maximum));
    return value;
}

double YamlValue::number(double minimum, double maximum) const {
    double value = 0;
    if (!node_.IsScalar() || !YAML::convert<double>::decode(node_, value))
        fail("expected a number, found " + kind_of(node_));
    if (!(value >= minimum && value <= maximum))
        fail(node_.Scalar() + " is outside " + std::to_string(minimum) + " … " +
             std::to_string(maximum));
    return value;
}

std::vector<YamlValue> YamlValue::list() const {
    if (!node_.IsSequence())
        fail("expected a list, found " + kind_of(node_));
    std::vector<YamlValue> values;
    for (const auto& item : node_)
        values.emplace_back(item, file_, key_);
    return values;
}

std::vector<std::string> YamlValue::texts() const {
    std::vector<std::string> values;
    for (const auto& value : list())
        values.push_back(value.text());
    return values;
}

std::string YamlValue::identifier() const {
    static const std::regex form("[a-zA-Z_][a-zA-Z0-9_]{0,99}");
    std::string text = this->text();
    if (!std::regex_match(text, form))
        fail("`" + text + "` is no name: letters, digits and _ only, at most 100");
    return text;
}

std::string YamlValue::one_line() const {
    std::string text = this->text();
    const bool plain = std::all_of(text.begin(), text.end(), [](char character) {
        return static_cast<unsigned char>(character) >= 0x20 && character != '\\';
    });
    if (text.empty() || !plain)
        fail("must be one line of text without backslashes");
    return text;
}

std::string YamlValue::choice(const std::vector<std::string>& words) const {
    std::string word = text();
    if (std::find(words.begin(), words.end(), word) != words.end())
        return word;
    const auto near = nearest(word, words);
    fail("`" + word + "` is none of " + joined(words) +
         (near ? " (did you mean `" + *near + "`?)" : ""));
}

YamlMap::YamlMap(const YamlValue& value) : value_(value) {
    if (!value_.node_.IsMap())
        value_.fail("expected a mapping, found " + kind_of(value_.node_));
    std::set<std::string> seen;
    for (const auto& entry : value_.node_) {
        if (!entry.first.IsScalar())
            fail_at(value_.file_, entry.first.Mark(), "a key must be text");
        if (!seen.insert(entry.first.Scalar()).second)
            fail_at(value_.file_, entry.first.Mark(),
                    "key `" + entry.first.Scalar() + "` appears twice");
    }
}

std::optional<YamlValue> YamlMap::find(const std::string& key) {
    asked_.insert(key);
    // Iterating keeps yaml-cpp from inserting the key into the node.
    for (const auto& entry : value_.node_)
        if (entry.first.Scalar() == key)
            return YamlValue(entry.second, value_.file_, key);
    return std::nullopt;
}

YamlValue YamlMap::require(const std::string& key) {
    if (auto value = find(key))
        return *value;
    for (const auto& entry : value_.node_) {
        const std::string& written = entry.first.Scalar();
        // Short words are near to all others.
        if (key.size() > 3 && !asked_.count(written) && nearest(written, {key}))
            fail_at(value_.file_, entry.first.Mark(),
                    "key `" + key + "` is missing (is `" + written + "` meant to be it?)");
    }
    value_.fail("key `" + key + "` is missing");
}

std::string YamlMap::text_or_nothing(const std::string& key) {
    const auto value = find(key);
    return value ? value->text() : std::string();
}

std::vector<std::string> YamlMap::texts_or_none(const std::string& key) {
    const auto value = find(key);
    return value ? value->texts() : std::vector<std::string>();
}

std::vector<std::pair<YamlValue, YamlValue>> YamlMap::entries() const {
    std::vector<std::pair<YamlValue, YamlValue>> entries;
    for (const auto& entry : value_.node_)
        entries.emplace_back(YamlValue(entry.first, value_.file_, value_.key_),
                             YamlValue(entry.second, value_.file_, entry.first.Scalar()));
    return entries;
}

void YamlMap::done() const {
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    for (const auto& entry : value_.node_) {
        const std::string& key = entry.first.Scalar();
        if (asked_.count(key))
            continue;
        const auto near = nearest(key, known);
        fail_at(value_.file_, entry.first.Mark(),
                "unknown key `" + key + "`" +
                    (near ? " (did you mean `" + *near + "`?)" : "; known: " + joined(known)));
    }
}

YamlValue parse_yaml(const std::string& content, const std::string& file) {
    if (content.size() > largest_document)
        throw YamlError(file + ": is larger than a MiB");
    try {
        std::istringstream stream(content);
        RefuseAliases refuse(file);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(refuse)) {
        }
        return {YAML::Load(content), file};
    } catch (const YAML::Exception& error) {
        fail_at(file, error.mark, error.msg);
    }
}

} // namespace holter::catalogue
