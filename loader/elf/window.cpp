// SPDX-License-Identifier: Apache-2.0
#include "loader/elf/window.h"

#include <algorithm>

namespace holter::elf {

Window::Window(const ElfFile& file, std::uint64_t begin, std::uint64_t end, std::size_t capacity)
    : file_(&file), begin_(begin), end_(std::max(begin, std::min(end, file.size()))),
      buffer_(static_cast<std::size_t>(std::min<std::uint64_t>(capacity, end_ - begin_))) {}

std::span<const std::byte> Window::refill(std::uint64_t offset, std::size_t length) {
    if (offset < begin_ || offset > end_ || length > end_ - offset || length > buffer_.size()) {
        return {};
    }
    const auto amount =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), end_ - offset));
    filled_begin_ = offset;
    filled_ = file_->read(offset, std::span(buffer_).first(amount)) ? amount : 0;
    if (filled_ < length) {
        return {};
    }
    return std::span<const std::byte>(buffer_).first(length);
}

std::span<const std::byte> Window::from(std::uint64_t offset) {
    if (offset < begin_ || offset >= end_) {
        return {};
    }
    return refill(offset,
                  static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), end_ - offset)));
}

} // namespace holter::elf
