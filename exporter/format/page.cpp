// SPDX-License-Identifier: Apache-2.0
#include "exporter/format/page.h"

namespace holter::exporter {

std::string_view content_type(Format format) {
    return format == Format::text ? "text/plain; version=0.0.4; charset=utf-8"
                                  : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

std::string page(const Collector& collector, Format format) {
    std::string out;
    write_page(collector, format, [&](std::string_view piece) {
        out += piece;
        return true;
    });
    return out;
}

} // namespace holter::exporter
