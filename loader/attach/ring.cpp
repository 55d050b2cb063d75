// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/ring.h"

#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>

namespace holter::attach {

Ring::Ring(Consumer consumer) : consumer_(std::move(consumer)) {}

Ring::~Ring() {
    ring_buffer__free(ring_);
}

Result<std::unique_ptr<Ring>> Ring::open(int map_fd, Consumer consumer) {
    std::unique_ptr<Ring> ring(new Ring(std::move(consumer)));
    ring->ring_ = ring_buffer__new(map_fd, on_record, ring.get(), nullptr);
    if (!ring->ring_)
        return Error{"load_failed",
                     std::string("cannot map the ring buffer: ") + std::strerror(errno)};
    return ring;
}

int Ring::on_record(void* self, void* data, std::size_t size) {
    static_cast<Ring*>(self)->consumer_({static_cast<const std::byte*>(data), size});
    return 0;
}

std::size_t Ring::drain() {
    const int count = ring_buffer__consume(ring_);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

int Ring::poll_fd() const {
    return ring_buffer__epoll_fd(ring_);
}

} // namespace holter::attach
