// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/format/page.h"

#include <memory>

namespace holter::exporter {

/// Compresses pieces of a page on their way to a sink.
class Gzip {
  public:
    explicit Gzip(Sink sink);
    ~Gzip();
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    /// False when the sink refused.
    bool write(std::string_view piece);
    /// To be called once, after the last piece.
    bool finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace holter::exporter
