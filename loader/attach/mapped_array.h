// SPDX-License-Identifier: Apache-2.0
//
// A BPF array (BPF_F_MMAPABLE) in our own memory: to read an element is to read
// memory, with no system call, while programs go on counting in it.
#pragma once

#include "loader/result.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace holter::attach {

/// `Element` is the map's value type; its size a multiple of 8, as the kernel lays elements out.
template <typename Element> class MappedArray {
  public:
    static_assert(sizeof(Element) % 8 == 0);

    MappedArray() = default;
    MappedArray(MappedArray&& other) noexcept
        : elements_(std::exchange(other.elements_, nullptr)), bytes_(other.bytes_) {}
    MappedArray& operator=(MappedArray&& other) noexcept {
        std::swap(elements_, other.elements_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~MappedArray() {
        if (elements_)
            ::munmap(elements_, bytes_);
    }

    /// Errors: `load_failed`.
    static Result<MappedArray> open(int map_fd, std::size_t count) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        MappedArray array;
        array.bytes_ = (count * sizeof(Element) + page - 1) / page * page;
        void* const memory =
            ::mmap(nullptr, array.bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
        if (memory == MAP_FAILED)
            return Error{"load_failed",
                         std::string("cannot map a BPF array: ") + std::strerror(errno)};
        array.elements_ = static_cast<Element*>(memory);
        return array;
    }

    Element& operator[](std::size_t index) { return elements_[index]; }
    const Element& operator[](std::size_t index) const { return elements_[index]; }

  private:
    Element* elements_ = nullptr;
    std::size_t bytes_ = 0;
};

} // namespace holter::attach
