// SPDX-License-Identifier: Apache-2.0
//
// Both formats, because they differ in little: OpenMetrics names a counter's family
// without the `_total` of its samples, declares units, writes bounds as floats, and
// ends with `# EOF`, so that a page that was cut off is not taken for a whole one. It also
// has a place for exemplars: behind counters and buckets.
// prometheus-cpp has only the other one, through an ostream, which takes five times
// as long; a test holds this writer against it.
#include "exporter/format/exposition.h"

#include <array>
#include <charconv>
#include <cmath>

namespace holter::exporter {

using prometheus::ClientMetric;

namespace {

constexpr std::size_t piece = 32 * 1024;

constexpr double largest_whole = 9007199254740992.0; // 2^53: all whole numbers below are exact

template <typename... Format> void append_chars(std::string& out, Format... value) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value...).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

bool append_special(std::string& out, double value) {
    if (std::isnan(value))
        out += "NaN";
    else if (std::isinf(value))
        out += value > 0 ? "+Inf" : "-Inf";
    else
        return false;
    return true;
}

class Writer {
  public:
    Writer(Format format, const Sink& sink) : format_(format), sink_(sink) {
        text_.reserve(piece + piece / 4);
    }

    bool family(const Metric& metric, const prometheus::MetricFamily& family,
                const std::vector<Collector::Exemplars>& exemplars) {
        constexpr std::string_view total = "_total";
        const bool open_metrics = format_ == Format::open_metrics;
        std::string_view name = metric.name;
        std::string_view suffix;
        if (open_metrics && metric.type == Type::counter) {
            name.remove_suffix(total.size());
            suffix = total;
        }
        comment("HELP", name, metric.help);
        comment("TYPE", name, to_string(metric.type));
        if (open_metrics && !unit_of(metric).empty())
            comment("UNIT", name, unit_of(metric));
        for (std::size_t i = 0; i < family.metric.size(); ++i) {
            const ClientMetric& series = family.metric[i];
            const auto of_series = i < exemplars.size() ? exemplars[i] : Collector::Exemplars();
            if (metric.type == Type::counter) {
                sample(name, suffix, series, {}, series.counter.value);
                if (!of_series.empty())
                    exemplar(*of_series.front(), 1);
            } else if (metric.type == Type::gauge) {
                sample(name, {}, series, {}, series.gauge.value);
            } else {
                histogram(name, series, of_series, metric.per_unit);
            }
            if (text_.size() >= piece && !flush())
                return false;
        }
        return true;
    }

    bool end() {
        if (format_ == Format::open_metrics)
            text_ += "# EOF\n";
        return text_.empty() || flush();
    }

  private:
    bool flush() {
        const bool wanted = sink_(text_);
        text_.clear();
        return wanted;
    }

    void comment(std::string_view keyword, std::string_view name, std::string_view text) {
        text_ += "# ";
        text_ += keyword;
        text_ += ' ';
        text_ += name;
        text_ += ' ';
        text_ += text; // the catalogue's, which needs no escapes
        text_ += '\n';
    }

    void sample(std::string_view name, std::string_view suffix, const ClientMetric& series,
                std::string_view bound, double value) {
        text_ += name;
        text_ += suffix;
        char separator = '{';
        const auto label = [&](std::string_view label_name, std::string_view label_value) {
            text_ += separator;
            text_ += label_name;
            text_ += "=\"";
            append_escaped(text_, label_value);
            text_ += '"';
            separator = ',';
        };
        for (const ClientMetric::Label& each : series.label)
            label(each.name, each.value);
        if (!bound.empty())
            label("le", bound);
        if (separator == ',')
            text_ += '}';
        text_ += ' ';
        append_number(text_, value);
        text_ += '\n';
    }

    /// Behind the sample that was written last.
    void exemplar(const aggregator::Exemplar& exemplar, double value) {
        text_.pop_back(); // the end of the line
        text_ += " # {";
        if (exemplar.trace_id.empty()) {
            text_ += "request_id=\"";
            append_escaped(text_, exemplar.request_id);
        } else {
            text_ += "trace_id=\"";
            text_ += exemplar.trace_id;
            text_ += "\",span_id=\"";
            text_ += exemplar.span_id;
        }
        text_ += "\"} ";
        append_number(text_, value);
        text_ += ' ';
        append_time(text_, exemplar.unix_ns);
        text_ += '\n';
    }

    void histogram(std::string_view name, const ClientMetric& series,
                   Collector::Exemplars exemplars, double per_unit) {
        for (std::size_t i = 0; i < series.histogram.bucket.size(); ++i) {
            const ClientMetric::Bucket& bucket = series.histogram.bucket[i];
            bound_.clear();
            append_bound(bound_, bucket.upper_bound, format_);
            sample(name, "_bucket", series, bound_, static_cast<double>(bucket.cumulative_count));
            if (i < exemplars.size() && exemplars[i])
                exemplar(*exemplars[i], static_cast<double>(exemplars[i]->value) / per_unit);
        }
        sample(name, "_count", series, {}, static_cast<double>(series.histogram.sample_count));
        sample(name, "_sum", series, {}, series.histogram.sample_sum);
    }

    Format format_;
    const Sink& sink_;
    std::string text_;
    std::string bound_;
};

} // namespace

void append_number(std::string& out, double value) {
    if (append_special(out, value))
        return;
    if (value == std::trunc(value) && std::abs(value) <= largest_whole)
        append_chars(out, static_cast<std::int64_t>(value));
    else
        append_chars(out, value);
}

void append_time(std::string& out, std::uint64_t unix_ns) {
    constexpr std::uint64_t ms = 1'000'000;
    constexpr std::uint64_t ms_per_second = 1'000;
    const std::uint64_t time = unix_ns / ms;
    append_chars(out, time / ms_per_second);
    const std::string fraction = std::to_string(ms_per_second + time % ms_per_second);
    out += '.';
    out.append(fraction, 1);
}

void append_bound(std::string& out, double bound, Format format) {
    if (append_special(out, bound))
        return;
    const std::size_t start = out.size();
    append_chars(out, bound, std::chars_format::general);
    if (format == Format::open_metrics && out.find_first_of(".e", start) == std::string::npos)
        out += ".0";
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char character : text) {
        switch (character) {
        case '\\':
            out += "\\\\";
            break;
        case '"':
            out += "\\\"";
            break;
        case '\n':
            out += "\\n";
            break;
        default:
            out += character;
        }
    }
}

bool write_page(const Collector& collector, Format format, const Sink& sink) {
    Writer writer(format, sink);
    for (const Metric& metric : collector.metrics()) {
        const prometheus::MetricFamily family = collector.collect(metric);
        if (family.metric.empty())
            continue;
        const auto exemplars = format == Format::open_metrics ? collector.exemplars(metric)
                                                              : std::vector<Collector::Exemplars>();
        if (!writer.family(metric, family, exemplars))
            return false;
    }
    return writer.end();
}

} // namespace holter::exporter
