// SPDX-License-Identifier: Apache-2.0
//
// What a scraper may send, e.g. Prometheus 3:
//   application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,
//   application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;
//   escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2
// Parameters that we know nothing of do not matter: our names are plain ASCII.
#include "exporter/format/page.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

namespace holter::exporter {

namespace {

std::string_view trimmed(std::string_view text) {
    const auto space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && space(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Takes what comes before the next separator off the front.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view item = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return item;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// One item of an Accept or Accept-Encoding header.
struct Choice {
    std::string name;
    std::string version;
    double quality = 1;

    explicit Choice(std::string_view item) : name(lower(take(item, ';'))) {
        while (!item.empty()) {
            std::string_view value = take(item, ';');
            const std::string key = lower(take(value, '='));
            value = trimmed(value);
            if (key == "version") {
                version = lower(value);
            } else if (key == "q") {
                const auto end = value.data() + value.size();
                if (std::from_chars(value.data(), end, quality).ptr != end)
                    quality = 0;
            }
        }
    }
};

} // namespace

Format negotiate(std::string_view accept) {
    double text = 0;
    double open_metrics = 0;
    while (!accept.empty()) {
        const Choice choice(take(accept, ','));
        if (choice.name == "application/openmetrics-text") {
            if (choice.version.empty() || choice.version == "1.0.0")
                open_metrics = std::max(open_metrics, choice.quality);
        } else if (choice.name == "text/plain") {
            if (choice.version.empty() || choice.version == "0.0.4")
                text = std::max(text, choice.quality);
        } else if (choice.name == "text/*" || choice.name == "*/*") {
            text = std::max(text, choice.quality);
        }
    }
    return open_metrics > 0 && open_metrics >= text ? Format::open_metrics : Format::text;
}

bool accepts_gzip(std::string_view accept_encoding) {
    bool any = false;
    while (!accept_encoding.empty()) {
        const Choice choice(take(accept_encoding, ','));
        if (choice.name == "gzip")
            return choice.quality > 0;
        any = any || (choice.name == "*" && choice.quality > 0);
    }
    return any;
}

} // namespace holter::exporter
