// SPDX-License-Identifier: Apache-2.0
//
// The HTTP library compresses what it takes for text, which OpenMetrics' content
// type is not, and prefers Brotli at its slowest; so this is done here. The fastest
// level is the right one: pages repeat themselves so much that it halves the time
// and still leaves a tenth of the bytes.
#include "exporter/http/gzip.h"

#include <array>
#include <new>
#include <utility>

#include <zlib.h>

namespace holter::exporter {

struct Gzip::State {
    Sink sink;
    z_stream stream{};
    std::array<unsigned char, 16 * 1024> buffer;

    bool run(std::string_view piece, int flush) {
        // zlib reads through a pointer to non-const, and reads only.
        stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
        stream.avail_in = static_cast<uInt>(piece.size());
        do {
            stream.next_out = buffer.data();
            stream.avail_out = static_cast<uInt>(buffer.size());
            ::deflate(&stream, flush);
            const std::size_t length = buffer.size() - stream.avail_out;
            if (length > 0 && !sink({reinterpret_cast<const char*>(buffer.data()), length}))
                return false;
        } while (stream.avail_out == 0);
        return true;
    }
};

Gzip::Gzip(Sink sink) : state_(std::make_unique<State>()) {
    constexpr int gzip_window = 15 + 16; // the largest window; 16: a gzip header, not zlib's
    constexpr int memory_level = 8;
    state_->sink = std::move(sink);
    if (::deflateInit2(&state_->stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, memory_level,
                       Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
}

Gzip::~Gzip() {
    ::deflateEnd(&state_->stream);
}

bool Gzip::write(std::string_view piece) {
    return state_->run(piece, Z_NO_FLUSH);
}

bool Gzip::finish() {
    return state_->run({}, Z_FINISH);
}

} // namespace holter::exporter
