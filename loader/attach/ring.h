// SPDX-License-Identifier: Apache-2.0
//
// The reading end of a BPF ring buffer.
#pragma once

#include "loader/result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

struct ring_buffer;

namespace holter::attach {

class Ring {
  public:
    using Consumer = std::function<void(std::span<const std::byte>)>;

    /// `map_fd` is a BPF_MAP_TYPE_RINGBUF. Errors: `load_failed`.
    static Result<std::unique_ptr<Ring>> open(int map_fd, Consumer consumer);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    /// Hands every record that is there to the consumer; returns how many.
    std::size_t drain();
    /// Becomes readable when the ring fills up; ordinary records do not make it so.
    int poll_fd() const;

  private:
    explicit Ring(Consumer consumer);
    static int on_record(void* self, void* data, std::size_t size);
    Consumer consumer_;
    ring_buffer* ring_ = nullptr;
};

} // namespace holter::attach
