// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/mini_symbols.h"

#include "loader/elf/window.h"

#include <array>
#include <lzma.h>
#include <new>

namespace holter::symbols {
namespace {

// A symbol table of a million functions. xz makes 64 MB out of 10 KB of zeros.
constexpr std::size_t max_unpacked = std::size_t{64} << 20;
// What `xz -9` needs to unpack.
constexpr std::uint64_t max_memory = std::uint64_t{80} << 20;
constexpr std::size_t chunk = std::size_t{64} << 10;

class Decoder {
  public:
    Decoder() : ready_(lzma_stream_decoder(&stream_, max_memory, 0) == LZMA_OK) {}
    ~Decoder() { lzma_end(&stream_); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    enum class State { more, done, failed };

    State feed(std::span<const std::byte> packed, elf::Bytes& unpacked) {
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
        stream_.avail_in = packed.size();
        std::array<std::byte, chunk> out;
        while (ready_) {
            stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
            stream_.avail_out = out.size();
            const lzma_ret state = lzma_code(&stream_, LZMA_RUN);
            const std::size_t got = out.size() - stream_.avail_out;
            if ((state != LZMA_OK && state != LZMA_STREAM_END) ||
                got > max_unpacked - unpacked.size()) {
                return State::failed;
            }
            unpacked.insert(unpacked.end(), out.begin(),
                            out.begin() + static_cast<std::ptrdiff_t>(got));
            if (state == LZMA_STREAM_END) {
                return State::done;
            }
            if (stream_.avail_in == 0 && stream_.avail_out != 0) {
                return State::more;
            }
        }
        return State::failed;
    }

  private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool ready_;
};

std::unique_ptr<const elf::Bytes> unpack(const elf::ElfFile& file, const elf::Section& section) {
    if (section.offset > file.size() || section.size > file.size() - section.offset) {
        return nullptr;
    }
    auto unpacked = std::make_unique<elf::Bytes>();
    elf::Window packed(file, section.offset, section.offset + section.size, chunk);
    Decoder decoder;
    for (std::uint64_t offset = packed.begin();;) {
        const auto bytes = packed.from(offset);
        if (bytes.empty()) {
            return nullptr; // the stream has no end
        }
        const Decoder::State state = decoder.feed(bytes, *unpacked);
        if (state == Decoder::State::done) {
            return unpacked;
        }
        if (state == Decoder::State::failed) {
            return nullptr;
        }
        offset += bytes.size();
    }
}

} // namespace

Result<std::optional<EmbeddedFile>> mini_symbols(const elf::ElfFile& file) {
    const elf::Section* section = file.section(".gnu_debugdata");
    if (section == nullptr) {
        return std::optional<EmbeddedFile>();
    }
    auto bytes = unpack(file, *section);
    if (!bytes) {
        return Error{"malformed_debugdata", ".gnu_debugdata cannot be unpacked"};
    }
    auto embedded = elf::ElfFile::over(*bytes);
    if (!embedded) {
        return Error{embedded.error().reason, ".gnu_debugdata: " + embedded.error().message};
    }
    return std::optional(EmbeddedFile{std::move(bytes), std::move(*embedded)});
}

} // namespace holter::symbols
