// SPDX-License-Identifier: Apache-2.0
//
// prometheus-cpp writes to an ostream; this one passes on what it gets in pieces of
// a fixed size instead of growing.
#include "exporter/text.h"

#include <array>
#include <ostream>
#include <streambuf>

#include <prometheus/text_serializer.h>

namespace holter::exporter {

namespace {

class SinkBuffer : public std::streambuf {
  public:
    explicit SinkBuffer(const Sink& sink) : sink_(sink) {
        setp(buffer_.data(), buffer_.data() + buffer_.size());
    }
    bool flush() {
        const auto length = static_cast<std::size_t>(pptr() - pbase());
        wanted_ = wanted_ && (length == 0 || sink_({pbase(), length}));
        setp(buffer_.data(), buffer_.data() + buffer_.size());
        return wanted_;
    }

  private:
    int_type overflow(int_type character) override {
        if (!flush())
            return traits_type::eof();
        return traits_type::eq_int_type(character, traits_type::eof())
                   ? traits_type::not_eof(character)
                   : sputc(traits_type::to_char_type(character));
    }

    const Sink& sink_;
    bool wanted_ = true;
    std::array<char, 32 * 1024> buffer_;
};

} // namespace

bool write_text(const Collector& collector, const Sink& sink) {
    SinkBuffer buffer(sink);
    std::ostream out(&buffer);
    const prometheus::TextSerializer serializer;
    for (const Metric& metric : catalog()) {
        std::vector<prometheus::MetricFamily> family;
        family.push_back(collector.collect(metric));
        if (family.front().metric.empty())
            continue;
        serializer.Serialize(out, family);
        if (!out)
            return false;
    }
    return buffer.flush();
}

} // namespace holter::exporter
